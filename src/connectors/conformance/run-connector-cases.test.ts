import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMadeUpConnector,
  MADE_UP_CUSTOMERS,
  MADE_UP_TYPES,
  type MadeUpInstitution,
  madeUpReads,
} from '../../../test/support/made-up-connector.ts';
import { systemClock } from '../../kernel/clock.ts';
import type { Connector, DataRequest, FoundData, Json, RecordRequest } from '../connector.ts';
import type { CustomerDocuments } from '../customer.ts';
import { CONNECTOR_CASES } from './connector-cases.ts';
import { type CaseResult, runConnectorCases } from './run-connector-cases.ts';
import type { TrialCustomers } from './trial.ts';

const { customer: OWN, other: OTHER } = MADE_UP_CUSTOMERS;
type Documents = Readonly<CustomerDocuments>;

async function tryConnector(
  connector: Connector,
  customers: TrialCustomers = MADE_UP_CUSTOMERS,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const settings = {
    connector,
    brand: 'Banco',
    ecosystem: 'open-finance',
    reads: madeUpReads,
    types: MADE_UP_TYPES,
    customers,
    clock: systemClock,
    patienceMs: 2000,
  };
  for await (const result of runConnectorCases(settings)) results.push(result);
  return results;
}

function failures(results: readonly CaseResult[]): string[] {
  return results
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ number, reason }) => `${number}: ${reason}`);
}

function skips(results: readonly CaseResult[]): number[] {
  return results.filter(({ outcome }) => outcome === 'skipped').map(({ number }) => number);
}

describe('given a connector that gets everything right', { concurrency: true }, () => {
  for (const { given, institution, skipped } of [
    { given: 'pages by cursor', institution: { pages: 'cursor' }, skipped: [] },
    {
      given: 'pages by cursor while movements are booked',
      institution: { pages: 'cursor', isBusy: true },
      skipped: [],
    },
    { given: 'pages by place', institution: { pages: 'total' }, skipped: [23, 24] },
    {
      given: 'pages by place while movements are booked',
      institution: { pages: 'total', isBusy: true },
      skipped: [23, 24],
    },
    { given: 'answers lists whole', institution: { pages: 'whole' }, skipped: [21, 22, 23, 24] },
  ] satisfies { given: string; institution: MadeUpInstitution; skipped: number[] }[]) {
    it(`when it ${given}, then every case that it can be tried with is passed`, async () => {
      const results = await tryConnector(createMadeUpConnector(institution));
      assert.deepEqual(failures(results), []);
      assert.deepEqual(skips(results), skipped);
      assert.ok(results.every(({ outcome, looked }) => (outcome === 'passed') === looked > 0));
    });
  }

  it('when only one customer is named, then what needs others is skipped and says which flag it needs', async () => {
    const { customer, unknownCpf } = MADE_UP_CUSTOMERS;
    const results = await tryConnector(createMadeUpConnector({ pages: 'cursor' }), { customer, unknownCpf });
    assert.deepEqual(failures(results), []);
    assert.deepEqual(skips(results), [11, 19]);
    const reasons = results.flatMap(({ reason }) => reason ?? []).join('\n');
    assert.match(reasons, /--empty-cpf/);
    assert.match(reasons, /--other-cpf/);
  });

  it('when it has no login, then that case is skipped', async () => {
    const { authenticate: _, ...connector } = createMadeUpConnector({ pages: 'whole' });
    const results = await tryConnector({
      ...connector,
      capabilities: () => ({ apis: undefined, authenticates: false }),
    });
    assert.deepEqual(failures(results), []);
    assert.ok(skips(results).includes(5));
  });
});

/** What a connector gets wrong, and the case that has to find it. */
interface Mistake {
  readonly given: string;
  readonly number: number;
  readonly institution?: MadeUpInstitution;
  readonly make: (right: Connector) => Partial<Connector>;
}

const BY_CURSOR: MadeUpInstitution = { pages: 'cursor' };

