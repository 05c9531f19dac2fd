import type { Json } from '../connector.ts';
import type { OfferedResource } from '../customer.ts';
import { widestQuery } from './base-answers.ts';
import { type ConnectorCase, expect, NotTried, triedOrNot } from './connector-case.ts';
import { askRead, type ConnectorRead, documentsFor, isList, type Target } from './connector-read.ts';
import { nameOf } from './list-walk.ts';
import type { Trial } from './trial.ts';

/** Things of another customer that are asked about, of each type. */
const MOST_FOREIGN = 3;
/** A reference of the form that references have, which no institution would give out. */
const NOBODYS_REF = 'guiche-connector-test-nothing';

/** What somebody may try who wants to reach a query or a file through a reference. */
const HOSTILE_REFS: readonly string[] = [
  "x' OR '1'='1",
  "x'; DROP TABLE accounts; --",
  '../../../etc/passwd',
  '..%2f..%2fcustomer',
  '*',
  '$(id)',
  '{"$ne":null}',
  'x\u0000y',
  '\uD800',
  'a'.repeat(10_000),
  '',
];

/** Cases about who gets what, and about what is not there. */
export const OWNERSHIP_CASES: readonly ConnectorCase[] = [
  {
    number: 19,
    name: 'nobody gets the things of another customer',
    why: 'The institution’s own systems are the last to know whose a thing is: guiche asks with both, always.',
    run: tryForeignThings,
  },
];

/** Cases about what is not there. */
export const UNKNOWN_CASES: readonly ConnectorCase[] = [
  {
    number: 26,
    name: 'an unknown thing is not found',
    why: 'What is not there is an answer, and must not look like systems that are away.',
    run: tryUnknownThings,
  },
  {
    number: 27,
    name: 'a hostile reference finds nothing',
    why: 'A reference comes from a table of the institution today and may come from a stranger after a mistake.',
    run: tryHostileRefs,
  },
  {
    number: 28,
    name: 'an unknown operation is not found',
    why: 'Contracts can be dropped in that the connector has never heard of; it says so and does not fail.',
    run: tryUnknownOperation,
  },
];

async function tryForeignThings(trial: Trial): Promise<number> {
  const { customer, other } = trial.customers;
  if (!other) throw new NotTried('no second customer was named (--other-cpf)');
  const foreign = await foreignThings(trial);
  triedOrNot(foreign.length, 'the second customer has nothing that the first has not');
  let tried = 0;
  for (const read of readsOfOne(trial)) {
    const documents = documentsFor(read, customer);
    const ofRead = foreign.filter(({ type }) => read.types.includes(type)).slice(0, MOST_FOREIGN);
    for (const resource of documents ? ofRead : []) {
      const target = targetOf(read, resource, documents ?? customer);
      const answer = await readOne(trial, target);
      expect(!answer.hasContent, `${nameOf(target)} answers with the thing of another customer`);
      tried += 1;
    }
  }
  return triedOrNot(tried, 'no operation reads one thing of what the second customer has');
}

async function foreignThings(trial: Trial): Promise<readonly OfferedResource[]> {
  const { customer, other } = trial.customers;
  const own = new Set((await trial.discovered(customer)).map(({ type, ref }) => JSON.stringify([type, ref])));
  const theirs = other ? await trial.discovered(other) : [];
  // Two may share an account: such a thing is nobody else's.
  return theirs.filter(({ type, ref }) => !own.has(JSON.stringify([type, ref])));
}

async function tryUnknownThings(trial: Trial): Promise<number> {
  let tried = 0;
  for (const read of readsOfOne(trial)) {
    const documents = documentsFor(read, trial.customers.customer);
    if (!documents) continue;
    const target = targetOf(read, { type: read.types[0] ?? '', ref: NOBODYS_REF }, documents);
    const { status, hasContent } = await readOne(trial, target);
    const isNothing = status === 'notFound' || (isList(read) && !hasContent && status !== 'notReady');
    expect(isNothing, `${nameOf(target)} answers ${status} to a reference that nothing has`);
    tried += 1;
  }
  return triedOrNot(tried, 'no operation reads one thing');
}

async function tryHostileRefs(trial: Trial): Promise<number> {
  let tried = 0;
  const reads = readsOfOne(trial);
  // One of each form is enough: each goes the same way through the connector.
  for (const read of [reads.find((candidate) => !isList(candidate)), reads.find(isList)]) {
    const documents = read && documentsFor(read, trial.customers.customer);
    if (!documents) continue;
    for (const [at, ref] of HOSTILE_REFS.entries()) {
      const target = targetOf(read, { type: read.types[0] ?? '', ref }, documents);
      const ended = await trial.attempt(nameOf(target), { deadlineMs: trial.settings.patienceMs }, (asking) =>
        askRead(trial.connector, target, asking, widestQuery(read)),
      );
      expect(ended.state !== 'late', `${nameOf(target)}: no answer to hostile reference ${at + 1}`);
      const content =
        ended.state === 'answered' && ended.found.status === 'ok' ? ended.found.data : undefined;
      expect(
        content === undefined || isNothing(content, read),
        `${nameOf(target)}: hostile reference ${at + 1} finds something`,
      );
      tried += 1;
    }
  }
  return triedOrNot(tried, 'no operation reads one thing');
}

async function tryUnknownOperation({ ask, connector, customers }: Trial): Promise<number> {
  const found = await ask('an operation of no contract', (asking) =>
    connector.list({
      ...asking,
      api: 'guiche-connector-test',
      version: '1.0.0',
      operationPath: '/guiche-connector-test/v1/things',
      types: [],
      refs: {},
      documents: customers.customer,
      shape: 'list',
      query: {},
      page: { offset: 0, size: 25 },
    }),
  );
  const isNothing = found.status === 'notFound' || found.status === 'empty';
  expect(isNothing, `an operation that no contract has is answered with ${found.status}`);
  return 1;
}

/** Reads of one thing of the customer's, or of one list below it. */
function readsOfOne({ reads }: Trial): ConnectorRead[] {
  return reads.filter(({ addressing }) => addressing.parameters.length === 1);
}

function targetOf(
  read: ConnectorRead,
  { type, ref }: Pick<OfferedResource, 'type' | 'ref'>,
  documents: Target['documents'],
): Target {
  const [name = ''] = read.addressing.parameters;
  return {
    read,
    documents,
    refs: { [name]: ref },
    resource: read.addressing.isBelowResource ? { type, ref } : undefined,
  };
}

async function readOne(trial: Trial, target: Target): Promise<{ status: string; hasContent: boolean }> {
  const { read } = target;
  const page = read.operation.paging && isList(read) ? { offset: 0, size: 25 } : undefined;
  const found = await trial.ask(nameOf(target), (asking) =>
    askRead(trial.connector, target, asking, widestQuery(read), page),
  );
  return {
    status: found.status,
    hasContent: found.status === 'ok' && !isNothing(found.data, read),
  };
}

/** Whether a content is a list without records. */
function isNothing(content: Json, read: ConnectorRead): boolean {
  return isList(read) && read.recordsOf(content)?.length === 0;
}
