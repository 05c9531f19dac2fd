import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  query,
  SILENT,
  startTemporaryDatabases,
  type TemporaryDatabases,
  until,
} from '../../test/support/temporary-database.ts';
import type { Batch, DayCounts, MinuteCounts, Probe } from '../metrics/metrics-store.ts';
import { openStore, type Store } from './open-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Noon in São Paulo. */
const NOON = Date.parse('2026-03-10T15:00:00Z');
const BRANCHES = 'GET /open-insurance/channels/v2/branches';

let databases: TemporaryDatabases;
const stores: Store[] = [];

before(async () => {
  databases = await startTemporaryDatabases();
});
after(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await databases.server.close();
});

async function openReady(url: string): Promise<Store> {
  const store = openStore({ stateFolder: '/nowhere', databaseUrl: url, log: SILENT });
  stores.push(store);
  await until('the store is ready', () => store.health().state === 'ready');
  return store;
}

function secondsOf(calls: number, second: number): number[] {
  return Array.from({ length: 60 }, (_, place) => (place === second ? calls : 0));
}

function minuteOf(over: Partial<MinuteCounts> = {}): MinuteCounts {
  const { calls = 3 } = over;
  return {
    endpoint: BRANCHES,
    ecosystem: 'open-insurance',
    minute: NOON,
    calls,
    unattendedCalls: 1,
    errors: 1,
    rejections: 0,
    timedCalls: calls,
    durationMicros: calls * 1500,
    unattendedTimedCalls: 1,
    unattendedDurationMicros: 1500,
    latency: Array.from({ length: 19 }, (_, bucket) => (bucket === 1 ? calls : 0)),
    seconds: secondsOf(calls, 0),
    ...over,
  };
}

function batchOf(node: string, sequence: number, minutes: readonly MinuteCounts[]): Batch {
  const seconds = [...Map.groupBy(minutes, ({ minute, ecosystem }) => `${ecosystem} ${minute}`).values()].map(
    (group) => {
      const [{ minute, ecosystem }] = group as [MinuteCounts];
      const sums = Array.from({ length: 60 }, (_, second) =>
        group.reduce((sum, counts) => sum + (counts.seconds[second] ?? 0), 0),
      );
      return { minute, ecosystem, seconds: sums };
    },
  );
  return { node, sequence, minutes, seconds };
}

const totalCalls = (days: readonly DayCounts[]) => days.reduce((sum, { calls }) => sum + calls, 0);

