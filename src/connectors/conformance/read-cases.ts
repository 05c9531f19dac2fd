import { composeAnswer } from '../../contract/compose-answer.ts';
import { askedOwner } from '../asked-owner.ts';
import type { Json } from '../connector.ts';
import { type BaseAnswer, isResourceItself, memberOf, readEverything, resourcesFor } from './base-answers.ts';
import { type ConnectorCase, expect, NotTried, triedOrNot } from './connector-case.ts';
import { apiOf, type Breach, type ConnectorRead, isList, type Target } from './connector-read.ts';
import { nameOf } from './list-walk.ts';
import type { Trial } from './trial.ts';

/** Cases about what reads answer, and whether answers agree with each other. */
export const READ_CASES: readonly ConnectorCase[] = [
  {
    number: 12,
    name: 'every read answers',
    why: 'What a consent opens has to be there: an error is counted against the institution’s service level.',
    run: tryReads,
  },
  {
    number: 13,
    name: 'lists and discovery agree',
    why: 'Customers pick what discovery finds and receivers read what lists hold: they have to be the same things.',
    run: tryListsAndDiscovery,
  },
  {
    number: 14,
    name: 'lists and records agree',
    why: 'A receiver reads a thing by the id that a list gave, and takes what comes for that thing.',
    run: tryListsAndRecords,
  },
  {
    number: 15,
    name: 'what hangs on a thing is found',
    why: 'A thing without transactions has an empty list of them; only a thing that is not there is not found.',
    run: tryChildren,
  },
  {
    number: 16,
    name: 'every answer says rightly whose it is',
    why: 'What is another’s, or nobody’s as far as guiche is told, is not handed out.',
    run: tryOwners,
  },
  {
    number: 17,
    name: 'every record fits its contract',
    why: 'A record that breaks the contract is never served, or stops the whole answer.',
    run: tryContract,
  },
  {
    number: 18,
    name: 'answers tell how old they are',
    why: 'Whether a kept answer may still be served is judged by the instant at which it was true.',
    run: tryInstants,
  },
];

/** Clocks of two machines differ by less. */
const CLOCK_TOLERANCE_MS = 60_000;
/** Before open data there was nothing to be shared; what is older is seconds taken for milliseconds. */
const OLDEST = Date.UTC(2000, 0, 1);
/** What an id looks like once guiche has put its own in place of the institution's reference. */
const PUBLIC_ID = '0123456789abcdef0123456789abcdef01234567';

async function tryReads(trial: Trial): Promise<number> {
  const { answers, failures } = await readEverything(trial);
  const [first] = failures;
  expect(first === undefined, `${first}${failures.length > 1 ? ` (and ${failures.length - 1} more)` : ''}`);
  return triedOrNot(answers.length, 'no operation of the ecosystem could be asked');
}

/** The list of an API holds what is in normal use, and nothing that is not discovered; the rest is its own choice. */
async function tryListsAndDiscovery(trial: Trial): Promise<number> {
  let tried = 0;
  for (const answer of await answersOf(trial)) {
    const { target, status, walk } = answer;
    const { idName } = target.read.addressing;
    if (target.read.addressing.method !== 'list' || idName === undefined || target.read.types.length === 0)
      continue;
    if (status === 'notReady' || (walk && (!walk.isWellFormed || !walk.isComplete))) continue;
    const all = await trial.discovered(target.documents);
    const discovered = new Set(
      all.filter(({ type }) => target.read.types.includes(type)).map(({ ref }) => ref),
    );
    const listed = refsOf(answer, idName);
    const strange = [...listed].filter((ref) => !discovered.has(ref)).length;
    expect(strange === 0, `${nameOf(target)} lists ${strange} things that are not discovered`);
    const inUse = await resourcesFor(trial, target.read, target.documents);
    const missing = inUse.filter(({ ref }) => !listed.has(ref)).length;
    expect(missing === 0, `${nameOf(target)} does not list ${missing} of ${inUse.length} things discovered`);
    tried += discovered.size;
  }
  return triedOrNot(tried, 'no API has both a list of things and something discovered');
}

async function tryListsAndRecords(trial: Trial): Promise<number> {
  const answers = await answersOf(trial);
  let tried = 0;
  for (const answer of answers) {
    const { target, status } = answer;
    const { idName } = target.read.addressing;
    const ids = target.resource && idName !== undefined ? idsOf(answer, idName) : [];
    const isSame = ids.every((id) => id === target.resource?.ref);
    expect(isSame, `${nameOf(target)} answers with the ${idName} of another thing`);
    const isItself = isResourceItself(target.read) && isListed(answer, answers);
    const isThere = !isItself || status === 'ok' || status === 'notReady';
    expect(isThere, `${nameOf(target)} answers ${status} to a reference that is listed`);
    tried += isItself || ids.length > 0 ? 1 : 0;
  }
  return triedOrNot(tried, 'no read of one thing has its reference in it');
}

