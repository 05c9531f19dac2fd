import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogFolder, profiles } from '../../test/support/contract-folder.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Call } from '../contract/call.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import type { Operation } from '../contract/operation.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createHealth, type Impairment } from './health.ts';
import type { Outage } from './outage.ts';
import { createOutageBoard } from './outage-board.ts';
import type { OutageStore } from './outage-store.ts';
import { planOutage } from './plan-outage.ts';
import { readOutages } from './read-outages.ts';
import { readStatus } from './read-status.ts';
import type { StatusEntry } from './status.ts';

const START = Date.UTC(2026, 6, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BASE = 'https://api.example.com';

const { operations } = loadContracts({ profiles, catalog: catalogFolder, contracts: [] });

/** The documents that declare discovery, each with the operations that are served beside it. */
const documents = operations
  .filter(({ kind }) => kind === 'status')
  .map((status) => {
    const outages = operations.find(
      ({ kind, source }) => kind === 'outages' && source.file === status.source.file,
    ) as Operation;
    const others = operations.filter(
      ({ ecosystem, kind }) => ecosystem === status.ecosystem && kind !== 'status' && kind !== 'outages',
    );
    const newest = new Map(others.map((operation) => [operation.key, operation]));
    return { status, outages, others: [...newest.values()] };
  });

interface Paged<Data> {
  readonly data: Data;
  readonly links: Readonly<Record<string, string>>;
  readonly meta: unknown;
}

type StatusBody = Paged<{ status: readonly StatusEntry[] }>;
type OutagesBody = Paged<
  readonly {
    outageTime: string;
    duration: string;
    isPartial: boolean;
    explanation: string;
    unavailableEndpoints?: readonly string[];
  }[]
>;

const validators = new Map<Operation, ReturnType<typeof schemaValidator>>();

function setUp({ status, outages, others }: (typeof documents)[number]) {
  const clock = createVirtualClock(START);
  const kept = new Map<string, Outage>();
  const store: OutageStore = {
    async add(outage) {
      kept.set(outage.id, outage);
    },
    async list() {
      return [...kept.values()];
    },
    async cancel(id, at) {
      kept.set(id, { ...(kept.get(id) as Outage), cancelledAt: at });
      return true;
    },
  };
  const served = [status, outages, ...others];
  const impairments: Impairment[] = [];
  let asked = 0;
  const health = createHealth([
    () => {
      asked += 1;
      return impairments;
    },
  ]);
  const board = createOutageBoard({ store, clock });
  const settings = {
    profiles,
    operations: served,
    health,
    board,
    baseUrl: BASE,
    maxPageSize: 1000,
    now: clock.now,
  };
  const steps = new Map([
    [status, readStatus(settings)],
    [outages, readOutages(settings)],
  ]);

  function askFor<Body>(operation: Operation, query: Record<string, string> = {}): Body {
    const call: Call = { operation, path: {}, query, headers: {} };
    const answer = steps.get(operation)?.(call);
    assert.equal(answer?.kind, 'json', JSON.stringify(answer));
    const body = answer?.kind === 'json' ? answer.body : undefined;
    checkValid(operation, body);
    return body as Body;
  }

  const ask = {
    status: (query?: Record<string, string>) => askFor<StatusBody>(status, query),
    outages: (query?: Record<string, string>) => askFor<OutagesBody>(outages, query),
  };

  async function announce(request: Partial<Parameters<typeof planOutage>[0]>): Promise<Outage> {
    const planned = planOutage(
      {
        startsAt: new Date(clock.now() + 8 * DAY).toISOString(),
        duration: 'PT2H',
        isPartial: false,
        explanation: 'Atualização.',
        ...request,
      },
      { operations: served, outages: board.list(), now: clock.now() },
    );
    if ('faults' in planned) throw new Error(JSON.stringify(planned.faults));
    await board.add(planned.outage);
    return planned.outage;
  }

  return { clock, board, health, impairments, ask, announce, asked: () => asked, steps };
}

function checkValid(operation: Operation, body: unknown): void {
  const validate = validators.get(operation) ?? schemaValidator(operation.answer.schema());
  validators.set(operation, validate);
  assert.ok(validate(JSON.parse(JSON.stringify(body))), JSON.stringify(validate.errors));
}

it('every document of the catalog that declares status declares outages', () => {
  assert.deepEqual(
    documents.map(({ status, outages }) => `${status.ecosystem} ${status.version} ${outages.version}`).sort(),
    ['open-finance 2.0.1 2.0.1', 'open-insurance 1.0.0 1.0.0', 'open-insurance 1.3.0 1.3.0'],
  );
});

for (const document of documents) {
  const { status, outages, others } = document;
  const codes = (body: StatusBody) => body.data.status.map(({ code }) => code);

  describe(`discovery of ${status.ecosystem} ${status.version}`, () => {
    it('is well, with one entry, its page and its links', () => {
      const { ask } = setUp(document);
      const body = ask.status();
      assert.deepEqual(codes(body), ['OK']);
      assert.deepEqual(body.links, { self: `${BASE}${status.path}` });
      assert.deepEqual(body.meta, { totalRecords: 1, totalPages: 1 });
    });

    it('answers an empty list while nothing is announced', () => {
      const { ask } = setUp(document);
      const body = ask.outages();
      assert.deepEqual(body.data, []);
      assert.deepEqual(body.meta, { totalRecords: 0, totalPages: 0 });
    });

    it('says what fails, in every state', async () => {
      const { ask, health, impairments, announce, clock } = setUp(document);
      const [first, ...rest] = others as [Operation, ...Operation[]];
      const fail = (...of: Operation[]) => {
        const endpoints = of.map(({ key }) => key);
        impairments.push({ endpoints, reason: 'Há falhas.', since: clock.now() });
        health.changed();
      };
      fail(first);
      const isApi = status.ecosystem === 'open-finance';
      const isWhole = isApi && !rest.some(({ path }) => path.split('/')[2] === first.path.split('/')[2]);
      assert.deepEqual(codes(ask.status()), [isWhole ? 'UNAVAILABLE' : 'PARTIAL_FAILURE']);
      const [entry] = ask.status().data.status;
      assert.ok(entry);
      assert.deepEqual(entry.unavailableEndpoints, [`${BASE}${first.path}`]);
      assert.equal(entry.detectionTime, '2026-07-01T12:00:00Z');
      assert.equal(entry.expectedResolutionTime, '2026-07-01T13:00:00Z');
      fail(...rest);
      assert.deepEqual(codes(ask.status()), ['UNAVAILABLE']);
      impairments.length = 1;
      await announce({ startsAt: 'now', isPartial: true, endpoints: [rest[0]?.key as string] });
      assert.deepEqual(codes(ask.status()).slice(-2), [
        isWhole ? 'UNAVAILABLE' : 'PARTIAL_FAILURE',
        'SCHEDULED_OUTAGE',
      ]);
    });

    it('follows an outage from scheduled over running to past', async () => {
      const { ask, announce, clock } = setUp(document);
      const outage = await announce({ duration: 'PT1H30M' });
      const published = () => ask.outages().data;
      const [record] = published();
      assert.ok(record);
      assert.equal(record.outageTime, '2026-07-09T12:00:00Z');
      assert.equal(record.duration, 'PT1H30M');
      assert.deepEqual(codes(ask.status()), ['OK']);
      await clock.advance(outage.startsAt - START - 1000);
      assert.deepEqual(codes(ask.status()), ['OK']);
      await clock.advance(1000);
      assert.deepEqual(codes(ask.status()), ['SCHEDULED_OUTAGE']);
      assert.equal(ask.status().data.status[0]?.expectedResolutionTime, '2026-07-09T13:30:00Z');
      await clock.advance(1.5 * HOUR - 1000);
      assert.deepEqual(codes(ask.status()), ['SCHEDULED_OUTAGE']);
      await clock.advance(1000);
      assert.deepEqual(codes(ask.status()), ['OK']);
      assert.deepEqual(published(), [record]);
      await clock.advance(30 * DAY - 1000);
      assert.deepEqual(published(), [record]);
      await clock.advance(1000);
      assert.deepEqual(published(), []);
    });

    it('names the endpoints of a partial outage where the contract has a place for them', async () => {
      const { ask, announce } = setUp(document);
      const { path } = others[0] as Operation;
      await announce({ isPartial: true, endpoints: [path] });
      await announce({ duration: 'P1D', startsAt: new Date(START + DAY).toISOString() });
      const named = ask.outages().data.map((record) => [record.isPartial, record.unavailableEndpoints]);
      assert.deepEqual(
        named,
        status.ecosystem === 'open-finance'
          ? [
              [false, undefined],
              [true, undefined],
            ]
          : [
              [false, []],
              [true, [`${BASE}${path}`]],
            ],
      );
    });

    it('publishes what runs, what comes and what was, in this order, and nothing cancelled', async () => {
      const { ask, announce, clock, board } = setUp(document);
      const at = (hours: number) => new Date(START + hours * HOUR).toISOString();
      await announce({ explanation: 'primeira', startsAt: at(0), duration: 'PT1H' });
      await announce({ explanation: 'segunda', startsAt: at(2), duration: 'PT1H' });
      await announce({ explanation: 'terceira', startsAt: at(10), duration: 'PT2H' });
      await announce({ explanation: 'quinta', startsAt: at(30) });
      await announce({ explanation: 'quarta', startsAt: at(20) });
      const { id } = await announce({ explanation: 'cancelada', startsAt: at(25) });
      await board.cancel(id);
      await clock.advance(11 * HOUR);
      const order = ask.outages().data.map(({ explanation }) => explanation);
      assert.deepEqual(order, ['terceira', 'quarta', 'quinta', 'segunda', 'primeira']);
    });

    it('is unheard of in the other ecosystem', async () => {
      const { ask, board } = setUp(document);
      await board.add({
        id: 'other',
        ecosystem: 'another',
        startsAt: START,
        durationMs: HOUR,
        duration: 'PT1H',
        isPartial: false,
        explanation: 'Atualização.',
        endpoints: [],
        announcedAt: START,
        cancelledAt: undefined,
      });
      assert.deepEqual(codes(ask.status()), ['OK']);
      assert.deepEqual(ask.outages().data, []);
    });

    it('is paged: the entries of status, and outages', async () => {
      const { ask, announce, impairments } = setUp(document);
      impairments.push({ endpoints: [others[0]?.key as string], reason: 'Há falhas.', since: START });
      await announce({ startsAt: 'now', isPartial: true, endpoints: [others[1]?.key as string] });
      await announce({ startsAt: 'now', isPartial: true, endpoints: [others[2]?.key as string] });
      const second = ask.status({ page: '2', 'page-size': '1' });
      assert.deepEqual(codes(second), ['SCHEDULED_OUTAGE']);
      assert.deepEqual(second.meta, { totalRecords: 3, totalPages: 3 });
      assert.deepEqual(Object.keys(second.links).sort(), ['first', 'last', 'next', 'prev', 'self']);
      assert.equal(second.links.next, `${BASE}${status.path}?page=3&page-size=1`);
      assert.deepEqual(codes(ask.status({ page: '9' })), []);
      const page = ask.outages({ page: '2', 'page-size': '1' });
      assert.equal(page.data.length, 1);
      assert.deepEqual(page.meta, { totalRecords: 2, totalPages: 2 });
      assert.equal(ask.outages().data.length, 2);
    });

    it('refuses a page that is no number, in the words of the engine', () => {
      const { steps } = setUp(document);
      for (const operation of [status, outages]) {
        const answer = steps.get(operation)?.({ operation, path: {}, query: { page: 'x' }, headers: {} });
        assert.equal(answer?.kind, 'problem');
      }
    });

    it('asks for health at most twice a second however often it is called, and at once after a change', async () => {
      const { ask, asked, clock, health, impairments, announce } = setUp(document);
      for (let index = 0; index < 1000; index += 1) ask.status();
      assert.equal(asked(), 1);
      ask.status({ page: '1' });
      assert.equal(asked(), 1);
      impairments.push({ endpoints: [others[0]?.key as string], reason: 'Há falhas.', since: START });
      assert.deepEqual(codes(ask.status()), ['OK']);
      await clock.advance(1000);
      assert.notDeepEqual(codes(ask.status()), ['OK']);
      impairments.length = 0;
      health.changed();
      assert.deepEqual(codes(ask.status()), ['OK']);
      await announce({ startsAt: 'now' });
      assert.deepEqual(codes(ask.status()), ['SCHEDULED_OUTAGE']);
    });
  });
}
