import type { Found, Json } from '../connector.ts';
import type { CustomerDocuments, OfferedResource } from '../customer.ts';
import { Broken } from './connector-case.ts';
import {
  apiOf,
  askRead,
  type ConnectorRead,
  documentsFor,
  isList,
  type Query,
  type Target,
} from './connector-read.ts';
import { nameOf, type Walk, walkList } from './list-walk.ts';
import type { Trial } from './trial.ts';

/** What one read answered. */
export interface BaseAnswer {
  readonly target: Target;
  readonly status: Found<Json>['status'];
  /** Of a list. */
  readonly walk: Walk | undefined;
  /** Of a record that was found. */
  readonly record: { readonly data: Json; readonly owner: unknown } | undefined;
}

/** Every read of the customer's things, once. */
export interface BaseAnswers {
  readonly answers: readonly BaseAnswer[];
  /** Why reads could not be answered. */
  readonly failures: readonly string[];
}

/** Things of one type that are asked about: enough to find a fault, and few enough not to be a load. */
const MOST_OF_TYPE = 10;
const MOST_BELOW = 3;
const LARGEST_PAGE = 1000;
const MOST_PAGES = 10;
/** After as many it is known that reads fail. */
const MOST_FAILURES = 5;

/** Asks every read about everything that the customer of the trial has; only the first time that it is called. */
export function readEverything(trial: Trial): Promise<BaseAnswers> {
  return trial.once('everything', async () => {
    const answers: BaseAnswer[] = [];
    const failures: string[] = [];
    // Paths with further references come last: those are found in what was read before.
    for (const depth of [0, 1, 2, 3])
      for (const read of trial.reads.filter((candidate) => depthOf(candidate) === depth))
        for (const target of await targetsOf(trial, read, answers)) {
          if (failures.length >= MOST_FAILURES) break;
          const answer = await readBase(trial, target).catch((error: unknown) => {
            if (!(error instanceof Broken)) throw error;
            failures.push(error.message);
            return undefined;
          });
          if (answer) answers.push(answer);
        }
    return { answers, failures };
  });
}

/** Things in normal use, of the types that a read is about: those that guiche asks for. */
export async function resourcesFor(
  trial: Trial,
  { types }: ConnectorRead,
  documents: CustomerDocuments,
): Promise<OfferedResource[]> {
  const discovered = await trial.discovered(documents);
  const wanted = discovered.filter(
    ({ type, situation = 'active' }) => types.includes(type) && situation === 'active',
  );
  return types.flatMap((type) => wanted.filter((resource) => resource.type === type).slice(0, MOST_OF_TYPE));
}

/** A query that asks for everything where the contract lets a span of dates be named. */
export function widestQuery({ operation }: ConnectorRead): Query {
  const named = operation.parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name);
  return Object.fromEntries(
    named.flatMap((name) => {
      if (/^from[A-Z]/.test(name)) return [[name, '1900-01-01']];
      return /^to[A-Z]/.test(name) ? [[name, '2999-12-31']] : [];
    }),
  );
}

/** A list as it is now, in pages as large as they get. */
export function readWhole(
  trial: Trial,
  target: Target,
  query: Query = widestQuery(target.read),
): Promise<Walk> {
  return walkList(trial, target, { size: LARGEST_PAGE, mostPages: MOST_PAGES, query });
}

async function readBase(trial: Trial, target: Target): Promise<BaseAnswer> {
  if (isList(target.read)) {
    const walk = await readWhole(trial, target);
    return { target, status: walk.status, walk, record: undefined };
  }
  const found = await trial.ask(nameOf(target), (asking) =>
    askRead(trial.connector, target, asking, widestQuery(target.read)),
  );
  const record = found.status === 'ok' ? { data: found.data, owner: found.owner } : undefined;
  return { target, status: found.status, walk: undefined, record };
}

/** How many references a path needs that only other answers tell. */
function depthOf({ addressing: { parameters, isBelowResource } }: ConnectorRead): number {
  return Math.min(parameters.length === 0 ? 0 : parameters.length + (isBelowResource ? 0 : 1), 3);
}

async function targetsOf(
  trial: Trial,
  read: ConnectorRead,
  answers: readonly BaseAnswer[],
): Promise<Target[]> {
  const documents = documentsFor(read, trial.customers.customer);
  if (!documents) return [];
  const { parameters, isBelowResource } = read.addressing;
  const [first, ...further] = parameters;
  if (first === undefined) return [{ read, documents, refs: {}, resource: undefined }];
  const siblings = answers.filter(({ target }) => apiOf(target.read) === apiOf(read));
  if (!isBelowResource)
    return expand([{ read, documents, refs: {}, resource: undefined }], parameters, siblings);
  const resources = await resourcesFor(trial, read, documents);
  const starts = resources.map((resource) => ({
    read,
    documents,
    refs: { [first]: resource.ref },
    resource,
  }));
  return expand(starts, further, siblings);
}

/** Fills in references of things below a resource, from records that have a member of that name. */
function expand(
  starts: readonly Target[],
  names: readonly string[],
  siblings: readonly BaseAnswer[],
): Target[] {
  const [name, ...further] = names;
  if (name === undefined) return [...starts];
  const longer = starts.flatMap((start) =>
    idsIn(siblings, start, name)
      .slice(0, MOST_BELOW)
      .map((id) => ({ ...start, refs: { ...start.refs, [name]: id } })),
  );
  return expand(longer, further, siblings);
}

function idsIn(siblings: readonly BaseAnswer[], { resource }: Target, name: string): string[] {
  const records = siblings
    .filter(({ target }) => !resource || target.resource?.ref === resource.ref)
    .flatMap(({ walk, record }) => walk?.records ?? (record ? [record.data] : []));
  const ids = records.map((record) => memberOf(record, name)).filter((id) => typeof id === 'string');
  return [...new Set(ids)];
}

/** A member of a record; undefined where the record is not an object. */
export function memberOf(record: Json, name: string): Json | undefined {
  const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
  return isObject ? (record as { readonly [member: string]: Json })[name] : undefined;
}

/** Whether a read ends at a resource itself, and not at something of it. */
export function isResourceItself(read: ConnectorRead): boolean {
  return read.addressing.method === 'get' && read.addressing.isBelowResource;
}
