import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations, operationsAt } from '../../test/support/catalog-operations.ts';
import { createMemoryMetricsStore } from '../../test/support/memory-metrics-store.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Answered } from '../contract/answered.ts';
import type { Answer, Call } from '../contract/call.ts';
import type { Operation } from '../contract/operation.ts';
import type { AnnouncedOutage } from './availability/downtime.ts';
import { slotAt } from './availability/probe-slot.ts';
import { createCalendar } from './calendar.ts';
import type { Batch, Finding, Probe } from './metrics-store.ts';
import { createReadMetrics } from './read-metrics.ts';
import { createRecorder } from './recorder.ts';

const BASE = 'https://api.seguradora.example';
const local = (text: string) => Date.parse(`${text}-03:00`);
const NOW = local('2026-03-10T12:00:00');
const calendar = createCalendar('America/Sao_Paulo');

const insurance = operationsAt('/open-insurance/admin/v1/metrics');
const [finance] = operationsAt('/open-banking/admin/v2/metrics') as [Operation];
const [insuranceNow] = insurance.filter(({ version }) => version === '1.3.0') as [Operation];
const [status] = operationsAt('/open-insurance/discovery/v1/status') as [Operation];
const [branches] = operationsAt('/open-insurance/channels/v2/branches') as [Operation];
const [agencies] = operationsAt('/open-banking/channels/v2/branches') as [Operation];
const consented = {
  ...branches,
  key: 'GET /open-insurance/customers/v1/x',
  path: '/open-insurance/customers/v1/x',
  open: false,
};
/** One version of each operation, as an institution serves them. */
const served = [...new Map(catalogOperations.map((one) => [one.key, one])).values(), consented];

type Class = 'unauthenticated' | 'highPriority' | 'mediumPriority' | 'unattended';

interface Series {
  readonly currentDay: number;
  readonly previousDays: readonly number[];
}

/** What the contracts' reports have between them. */
interface Report {
  readonly endpoint: string;
  readonly requestTime: string;
  readonly availability: {
    readonly uptime: {
      readonly generalUptimeRate: string;
      readonly endpoints: readonly { readonly url: string; readonly uptimeRate: string }[];
    };
    readonly downtime: {
      readonly generalDowntime: number;
      readonly scheduledOutage: number;
      readonly endpoints: readonly { readonly url: string; readonly partialDowntime: number }[];
    };
  };
  readonly invocations: Readonly<Record<Class, Series>>;
  readonly averageResponse: Readonly<Record<Class, Series>>;
  readonly averageTps: Series;
  readonly peakTps: Series;
  readonly errors: Series;
  readonly rejections: Series;
}

interface Reported {
  readonly body: {
    readonly data: unknown;
    readonly links: Readonly<Record<string, string>>;
    readonly meta: Readonly<Record<string, number>>;
  };
  /** The one report, or the first. */
  readonly data: Report;
  /** All of them. */
  readonly list: readonly Report[];
}

async function report(
  operation: Operation,
  situation: {
    readonly period?: string;
    readonly query?: Record<string, string>;
    readonly now?: number;
    readonly events?: readonly Partial<Answered>[];
    readonly down?: readonly (Finding & { readonly from: string; readonly to: string })[];
    readonly probedFrom?: string;
    readonly outages?: readonly AnnouncedOutage[];
  } = {},
): Promise<Reported> {
  const { period, events = [], down = [], probedFrom, outages = [], now = NOW } = situation;
  const store = createMemoryMetricsStore();
  const recorder = createRecorder({ node: 'a' });
  for (const event of events)
    recorder.record({
      operation: branches,
      status: 200,
      durationMs: 10,
      at: NOW - 60_000,
      unattended: false,
      ...event,
    });
  const batch = recorder.drain();
  if (batch) await store.append(batch);
  if (probedFrom) await store.appendProbes(probesOf(operation.ecosystem, local(probedFrom), now, down));
  const read = createReadMetrics({
    store,
    operations: () => served,
    outages: () => outages,
    calendar,
    baseUrl: BASE,
    maxPageSize: 1000,
    now: () => now,
  });
  const query = { ...situation.query, ...(period === undefined ? {} : { period }) };
  const answer: Answer = await read({ operation, path: {}, query, headers: {} } satisfies Call);
  assert.ok(answer.kind === 'json');
  assert.equal(answer.status, 200);
  const isValid = schemaValidator(operation.answer.schema());
  assert.ok(isValid(answer.body), JSON.stringify(isValid.errors));
  const body = answer.body as Reported['body'];
  const list = [body.data].flat() as Report[];
  return { body, list, data: list[0] as Report };
}

