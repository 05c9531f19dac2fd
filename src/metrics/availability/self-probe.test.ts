import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryMetricsStore } from '../../../test/support/memory-metrics-store.ts';
import { simulateProbes } from '../../../test/support/simulate-probes.ts';
import { createVirtualClock } from '../../kernel/clock.ts';
import { createCalendar } from '../calendar.ts';
import type { Finding, ProbeHistory } from '../metrics-store.ts';
import { type AnnouncedOutage, measureDowntime, sumDowntime } from './downtime.ts';
import { slotAt } from './probe-slot.ts';
import { createSelfProbe } from './self-probe.ts';
import { serviceLevels } from './service-level.ts';

const START = Date.parse('2026-03-10T12:00:10Z');
const OK: Finding = { code: 'OK', unavailableEndpoints: [] };
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the self-probe', () => {
  it('probes at once, then once in every slot and ecosystem', async () => {
    const clock = createVirtualClock(START);
    const store = createMemoryMetricsStore();
    const asked: string[] = [];
    createSelfProbe({
      clock,
      store,
      ecosystems: ['open-finance', 'open-insurance'],
      probe: async (ecosystem) => {
        asked.push(`${ecosystem} ${(clock.now() - START) / 1000}`);
        return OK;
      },
    });
    await clock.advance(60_000);
    await settle();
    assert.deepEqual(
      asked,
      [0, 20, 50].flatMap((at) => [`open-finance ${at}`, `open-insurance ${at}`]),
    );
    assert.equal(store.probes().length, 6);
    assert.deepEqual([...new Set(store.probes().map(({ slot }) => slot - slotAt(START)))], [0, 1, 2]);
  });

  it('finds no answer after a second, and when asking fails', async () => {
    const clock = createVirtualClock(START);
    const store = createMemoryMetricsStore();
    let signal: AbortSignal | undefined;
    createSelfProbe({
      clock,
      store,
      ecosystems: ['mute', 'broken', 'well'],
      probe: (ecosystem, given) => {
        if (ecosystem === 'well') return Promise.resolve(OK);
        if (ecosystem === 'broken') return Promise.reject(new Error('refused'));
        signal = given;
        return new Promise(() => {});
      },
    });
    await clock.advance(999);
    await settle();
    assert.equal(store.probes().length, 0);
    assert.equal(signal?.aborted, false);
    await clock.advance(1);
    await settle();
    assert.deepEqual(
      store.probes().map(({ ecosystem, code }) => [ecosystem, code]),
      [
        ['mute', 'NO_ANSWER'],
        ['broken', 'NO_ANSWER'],
        ['well', 'OK'],
      ],
    );
    assert.equal(signal?.aborted, true);
  });

  it('keeps findings while the store is away, and stores what is left when it stops', async () => {
    const clock = createVirtualClock(START);
    const store = createMemoryMetricsStore();
    const waiting: number[] = [];
    store.mishap = () => 'commits, then fails';
    const probing = createSelfProbe({
      clock,
      store,
      ecosystems: ['open-insurance'],
      probe: async () => OK,
      onFailure: (_error, count) => waiting.push(count),
    });
    for (let slot = 0; slot < 4; slot += 1) {
      await clock.advance(30_000);
      await settle();
    }
    assert.deepEqual(waiting, [1, 2, 3, 4, 5]);
    store.mishap = () => undefined;
    await probing.stop();
    assert.equal(store.probes().length, 5);
    await clock.advance(300_000);
    assert.equal(store.probes().length, 5);
  });
});

describe('a simulated quarter', () => {
  it('has exactly the downtime that was put into it', async () => {
    const calendar = createCalendar('America/Sao_Paulo');
    const local = (text: string) => Date.parse(`${text}-03:00`);
    const start = local('2026-01-01T00:00:00');
    const end = local('2026-04-01T00:00:00');
    const failures = [
      {
        from: local('2026-01-10T12:00:00'),
        to: local('2026-01-10T13:12:00'),
        code: 'UNAVAILABLE',
        unavailableEndpoints: [],
      },
      {
        from: local('2026-02-27T23:00:00'),
        to: local('2026-02-28T01:00:00'),
        code: 'PARTIAL_FAILURE',
        unavailableEndpoints: ['/a'],
      },
      {
        from: local('2026-02-14T02:00:00'),
        to: local('2026-02-14T04:00:00'),
        code: 'SCHEDULED_OUTAGE',
        unavailableEndpoints: [],
      },
      {
        from: local('2026-03-31T20:00:00'),
        to: local('2026-03-31T20:30:00'),
        code: 'NO_ANSWER',
        unavailableEndpoints: [],
      },
    ] as const;
    const outages: AnnouncedOutage[] = [
      {
        ecosystem: undefined,
        startsAt: local('2026-02-14T02:00:00'),
        endsAt: local('2026-02-14T04:00:00'),
        announcedAt: local('2026-02-01T00:00:00'),
      },
    ];
    const { asked, stored, history } = await simulateProbes({ from: start, to: end, failures });
    assert.equal(asked, 259_200);
    assert.equal(stored, 259_200);

    const fromSlot = slotAt(start);
    const untilSlot = slotAt(end);
    const downtime = measureDowntime({ history, outages, calendar, fromSlot, untilSlot });
    const seconds = sumDowntime(downtime, fromSlot, untilSlot);
    assert.equal(seconds.general, 4_320 + 7_200 + 1_800);
    assert.equal(seconds.scheduled, 7_200);
    assert.equal(seconds.ofEndpoint('/a'), 4_320 + 7_200 + 1_800);
    assert.equal(seconds.ofEndpoint('/b'), 4_320 + 1_800);

    const [day, month, quarter] = serviceLevels({ downtime, calendar });
    assert.deepEqual([day?.downSeconds, month?.downSeconds, quarter?.downSeconds], [1_800, 1_800, 13_320]);
    assert.equal(quarter?.remainingSeconds, 38_880 - 13_320);
    assert.equal(quarter?.uptimeRate.toFixed(6), '0.998287');
    const endpoint = serviceLevels({ downtime, calendar, endpoint: '/b' });
    assert.equal(endpoint[2]?.downSeconds, 6_120);
  });

  it('counts the slots of a process that was not there', () => {
    const calendar = createCalendar('America/Sao_Paulo');
    const history: ProbeHistory = {
      ecosystem: 'x',
      firstSlot: 1_000,
      runs: [{ fromSlot: 1_000, toSlot: 1_010, ...OK }],
    };
    const downtime = measureDowntime({ history, outages: [], calendar, fromSlot: 0, untilSlot: 260_200 });
    assert.equal(sumDowntime(downtime, 0, 260_200).general, (260_200 - 1_010) * 30);
  });
});