describe('counts', () => {
  it('adds up every member of batches of one day', async () => {
    const { metrics } = await openReady(await databases.create());
    const node = randomUUID();
    await metrics.append(batchOf(node, 1, [minuteOf()]));
    await metrics.append(
      batchOf(node, 2, [minuteOf({ calls: 4 }), minuteOf({ calls: 5, minute: NOON + MINUTE })]),
    );

    const [day, ...others] = await metrics.readDays('2026-03-10', '2026-03-10');

    assert.equal(others.length, 0);
    assert.deepEqual(day, {
      endpoint: BRANCHES,
      ecosystem: 'open-insurance',
      day: '2026-03-10',
      calls: 12,
      unattendedCalls: 3,
      errors: 3,
      rejections: 0,
      timedCalls: 12,
      durationMicros: 18_000,
      unattendedTimedCalls: 3,
      unattendedDurationMicros: 4500,
      latency: [0, 12, ...Array.from({ length: 17 }, () => 0)],
      peak: 7,
    });
  });

  it('cuts days at local midnight', async () => {
    const { metrics } = await openReady(await databases.create());
    const midnight = Date.parse('2026-03-10T03:00:00Z');
    await metrics.append(
      batchOf(randomUUID(), 1, [
        minuteOf({ calls: 2, minute: midnight - MINUTE }),
        minuteOf({ calls: 5, minute: midnight }),
      ]),
    );

    const days = await metrics.readDays('2026-03-01', '2026-03-31');

    assert.deepEqual(days.map(({ day, calls }) => [day, calls]).sort(), [
      ['2026-03-09', 2],
      ['2026-03-10', 5],
    ]);
  });

  it('finds the peak over nodes: seconds add up, minutes and other seconds do not', async () => {
    const { metrics } = await openReady(await databases.create());
    const other = 'GET /open-insurance/channels/v2/electronic-channels';
    await metrics.append(
      batchOf(randomUUID(), 1, [
        minuteOf({ calls: 6, seconds: secondsOf(6, 10) }),
        minuteOf({ calls: 2, seconds: secondsOf(2, 20), endpoint: other }),
      ]),
    );
    await metrics.append(
      batchOf(randomUUID(), 1, [
        minuteOf({ calls: 5, seconds: secondsOf(5, 20) }),
        minuteOf({ calls: 4, seconds: secondsOf(4, 20), endpoint: other }),
      ]),
    );

    const days = await metrics.readDays('2026-03-10', '2026-03-10');

    assert.deepEqual(Object.fromEntries(days.map(({ endpoint, peak }) => [endpoint, peak])), {
      [BRANCHES]: 6,
      [other]: 6,
    });
    assert.deepEqual(await metrics.readPeaks('2026-03-10', '2026-03-10'), [
      { ecosystem: 'open-insurance', day: '2026-03-10', peak: 11 },
    ]);
  });

  it('adds each of 100 batches once, sent one to three times by ten nodes in parallel', async () => {
    const url = await databases.create();
    const [one, two] = await Promise.all([openReady(url), openReady(url)]);
    const endpoints = Array.from({ length: 20 }, (_, n) => `GET /open-insurance/made-up/v1/things-${n}`);
    const nodes = Array.from({ length: 10 }, () => randomUUID());

    await Promise.all(
      nodes.map(async (node, place) => {
        for (let sequence = 0; sequence < 10; sequence += 1) {
          const minutes = endpoints.map((endpoint) =>
            minuteOf({ endpoint, minute: NOON + (sequence % 3) * MINUTE, calls: place + 1 }),
          );
          const batch = batchOf(node, sequence * 2, minutes);
          const copies = Array.from({ length: 1 + ((place + sequence) % 3) }, (_, copy) =>
            (copy % 2 ? one : two).metrics.append(batch),
          );
          await Promise.all(copies);
        }
        await one.metrics.append(batchOf(node, 4, [minuteOf()]));
      }),
    );

    const days = await one.metrics.readDays('2026-03-10', '2026-03-10');
    assert.equal(days.length, endpoints.length);
    for (const day of days) {
      assert.equal(day.calls, 550);
      assert.equal(day.latency[1], 550);
      assert.equal(day.errors, 100);
      assert.equal(day.peak, 55 * 4);
    }
  });

  it('adds a whole batch or nothing of it', async () => {
    const url = await databases.create();
    const { metrics } = await openReady(url);
    const node = randomUUID();
    const broken = { ...minuteOf({ minute: NOON + MINUTE }), calls: Number.NaN };

    await assert.rejects(metrics.append(batchOf(node, 1, [minuteOf(), broken])));
    assert.deepEqual(await metrics.readDays('2026-03-10', '2026-03-10'), []);

    await metrics.append(batchOf(node, 1, [minuteOf()]));
    assert.equal(totalCalls(await metrics.readDays('2026-03-10', '2026-03-10')), 3);
  });

  it('keeps totals exact while several nodes roll up and others append', async () => {
    const url = await databases.create();
    const [one, two] = await Promise.all([openReady(url), openReady(url)]);
    let isAppending = true;
    const rolling = [one, two].map(async ({ metrics }) => {
      while (isAppending) await metrics.rollUp(NOON + 2 * MINUTE);
    });
    await Promise.all(
      [one, two, one].map(async ({ metrics }) => {
        const node = randomUUID();
        for (let sequence = 0; sequence < 20; sequence += 1)
          await metrics.append(
            batchOf(node, sequence, [minuteOf({ minute: NOON + (sequence % 4) * MINUTE, calls: 2 })]),
          );
      }),
    );
    isAppending = false;
    await Promise.all(rolling);
    await one.metrics.rollUp(NOON + HOUR);

    assert.equal(totalCalls(await two.metrics.readDays('2026-03-10', '2026-03-10')), 120);
    const kept = await query(url, 'select count(*)::int as rows from endpoint_seconds');
    assert.deepEqual(kept, [{ rows: 0 }]);
  });

  it('takes a backlog of a day in one batch', async () => {
    const { metrics } = await openReady(await databases.create());
    const midnight = Date.parse('2026-03-10T03:00:00Z');
    const minutes = Array.from({ length: 1440 }, (_, n) =>
      minuteOf({ minute: midnight + n * MINUTE, calls: 1 }),
    );

    await metrics.append(batchOf(randomUUID(), 1, minutes));

    assert.deepEqual(
      (await metrics.readDays('2026-03-10', '2026-03-10')).map(({ calls, peak }) => [calls, peak]),
      [[1440, 1]],
    );
  });
});