async function tryChildren(trial: Trial): Promise<number> {
  let tried = 0;
  for (const { target, status } of await answersOf(trial)) {
    const { read } = target;
    if (read.addressing.method !== 'children') continue;
    const isFound = status !== 'refused' && !(status === 'notFound' && isList(read));
    expect(isFound, `${nameOf(target)} answers ${status} to a thing that is discovered`);
    tried += 1;
  }
  return triedOrNot(tried, 'no API has anything below a thing that is discovered');
}

async function tryOwners(trial: Trial): Promise<number> {
  let tried = 0;
  for (const { target, walk, record } of await answersOf(trial)) {
    for (const owner of walk?.owners ?? (record ? [record.owner] : [])) {
      expect(owner !== undefined, `${nameOf(target)} names no owner`);
      const due = await ownersOf(trial, target);
      expect(
        due.includes(owner as string),
        `${nameOf(target)} names another owner than ${wordOwner(target)}`,
      );
      tried += 1;
    }
  }
  return triedOrNot(tried, 'nothing was found');
}

/** Whose an answer may be; what has an id of its own belongs to any of the things that are discovered. */
async function ownersOf(
  trial: Trial,
  { read: { addressing }, documents, resource }: Target,
): Promise<readonly (string | undefined)[]> {
  if (resource) return [resource.ref];
  if (addressing.method === 'list') return [askedOwner({ documents })];
  return (await trial.discovered(documents)).map(({ ref }) => ref);
}

function wordOwner({ read: { addressing }, resource }: Target): string {
  if (resource) return 'the thing that was asked for';
  return addressing.method === 'list' ? 'the customer' : 'what is discovered';
}

async function tryContract(trial: Trial): Promise<number> {
  let tried = 0;
  for (const { target, walk, record } of await answersOf(trial)) {
    const { read } = target;
    expect(walk?.isWellFormed ?? true, `${nameOf(target)}: the list has not the form of the contract’s`);
    for (const [at, found] of (walk?.records ?? []).entries()) {
      const breach = read.check.record(publish(found, read));
      expect(!breach, `${nameOf(target)}, record ${at + 1}: ${describeBreach(breach)}`);
      tried += 1;
    }
    const contents = walk?.contents ?? (record ? [publish(record.data, read)] : []);
    for (const content of contents) {
      const breach = read.check.whole(bodyOf(content, read, trial));
      expect(!breach, `${nameOf(target)}: ${describeBreach(breach)}`);
    }
    if (record) tried += 1;
  }
  return triedOrNot(tried, 'no record was found');
}

async function tryInstants(trial: Trial): Promise<number> {
  await readEverything(trial);
  for (const { about, asOf, at } of trial.instants) {
    expect(Number.isFinite(asOf), `${about}: asOf is not a number of milliseconds`);
    expect((asOf as number) >= OLDEST, `${about}: asOf lies before the year 2000: are they seconds?`);
    expect((asOf as number) <= at + CLOCK_TOLERANCE_MS, `${about}: asOf lies in the future`);
  }
  return triedOrNot(trial.instants.length, 'nothing was found');
}

async function answersOf(trial: Trial): Promise<readonly BaseAnswer[]> {
  const { answers } = await readEverything(trial);
  if (answers.length === 0) throw new NotTried('no read was answered');
  return answers;
}

function refsOf({ walk }: BaseAnswer, idName: string): Set<string> {
  const records = walk?.records ?? [];
  return new Set(records.map((record) => String(memberOf(record, idName))));
}

/** Whether the list of the API has the thing; an API without a list has all of its things. */
function isListed({ target }: BaseAnswer, answers: readonly BaseAnswer[]): boolean {
  const lists = answers.filter(
    ({ target: other }) =>
      other.read.addressing.method === 'list' && apiOf(other.read) === apiOf(target.read),
  );
  const { idName } = target.read.addressing;
  if (lists.length === 0 || idName === undefined) return true;
  return lists.some((list) => refsOf(list, idName).has(target.resource?.ref ?? ''));
}

function idsOf({ record, walk }: BaseAnswer, idName: string): Json[] {
  const records = walk?.records ?? (record ? [record.data] : []);
  return records.map((found) => memberOf(found, idName)).filter((id) => id !== undefined);
}

/** The record as a receiver would see it: references may have forms that ids must not. */
function publish(record: Json, { addressing: { idName } }: ConnectorRead): Json {
  if (idName === undefined || memberOf(record, idName) === undefined) return record;
  return { ...(record as object), [idName]: PUBLIC_ID };
}

/** The answer that guiche would make of a content. */
function bodyOf(content: Json, read: ConnectorRead, { settings }: Trial): unknown {
  const call = { operation: read.operation, path: {}, query: {}, headers: {} };
  const computed = isList(read) ? { list: [], enclose: () => content } : { record: content };
  const at = settings.clock.now();
  const answer = composeAnswer(call, computed, {
    baseUrl: 'https://api.guiche.example',
    maxPageSize: 1000,
    at,
  });
  return answer.kind === 'json' ? answer.body : undefined;
}

function describeBreach(breach: Breach | undefined): string {
  return breach ? `${breach.pointer === '' ? 'the whole' : breach.pointer} breaks ${breach.reason}` : '';
}