const MISTAKES: readonly Mistake[] = [
  {
    given: 'fails when it is asked for its health',
    number: 1,
    make: () => ({ health: () => Promise.reject(new Error('no')) }),
  },
  {
    given: 'says that the systems are down',
    number: 1,
    make: () => ({ health: async () => ({ isUp: false }) }),
  },
  {
    given: 'claims an API that there is not',
    number: 2,
    make: () => ({ capabilities: () => ({ apis: ['made-up', 'imagined'], authenticates: true }) }),
  },
  {
    given: 'claims logins and has none',
    number: 2,
    make: () => ({ authenticate: undefined as never }),
  },
  {
    given: 'finds another customer by key',
    number: 3,
    make: (right) => ({
      customer: (key, asking) =>
        right.customer('id' in key && key.id === 'c-1' ? { id: 'c-2' } : key, asking),
    }),
  },
  {
    given: 'says that a stranger has nothing',
    number: 4,
    make: (right) => ({
      discover: async (documents, types, asking) => {
        const found = await right.discover(documents, types, asking);
        return documents.cpf === MADE_UP_CUSTOMERS.unknownCpf ? { status: 'empty' } : found;
      },
    }),
  },
  {
    given: 'fails at an unknown login',
    number: 5,
    make: () => ({ authenticate: () => Promise.reject(new Error('wrong password')) }),
  },
  {
    given: 'cannot discover',
    number: 6,
    make: (right) => ({
      discover: (documents, types, asking) =>
        documents.cpf === OWN.cpf && types.length > 1 && documents.cnpj === OWN.cnpj
          ? Promise.reject(new Error('no discovery today'))
          : right.discover(documents, types, asking),
    }),
  },
  {
    given: 'discovers a thing without a label',
    number: 7,
    make: (right) => discoverAs(right, (things) => things.map((each) => ({ ...each, label: '' }))),
  },
  {
    given: 'discovers a thing twice',
    number: 7,
    make: (right) =>
      discoverAs(
        right,
        (things, types) => (types.length > 1 ? [...things, ...things.slice(0, 1)] : things),
        2,
      ),
  },
  {
    given: 'discovers something else the third time',
    number: 8,
    make: (right) => discoverAs(right, (things) => things.slice(1), 4),
  },
  {
    given: 'discovers things of other types than were asked for',
    number: 9,
    make: (right) => ({
      discover: (documents, _types, asking) => right.discover(documents, MADE_UP_TYPES, asking),
    }),
  },
  {
    given: 'discovers for a company whoever asks',
    number: 10,
    make: (right) => ({
      discover: (documents, types, asking) =>
        right.discover(documents.cnpj ? { ...documents, cnpj: OWN.cnpj } : documents, types, asking),
    }),
  },
  {
    given: 'gives a customer with nothing the things of another',
    number: 11,
    make: (right) => ({
      list: (request) =>
        right.list(isOf(request, MADE_UP_CUSTOMERS.empty) ? { ...request, documents: OTHER } : request),
    }),
  },
  {
    given: 'fails at one thing',
    number: 12,
    make: (right) => ({
      get: (request) =>
        request.ref === 't-2' ? Promise.reject(new Error('out of paper')) : right.get(request),
    }),
  },
  {
    given: 'answers with what is no answer',
    number: 12,
    make: (right) => ({
      get: (request) => (request.ref === 't-2' ? Promise.resolve({ ok: true } as never) : right.get(request)),
    }),
  },
  {
    given: 'lists fewer things than it discovers',
    number: 13,
    make: (right) => ({
      list: (request) =>
        alterList(right.list(request), (records) =>
          records.filter((record) => (record as { thingId: string }).thingId !== 't-3'),
        ),
    }),
    institution: { pages: 'whole' },
  },
  {
    given: 'lists a thing that it does not discover',
    number: 13,
    institution: { pages: 'whole' },
    make: (right) => ({
      list: async (request) =>
        isOf(request, OWN)
          ? alterList(right.list(request), (records) => [...records, { thingId: 't-7', kind: 'RED' }])
          : right.list(request),
    }),
  },
  {
    given: 'answers one thing with the id of another',
    number: 14,
    make: (right) => ({ get: (request) => alter(right.get(request), { thingId: 't-3' }) }),
  },
  {
    given: 'does not find a listed thing',
    number: 14,
    make: (right) => ({
      get: async (request) => (request.ref === 't-2' ? { status: 'notFound' } : right.get(request)),
    }),
  },
  {
    given: 'does not find the movements of a thing that has none',
    number: 15,
    make: (right) => ({
      children: async (request) => {
        const found = await right.children(request);
        return found.status === 'empty' ? { status: 'notFound' } : found;
      },
    }),
  },
  {
    given: 'does not say whose a note is',
    number: 16,
    make: (right) => ({
      get: (request) =>
        request.type === undefined ? ownedBy(right.get(request), undefined) : right.get(request),
    }),
  },
  {
    given: 'does not say whose movements are',
    number: 16,
    make: (right) => ({ children: (request) => ownedBy(right.children(request), undefined) }),
  },
  {
    given: 'says that a thing is another',
    number: 16,
    make: (right) => ({
      get: (request) => (request.ref === 't-2' ? ownedBy(right.get(request), 't-3') : right.get(request)),
    }),
  },
  {
    given: 'says that a note is of something that the customer does not have',
    number: 16,
    make: (right) => ({
      get: (request) =>
        request.type === undefined ? ownedBy(right.get(request), 't-9') : right.get(request),
    }),
  },
  {
    given: 'says that the list of things is of whoever acts for the company',
    number: 16,
    make: (right) => ({ list: (request) => ownedBy(right.list(request), request.documents.cpf) }),
  },
  {
    given: 'gives whoever asks the profile of another',
    number: 16,
    make: (right) => ({
      list: (request) =>
        right.list(request.operationPath.endsWith('/profile') ? { ...request, documents: OTHER } : request),
    }),
  },
  {
    given: 'says on the first page alone whose movements are',
    number: 20,
    make: (right) => ({
      children: (request) => {
        const isLater = request.page !== undefined && request.page.offset > 0;
        return isLater ? ownedBy(right.children(request), undefined) : right.children(request);
      },
    }),
  },
  {
    given: 'gives a member another type than the contract',
    number: 17,
    make: (right) => ({
      children: (request) =>
        alterList(right.children(request), (records) =>
          records.map((record) =>
            'amount' in (record as object) ? { ...(record as object), amount: 10 } : record,
          ),
        ),
    }),
  },
  {
    given: 'gives a record a member that the contract does not have',
    number: 17,
    make: (right) => ({ get: (request) => alter(right.get(request), { colour: 'green' }) }),
  },
  {
    given: 'tells ages in seconds',
    number: 18,
    make: (right) => ({
      get: async (request) => {
        const found = await right.get(request);
        return found.status === 'ok' ? { ...found, asOf: found.asOf / 1000 } : found;
      },
    }),
  },
  {
    given: 'gives whoever asks a thing of another',
    number: 19,
    make: (right) => ({
      get: (request) => right.get(request.ref === 't-8' ? { ...request, documents: OTHER } : request),
    }),
  },
  {
    given: 'gives whoever asks the movements of another',
    number: 19,
    make: (right) => ({
      children: (request) =>
        right.children(request.ref === 't-8' ? { ...request, documents: OTHER } : request),
    }),
  },
  {
    given: 'repeats a record',
    number: 20,
    make: (right) => ({
      children: (request) => {
        const { page } = request;
        const isThird = page?.size === 1 && page.offset === 3;
        return alterList(right.children(request), (records) =>
          isThird && records.length > 0
            ? [{ ...(records[0] as object), movementId: 't-1-60', noteId: 't-1-60-n' }]
            : records,
        );
      },
    }),
  },
  {
    given: 'loses a record between pages',
    number: 20,
    institution: { pages: 'total' },
    make: (right) => ({
      children: (request) => {
        const { page } = request;
        const skips = page?.size === 1 && page.offset > 3;
        return right.children(skips ? { ...request, page: { ...page, offset: page.offset + 1 } } : request);
      },
    }),
  },
  {
    given: 'sorts by the size of the page',
    number: 20,
    make: (right) => ({
      children: (request) =>
        alterList(right.children(request), (records) =>
          request.page?.size === 1 ? records.toReversed() : records,
        ),
    }),
    institution: { pages: 'whole' },
  },
  {
    given: 'counts wrong',
    number: 20,
    make: (right) => ({
      children: async (request) => {
        const found = await right.children(request);
        return found.status === 'ok' && found.total !== undefined
          ? { ...found, total: found.total + 1 }
          : found;
      },
    }),
  },
  {
    given: 'answers a page as if it were the list',
    number: 20,
    make: (right) => ({
      children: async (request) => {
        const {
          total: _,
          cursor: __,
          ...found
        } = (await right.children(request)) as Extract<FoundData, { status: 'ok' }>;
        return found;
      },
    }),
  },
  {
    given: 'gives more than was asked for',
    number: 20,
    make: (right) => ({
      children: (request) => {
        const { page } = request;
        const isFirst = page?.size === 1 && page.offset === 0;
        return right.children(isFirst ? { ...request, page: { offset: 0, size: 1000 } } : request);
      },
    }),
  },
  {
    given: 'has cursors that are places, while movements are booked',
    number: 21,
    institution: { pages: 'total', isBusy: true },
    make: (right) => ({
      children: async (request) => {
        const { page } = request;
        const offset = page?.cursor === undefined ? page?.offset : placeOf(page.cursor);
        if (offset === undefined) return { status: 'refused' };
        const found = await right.children({ ...request, page: page && { size: page.size, offset } });
        if (found.status !== 'ok' || found.total === undefined || !page) return found;
        return { ...found, cursor: offset + page.size < found.total ? `place ${offset + page.size}` : null };
      },
    }),
  },
  {
    given: 'keeps one place for all who read',
    number: 21,
    institution: { pages: 'total' },
    make: keepOnePlace,
  },
  {
    given: 'begins again after the end',
    number: 22,
    make: (right) => ({
      children: (request) => {
        const { page } = request;
        return right.children(
          page && page.offset > 1000 ? { ...request, page: { ...page, offset: 0 } } : request,
        );
      },
    }),
  },
  {
    given: 'has cursors that no link can carry',
    number: 23,
    make: (right) => ({
      children: async (request) => {
        const { page } = request;
        const cursor = page?.cursor?.replace('é', '');
        const found = await right.children({
          ...request,
          page: page && { ...page, ...(cursor && { cursor }) },
        });
        return found.status === 'ok' && typeof found.cursor === 'string'
          ? { ...found, cursor: `é${found.cursor}` }
          : found;
      },
    }),
  },
  {
    given: 'fails at a cursor that is not its own',
    number: 24,
    make: (right) => ({
      children: async (request) => {
        const found = await right.children(request);
        if (request.page?.cursor && found.status === 'refused') throw new Error('no such cursor');
        return found;
      },
    }),
  },
  {
    given: 'begins again at a cursor that is not its own',
    number: 24,
    make: (right) => ({
      children: async (request) => {
        const found = await right.children(request);
        if (!request.page?.cursor || found.status !== 'refused') return found;
        return right.children({ ...request, page: { offset: 0, size: request.page.size } });
      },
    }),
  },
  {
    given: 'leaves the last day of a span out',
    number: 25,
    make: (right) => ({
      children: (request) =>
        alterList(right.children(request), (records) =>
          records.filter(
            (record) => (record as { movementDate?: string }).movementDate !== request.query.toMovementDate,
          ),
        ),
    }),
  },
  {
    given: 'does not filter the pages that it makes',
    number: 25,
    make: (right) => ({ list: (request) => right.list({ ...request, query: {} }) }),
  },
  {
    given: 'calls an unknown thing empty',
    number: 26,
    make: (right) => ({
      get: async (request) => {
        const found = await right.get(request);
        return found.status === 'notFound' ? { status: 'empty' } : found;
      },
    }),
  },
  {
    given: 'puts references into its queries',
    number: 27,
    make: (right) => ({
      get: (request) => right.get(request.ref.includes("' OR ") ? { ...request, ref: 't-1' } : request),
    }),
  },
  {
    given: 'fails at an operation that it does not know',
    number: 28,
    make: (right) => ({
      list: (request) =>
        request.operationPath.includes('made-up') ? right.list(request) : Promise.reject(new Error('what?')),
    }),
  },
  {
    given: 'does not look at the deadline',
    number: 29,
    make: (right) => ({
      list: (request) =>
        request.deadline - Date.now() < 100 ? new Promise(() => undefined) : right.list(request),
    }),
  },
  { given: 'does not look at the signal', number: 30, make: ignoreSignals },
  {
    given: 'begins what is given up already',
    number: 31,
    make: (right) => ({
      discover: (documents, types, asking) =>
        right.discover(documents, types, { ...asking, signal: new AbortController().signal }),
    }),
  },
  { given: 'keeps the places of those who gave up', number: 32, make: keepPlaces },
  {
    given: 'tells its queries in errors',
    number: 33,
    make: (right) => ({
      list: (request) => {
        if (request.signal.aborted) throw new Error('canceling statement: SELECT * FROM things');
        return right.list(request);
      },
    }),
  },
  {
    given: 'tells documents in what caused an error',
    number: 33,
    make: (right) => ({
      customer: (key, asking) => {
        if (!asking.signal.aborted) return right.customer(key, asking);
        throw new Error('gone', { cause: new Error('asked for 529.982.247-25') });
      },
    }),
  },
  {
    given: 'tells a host in its health',
    number: 33,
    make: () => ({ health: async () => ({ isUp: true, reason: 'replica of core-db.internal is slow' }) }),
  },
];