function probesOf(
  ecosystem: string,
  from: number,
  to: number,
  down: readonly (Finding & { from: string; to: string })[],
): Probe[] {
  return Array.from({ length: slotAt(to) - slotAt(from) }, (_, index) => {
    const slot = slotAt(from) + index;
    const at = slot * 30_000;
    const failure = down.find((one) => at >= local(one.from) && at < local(one.to));
    const { code, unavailableEndpoints } = failure ?? { code: 'OK', unavailableEndpoints: [] };
    return { ecosystem, slot, code, unavailableEndpoints };
  });
}

const times = <T>(count: number, event: T): T[] => new Array(count).fill(event);
function elementOf({ list }: Reported, path: string): Report {
  const found = list.find(({ endpoint }) => endpoint === `${BASE}${path}`);
  assert.ok(found, path);
  return found;
}

describe('the regulatory report', () => {
  for (const operation of [...insurance, finance]) {
    for (const period of ['CURRENT', 'ALL', undefined]) {
      it(`${operation.ecosystem} ${operation.version} with period ${period} keeps its contract`, async () => {
        const events = [0, 1, 2, 9].map((days) => ({
          operation: operation.ecosystem === 'open-finance' ? agencies : branches,
          at: NOW - days * 86_400_000,
        }));
        const down = [
          {
            from: '2026-03-09T10:00:00',
            to: '2026-03-09T11:12:00',
            code: 'UNAVAILABLE',
            unavailableEndpoints: [],
          },
        ] as const;
        const reported = await report(operation, {
          ...(period ? { period } : {}),
          events,
          down,
          probedFrom: '2026-03-02T00:00:00',
        });
        const { body } = reported;
        const data = Array.isArray(body.data) ? elementOf(reported, agencies.path) : reported.data;
        assert.equal(data.requestTime, '2026-03-10T15:00:00Z');
        assert.deepEqual(Object.keys(body).sort(), ['data', 'links', 'meta']);
        assert.ok(body.links.self?.startsWith(`${BASE}${operation.path}`));
        assert.equal(data.errors.previousDays.length, period === 'CURRENT' ? 0 : 7);
        assert.equal(
          data.availability.uptime.generalUptimeRate,
          period === 'CURRENT' ? '1.000000' : '0.993750',
        );
        assert.equal(data.availability.downtime.generalDowntime, period === 'CURRENT' ? 0 : 4_320);
      });
    }
    it(`${operation.ecosystem} ${operation.version} keeps its contract before anything is known`, async () => {
      const { data } = await report(operation);
      assert.deepEqual(data.peakTps, { currentDay: 0, previousDays: [] });
      assert.equal(data.availability.uptime.generalUptimeRate, '1.000000');
    });
  }

  it('writes 4,320 seconds of a day as 0.950000', async () => {
    const down = [
      { from: '2026-03-10T00:00:00', to: '2026-03-10T01:12:00', code: 'NO_ANSWER', unavailableEndpoints: [] },
    ] as const;
    const { data } = await report(insuranceNow, {
      period: 'CURRENT',
      down,
      probedFrom: '2026-03-09T00:00:00',
    });
    assert.equal(data.availability.uptime.generalUptimeRate, '0.950000');
    assert.equal(data.availability.downtime.generalDowntime, 4_320);
    assert.ok(data.availability.uptime.endpoints.every(({ uptimeRate }) => uptimeRate === '0.950000'));
  });

  it('has the downtime of each endpoint', async () => {
    const down = [
      {
        from: '2026-03-10T08:00:00',
        to: '2026-03-10T09:00:00',
        code: 'PARTIAL_FAILURE',
        unavailableEndpoints: [branches.path],
      },
    ] as const;
    const { availability } = (await report(insuranceNow, { down, probedFrom: '2026-03-10T00:00:00' })).data;
    const of = <T extends { readonly url: string }>(list: readonly T[], path: string) =>
      list.find(({ url }) => url === `${BASE}${path}`);
    assert.equal(of(availability.downtime.endpoints, branches.path)?.partialDowntime, 3600);
    assert.equal(of(availability.downtime.endpoints, status.path)?.partialDowntime, 0);
    assert.equal(of(availability.uptime.endpoints, branches.path)?.uptimeRate, '0.958333');
    assert.equal(availability.downtime.generalDowntime, 3600);

    const there = [{ ...down[0], unavailableEndpoints: [agencies.path] }];
    const reported = await report(finance, {
      down: there,
      probedFrom: '2026-03-10T00:00:00',
      query: { 'page-size': '1000' },
    });
    assert.deepEqual(elementOf(reported, agencies.path).availability, {
      uptime: { generalUptimeRate: '0.958333', uptimeRate: '0.958333' },
      downtime: { generalDowntime: 3600, scheduledOutage: 0, partialDowntime: 3600 },
    });
    const other = reported.list.find(({ endpoint }) => endpoint !== `${BASE}${agencies.path}`);
    assert.deepEqual(other?.availability, {
      uptime: { generalUptimeRate: '0.958333', uptimeRate: '1.000000' },
      downtime: { generalDowntime: 3600, scheduledOutage: 0, partialDowntime: 0 },
    });
  });

  it('reports a scheduled outage apart, and counts what earlier outages of the month used up', async () => {
    const outage = (day: string, hours: number): AnnouncedOutage => ({
      ecosystem: undefined,
      startsAt: local(`${day}T01:00:00`),
      endsAt: local(`${day}T0${1 + hours}:00:00`),
      announcedAt: local('2026-02-01T00:00:00'),
    });
    const down = (day: string, hours: number) => ({
      from: `${day}T01:00:00`,
      to: `${day}T0${1 + hours}:00:00`,
      code: 'SCHEDULED_OUTAGE' as const,
      unavailableEndpoints: [],
    });
    const { data } = await report(insuranceNow, {
      period: 'CURRENT',
      probedFrom: '2026-03-01T00:00:00',
      down: [down('2026-03-01', 2), down('2026-03-10', 2)],
      outages: [outage('2026-03-01', 2), outage('2026-03-10', 2)],
    });
    assert.equal(data.availability.downtime.scheduledOutage, 7200);
    assert.equal(data.availability.downtime.generalDowntime, 3600);
  });

  it('counts calls by class, each by its own definition', async () => {
    const events = [
      ...times(2, { operation: status }),
      ...times(3, { operation: branches }),
      ...times(4, { operation: consented, unattended: true }),
      ...times(5, { operation: insuranceNow }),
      ...times(6, { operation: agencies }),
    ];
    const { invocations } = (await report(insuranceNow, { events, period: 'CURRENT' })).data;
    assert.deepEqual(
      Object.fromEntries(Object.entries(invocations).map(([name, { currentDay }]) => [name, currentDay])),
      { unauthenticated: 10, highPriority: 2, mediumPriority: 7, unattended: 4 },
    );
  });

  it('averages what was answered, without refusals, to the nearest millisecond', async () => {
    const events = [
      { operation: branches, durationMs: 10 },
      { operation: branches, durationMs: 15 },
      { operation: branches, durationMs: 9_000, status: 429 },
      { operation: branches, durationMs: 9_000, status: 529 },
      { operation: consented, durationMs: 100.4, unattended: true },
    ];
    const { averageResponse, errors, rejections } = (await report(insuranceNow, { events })).data;
    assert.equal(averageResponse.unauthenticated.currentDay, 13);
    assert.equal(averageResponse.mediumPriority.currentDay, 42);
    assert.equal(averageResponse.highPriority.currentDay, 0);
    assert.equal(averageResponse.unattended.currentDay, 100);
    assert.equal(errors.currentDay, 0);
    assert.equal(rejections.currentDay, 2);
  });

  it('has errors 500 to 599, and 529 among the refusals', async () => {
    const events = [200, 404, 429, 500, 503, 529, 599].map((code) => ({ status: code }));
    const { errors, rejections } = (await report(insuranceNow, { events })).data;
    assert.deepEqual([errors.currentDay, rejections.currentDay], [3, 2]);
  });

  it('cuts days at local midnight and shows at most seven before today, yesterday first', async () => {
    const at = (text: string, count: number) => times(count, { at: local(text) });
    const events = [
      ...at('2026-03-10T00:00:00', 1),
      ...at('2026-03-09T23:59:59.999', 2),
      ...at('2026-03-08T12:00:00', 3),
      ...at('2026-03-03T00:00:00', 4),
      ...at('2026-03-02T23:59:59', 5),
    ];
    const { unauthenticated } = (await report(insuranceNow, { events })).data.invocations;
    assert.deepEqual(unauthenticated, { currentDay: 1, previousDays: [2, 3, 0, 0, 0, 0, 4] });
  });

  it('goes over the ends of months and years', async () => {
    const now = local('2026-01-02T08:00:00');
    const events = [
      '2026-01-02T01:00:00',
      '2026-01-01T00:00:00',
      '2025-12-31T23:59:59',
      '2025-12-30T01:00:00',
    ].map((text) => ({ at: local(text) }));
    const { data } = await report(insuranceNow, { events, now, probedFrom: '2025-12-31T00:00:00' });
    assert.deepEqual(data.invocations.mediumPriority, { currentDay: 1, previousDays: [1, 1, 1] });
    assert.equal(data.availability.downtime.generalDowntime, 0);
  });

  it('has the exact peak of a second: of all endpoints together, and of each', async () => {
    const second = NOW - 3600_000;
    const events = [
      ...times(4, { operation: status, at: second }),
      ...times(5, { operation: branches, at: second + 999 }),
      ...times(6, { operation: branches, at: second + 1000 }),
      ...times(3, { operation: branches, at: second - 1 }),
      ...times(8, { operation: agencies, at: second }),
    ];
    const { peakTps } = (await report(insuranceNow, { events })).data;
    assert.equal(peakTps.currentDay, 9);
    const reported = await report(finance, { events, query: { 'page-size': '1000' } });
    assert.equal(elementOf(reported, agencies.path).peakTps.currentDay, 8);
  });

  it('averages calls per second over what has passed of today, and over whole days before', async () => {
    // 24 hours of 2 calls per second yesterday; today 12 hours of as many.
    const store = createMemoryMetricsStore();
    const recorder = createRecorder({ node: 'a' });
    for (const [day, count] of [
      ['2026-03-09', 172_800],
      ['2026-03-10', 86_400],
    ] as const)
      for (let call = 0; call < count; call += 1)
        recorder.record({
          operation: branches,
          status: 200,
          durationMs: 1,
          at: local(`${day}T11:00:00`) + (call % 60_000),
          unattended: false,
        });
    await store.append(recorder.drain() as Batch);
    const read = createReadMetrics({
      store,
      operations: () => served,
      outages: () => [],
      calendar,
      baseUrl: BASE,
      maxPageSize: 1000,
      now: () => NOW,
    });
    const answer = await read({ operation: insuranceNow, path: {}, query: {}, headers: {} });
    assert.ok(answer.kind === 'json');
    assert.deepEqual((answer.body as { data: Report }).data.averageTps, { currentDay: 2, previousDays: [2] });
  });

  it('has one element per path of the ecosystem, in pages', async () => {
    const paths = new Set(
      served.filter(({ ecosystem }) => ecosystem === 'open-finance').map(({ path }) => path),
    );
    const whole = await report(finance, { query: { 'page-size': '1000' } });
    assert.deepEqual(
      new Set(whole.list.map(({ endpoint }) => endpoint)),
      new Set([...paths].map((path) => encodeURI(`${BASE}${path}`))),
    );
    assert.equal(whole.body.meta.totalRecords, paths.size);
    const first = await report(finance, { query: { 'page-size': '10' } });
    assert.equal(first.list.length, 10);
    assert.equal(first.body.meta.totalPages, Math.ceil(paths.size / 10));
    assert.ok(first.body.links.next);
  });

  it('is a problem while the store is away', async () => {
    const store = createMemoryMetricsStore();
    store.mishap = () => 'refuses';
    const causes: unknown[] = [];
    const read = createReadMetrics({
      store,
      operations: () => served,
      outages: () => [],
      calendar,
      baseUrl: BASE,
      maxPageSize: 1000,
      now: () => NOW,
      onFailure: (error) => causes.push(error),
    });
    const answer = await read({ operation: insuranceNow, path: {}, query: {}, headers: {} });
    assert.ok(answer.kind === 'problem');
    assert.equal(answer.problem.code, 'METRICAS_INDISPONIVEIS');
    assert.equal(answer.problem.status, 503);
    assert.equal(causes.length, 1);
  });
});