describe('probes', () => {
  const probe = (slot: number, code: Probe['code'] = 'OK', unavailableEndpoints: string[] = []): Probe => ({
    ecosystem: 'open-insurance',
    slot,
    code,
    unavailableEndpoints,
  });

  it('keeps one probe per slot and ecosystem: the less severe, the earlier of equals', async () => {
    const { metrics } = await openReady(await databases.create());
    await metrics.appendProbes([probe(10, 'UNAVAILABLE'), probe(11, 'PARTIAL_FAILURE', ['/a']), probe(12)]);
    await metrics.appendProbes([probe(10, 'SCHEDULED_OUTAGE'), probe(11, 'PARTIAL_FAILURE', ['/b'])]);
    await metrics.appendProbes([
      probe(12, 'NO_ANSWER'),
      { ...probe(12, 'NO_ANSWER'), ecosystem: 'open-finance' },
    ]);

    const [finance, insurance] = await metrics.readAvailability(0, 100);

    assert.deepEqual(finance, {
      ecosystem: 'open-finance',
      firstSlot: 12,
      runs: [{ fromSlot: 12, toSlot: 13, code: 'NO_ANSWER', unavailableEndpoints: [] }],
    });
    assert.deepEqual(
      insurance?.runs.map(({ code, unavailableEndpoints }) => [code, ...unavailableEndpoints]),
      [['SCHEDULED_OUTAGE'], ['PARTIAL_FAILURE', '/a'], ['OK']],
    );
  });

  it('cuts runs to the range, leaves slots without a probe open, and remembers the first slot', async () => {
    const { metrics } = await openReady(await databases.create());
    await metrics.appendProbes([1, 2, 3, 4, 7, 8, 9].map((slot) => probe(slot)));

    assert.deepEqual(await metrics.readAvailability(3, 8), [
      {
        ecosystem: 'open-insurance',
        firstSlot: 1,
        runs: [
          { fromSlot: 3, toSlot: 5, code: 'OK', unavailableEndpoints: [] },
          { fromSlot: 7, toSlot: 8, code: 'OK', unavailableEndpoints: [] },
        ],
      },
    ]);
    assert.deepEqual(await metrics.readAvailability(50, 60), [
      { ecosystem: 'open-insurance', firstSlot: 1, runs: [] },
    ]);
  });

  it('reads the same before and after folding, with late and repeated probes', async () => {
    const url = await databases.create();
    const { metrics } = await openReady(url);
    const history = Array.from({ length: 60 }, (_, slot) =>
      probe(slot, slot < 20 ? 'OK' : slot < 23 ? 'UNAVAILABLE' : 'OK'),
    ).filter(({ slot }) => slot !== 40);
    await metrics.appendProbes(history);
    const unfolded = await metrics.readAvailability(5, 55);

    await metrics.rollUp(30 * 30_000);
    assert.deepEqual(await metrics.readAvailability(5, 55), unfolded);
    await metrics.appendProbes(history);
    assert.deepEqual(await metrics.readAvailability(5, 55), unfolded);
    await metrics.rollUp(50 * 30_000);
    assert.deepEqual(await metrics.readAvailability(5, 55), unfolded);
    assert.equal((await query(url, 'select 1 from probe_runs')).length, 4);

    await metrics.appendProbes([probe(21, 'SCHEDULED_OUTAGE'), probe(40)]);
    const [late] = await metrics.readAvailability(5, 55);
    await metrics.rollUp(100 * 30_000);
    assert.deepEqual((await metrics.readAvailability(5, 55))[0], late);
    assert.deepEqual(
      late?.runs.map(({ fromSlot, code }) => [fromSlot, code]),
      [
        [5, 'OK'],
        [20, 'UNAVAILABLE'],
        [21, 'SCHEDULED_OUTAGE'],
        [22, 'UNAVAILABLE'],
        [23, 'OK'],
      ],
    );
  });
});