describe('given a connector that gets one thing wrong', { concurrency: true }, () => {
  for (const { given, number, institution = BY_CURSOR, make } of MISTAKES) {
    it(`when it ${given}, then case ${number} fails, and no other`, async () => {
      const right = createMadeUpConnector(institution);
      const results = await tryConnector({ ...right, ...make(right) });
      const failed = failures(results);
      assert.deepEqual(
        failed.map((line) => Number.parseInt(line, 10)),
        [number],
        failed.join('\n'),
      );
      const told = failed.join('\n');
      for (const secret of [OWN.cpf, OWN.cnpj, OTHER.cpf, 't-1', 't-8'])
        assert.ok(!told.includes(secret), told);
    });
  }

  it('when all cases are counted, then each has a connector that fails it', () => {
    const failed = new Set(MISTAKES.map(({ number }) => number));
    assert.deepEqual(
      CONNECTOR_CASES.map(({ number }) => number).filter((number) => !failed.has(number)),
      [],
    );
  });
});

describe('given a connector that does nothing', () => {
  it('when it rejects everything, then the run ends and tells so', async () => {
    const reject = () => Promise.reject(new Error('away'));
    const results = await tryConnector({
      capabilities: reject,
      health: reject,
      customer: reject,
      discover: reject,
      list: reject,
      get: reject,
      children: reject,
    });
    assert.equal(results.length, CONNECTOR_CASES.length);
    assert.deepEqual(
      results.filter(({ outcome }) => outcome === 'failed').map(({ number }) => number),
      [1, 2, 3, 4, 6, 10, 11, 26, 28],
    );
  });

  it('when it answers what cannot be read, then the run ends and tells so', async () => {
    const answer = async () => ({ status: 'ok', data: null, asOf: 'now' }) as never;
    const results = await tryConnector({
      capabilities: answer,
      health: answer,
      customer: answer,
      discover: answer,
      list: answer,
      get: answer,
      children: answer,
    });
    assert.equal(results.length, CONNECTOR_CASES.length);
    assert.ok(!results.some(({ number, outcome }) => number <= 4 && outcome === 'passed'));
  });
});

