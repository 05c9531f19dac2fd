import type { OfferedResource } from '../customer.ts';
import { SITUATIONS } from '../customer.ts';
import { readWhole } from './base-answers.ts';
import { type ConnectorCase, expect, NotTried, triedOrNot } from './connector-case.ts';
import { documentsFor } from './connector-read.ts';
import { nameOf } from './list-walk.ts';
import type { Trial } from './trial.ts';

/** References become parts of paths, and no API takes a longer one. */
const REF = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,59}$/;
const CPF = /^\d{11}$/;
const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** Cases about what a customer has. */
export const DISCOVERY_CASES: readonly ConnectorCase[] = [
  {
    number: 6,
    name: 'discovery answers',
    why: 'Without it a customer has nothing to share, and every read of a consent is forbidden.',
    run: tryDiscovery,
  },
  {
    number: 7,
    name: 'what is discovered is well formed',
    why: 'Types decide which permissions open a thing, and references which thing it is: neither may be ambiguous.',
    run: tryForm,
  },
  {
    number: 8,
    name: 'discovery is repeatable',
    why: 'Public ids are made of references: one that changes is a new thing to the receiver and a lost consent.',
    run: tryRepeat,
  },
  {
    number: 9,
    name: 'discovery keeps to the types asked for',
    why: 'A read asks for the types that its permissions open, and takes what comes for just that.',
    run: tryTypes,
  },
];

/** The case of a customer who has nothing, which reads lists. */
export const EMPTY_CASE: ConnectorCase = {
  number: 11,
  name: 'a customer with nothing has empty lists',
  why: 'Having nothing is an answer: an error in its place would be counted against the institution.',
  run: tryEmpty,
};

async function tryDiscovery({ ask, connector, customers, settings }: Trial): Promise<number> {
  const found = await ask('discover', (asking) =>
    connector.discover(customers.customer, settings.types, asking),
  );
  expect(found.status === 'ok', `discovery for the customer that was named answers ${found.status}`);
  expect(Array.isArray(found.data), 'what is discovered is not a list');
  expect(found.data.length > 0, 'the customer that was named has nothing: name one who has');
  return found.data.length;
}

async function tryForm(trial: Trial): Promise<number> {
  const { types } = trial.settings;
  const resources = await discoveredThings(trial);
  const seen = new Set<string>();
  for (const [at, resource] of resources.entries()) {
    const fault = describeFault(resource, types);
    expect(fault === undefined, `thing ${at + 1} of ${resources.length}: ${fault}`);
    const key = JSON.stringify([resource.type, resource.ref]);
    expect(!seen.has(key), `thing ${at + 1} of ${resources.length}: its type and reference come twice`);
    seen.add(key);
  }
  return resources.length;
}

function describeFault(resource: OfferedResource, types: readonly string[]): string | undefined {
  const { type, ref, label, approvers, situation = 'active', closedOn, isVisible } = resource;
  if (!types.includes(type)) return 'its type is none of the ecosystem’s';
  if (!REF.test(ref)) return `its reference does not match ${REF.source}`;
  if (typeof label !== 'string' || label.trim() === '') return 'it has no label';
  if (!Array.isArray(approvers) || !approvers.every((cpf) => typeof cpf === 'string' && CPF.test(cpf)))
    return 'its approvers are not a list of CPFs';
  if (!SITUATIONS.includes(situation)) return `its situation is none of ${SITUATIONS.join(', ')}`;
  if (closedOn !== undefined && !DAY.test(closedOn)) return 'closedOn is not a day such as 2026-01-31';
  if (isVisible !== undefined && typeof isVisible !== 'boolean') return 'isVisible is not true or false';
  return undefined;
}

async function tryRepeat(trial: Trial): Promise<number> {
  const { connector, customers, settings } = trial;
  const first = await discoveredThings(trial);
  for (let time = 0; time < 2; time += 1) {
    const found = await trial.ask('discover', (asking) =>
      connector.discover(customers.customer, settings.types, asking),
    );
    const again = found.status === 'ok' ? found.data : [];
    expect(isSame(first, again), 'asked again, discovery finds other things');
  }
  return first.length;
}

async function tryTypes(trial: Trial): Promise<number> {
  const { connector, customers, settings } = trial;
  const all = await discoveredThings(trial);
  for (const type of settings.types) {
    const found = await trial.ask('discover', (asking) =>
      connector.discover(customers.customer, [type], asking),
    );
    const alone = found.status === 'ok' ? found.data : [];
    const isKept = alone.every((resource) => resource.type === type);
    expect(isKept, `asked for ${type} alone, discovery finds other types too`);
    const expected = all.filter((resource) => resource.type === type);
    expect(
      isSame(expected, alone),
      `asked for ${type} alone, discovery finds others of it than among all types`,
    );
  }
  return settings.types.length;
}

async function tryEmpty(trial: Trial): Promise<number> {
  const { connector, customers, settings } = trial;
  const { empty } = customers;
  if (!empty) throw new NotTried('no customer who has nothing was named (--empty-cpf)');
  const found = await trial.ask('discover', (asking) => connector.discover(empty, settings.types, asking));
  const isNothing = found.status === 'empty' || (found.status === 'ok' && found.data.length === 0);
  expect(isNothing, `discovery for the customer with nothing answers ${describe(found)}`);
  let tried = 1;
  for (const read of trial.reads.filter(
    (read) => read.addressing.method === 'list' && read.types.length > 0,
  )) {
    const documents = documentsFor(read, empty);
    if (!documents) continue;
    const target = { read, documents, refs: {}, resource: undefined };
    const { status, records } = await readWhole(trial, target);
    const isEmpty = status === 'empty' || (status === 'ok' && records.length === 0);
    const what = `${status}${records.length > 0 ? ` with ${records.length} records` : ''}`;
    expect(isEmpty, `${nameOf(target)} answers the customer with nothing ${what}`);
    tried += 1;
  }
  return tried;
}

/** Things that discovery finds, references told apart from each other and nothing else about them looked at. */
async function discoveredThings(trial: Trial): Promise<readonly OfferedResource[]> {
  const resources = await trial.discovered(trial.customers.customer);
  triedOrNot(resources.length, 'discovery found nothing');
  return resources;
}

function isSame(one: readonly OfferedResource[], other: readonly OfferedResource[]): boolean {
  const keysOf = (resources: readonly OfferedResource[]) =>
    [...new Set(resources.map(({ type, ref }) => `${type} ${ref}`))].sort();
  const [left, right] = [keysOf(one), keysOf(other)];
  return left.length === right.length && left.every((key, at) => key === right[at]);
}

function describe(found: { status: string; data?: readonly unknown[] }): string {
  return found.status === 'ok' ? `${found.data?.length} things` : found.status;
}