describe('given the list of cases', () => {
  it('when it is read, then numbers go from 1 without gaps and each case says why', () => {
    assert.deepEqual(
      CONNECTOR_CASES.map(({ number }) => number),
      CONNECTOR_CASES.map((_, at) => at + 1),
    );
    for (const { why } of CONNECTOR_CASES) assert.match(why, /^[A-Z].{30,}\.$/);
  });

  it('when its page is read, then each case stands there with its number, its name and why', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/connector-test.md'), 'utf8');
    for (const { number, name, why } of CONNECTOR_CASES)
      assert.ok(page.includes(`| ${number} | ${name} | ${why} |`), name);
  });
});

function isOf({ documents }: DataRequest, { cpf }: Documents): boolean {
  return documents.cpf === cpf;
}

type Things = Extract<Awaited<ReturnType<Connector['discover']>>, { status: 'ok' }>['data'];

/** Discovery that is altered for the customer of the test; only the call of that number, where one is given. */
function discoverAs(
  right: Connector,
  alterThings: (things: Things, types: readonly string[]) => Things,
  call?: number,
): Partial<Connector> {
  let calls = 0;
  return {
    async discover(documents, types, asking) {
      const found = await right.discover(documents, types, asking);
      if (found.status !== 'ok' || documents.cnpj !== OWN.cnpj) return found;
      if (types.length > 1) calls += 1;
      return call === undefined || (calls === call && types.length > 1)
        ? { ...found, data: alterThings(found.data, types) }
        : found;
    },
  };
}

async function alterList(
  answer: Promise<FoundData>,
  change: (records: readonly Json[]) => readonly Json[],
): Promise<FoundData> {
  const found = await answer;
  const isList = found.status === 'ok' && Array.isArray(found.data);
  return isList ? { ...found, data: change(found.data as readonly Json[]) } : found;
}

/** The same, said to be somebody's, or nobody's. */
async function ownedBy(answer: Promise<FoundData>, owner: string | undefined): Promise<FoundData> {
  const { owner: _, ...found } = (await answer) as Extract<FoundData, { status: 'ok' }>;
  return { ...found, ...(found.status === 'ok' && owner !== undefined && { owner }) } as FoundData;
}

/** A thing with other members; what is no thing stays as it is. */
async function alter(
  answer: Promise<FoundData>,
  members: Readonly<Record<string, Json>>,
): Promise<FoundData> {
  const found = await answer;
  const isThing = found.status === 'ok' && 'thingId' in (found.data as object);
  return isThing ? { ...found, data: { ...(found.data as object), ...members } } : found;
}

function placeOf(cursor: string): number | undefined {
  const [, place] = /^place (\d+)$/.exec(cursor) ?? [];
  return place === undefined ? undefined : Number(place);
}

/** Cursors that say nothing, and one memory of where the reader is. */
function keepOnePlace(right: Connector): Partial<Connector> {
  let place = 0;
  return {
    async children(request) {
      const { page } = request;
      if (!page) return right.children(request);
      if (page.cursor !== undefined && page.cursor !== 'next') return { status: 'refused' };
      const offset = page.cursor === undefined ? page.offset : place;
      const found = await right.children({ ...request, page: { size: page.size, offset } });
      if (found.status !== 'ok' || found.total === undefined) return found;
      place = offset + page.size;
      return { ...found, cursor: place < found.total ? 'next' : null };
    },
  };
}

/** Keeps deadlines, and nothing sooner, once it is asked for the customer alone: only then, so that the test is quick. */
function ignoreSignals(right: Connector): Partial<Connector> {
  let isSlow = false;
  return {
    customer(key, asking) {
      isSlow = 'cpf' in key && key.cpf === OWN.cpf;
      return right.customer(key, asking);
    },
    async discover(documents, types, asking) {
      asking.signal.throwIfAborted();
      if (isSlow) await sleep(Math.min(400, Math.max(asking.deadline - Date.now(), 0)));
      return right.discover(documents, types, { ...asking, signal: new AbortController().signal });
    },
  };
}

/** Twenty places for readers, of which those who give up never come back. */
function keepPlaces(right: Connector): Partial<Connector> {
  let free = 20;
  return {
    async get(request: RecordRequest) {
      request.signal.throwIfAborted();
      if (free === 0) throw new Error('no place is free');
      free -= 1;
      await sleep(4);
      request.signal.throwIfAborted();
      free += 1;
      return right.get(request);
    },
  };
}
