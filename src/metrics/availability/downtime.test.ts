import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCalendar } from '../calendar.ts';
import { uptimeRate } from '../create-report.ts';
import type { ProbeCode, ProbeRun } from '../metrics-store.ts';
import { type AnnouncedOutage, measureDowntime, sumDowntime } from './downtime.ts';
import { slotAt } from './probe-slot.ts';

const calendar = createCalendar('America/Sao_Paulo');
const DAY = 24 * 3600_000;
/** An instant of March 2026, in local time. */
const local = (text: string, day = '2026-03-10') => Date.parse(`${day}T${text}-03:00`);
const slot = (text: string, day?: string) => slotAt(local(text, day));

function run(
  from: string,
  to: string,
  code: ProbeCode,
  unavailableEndpoints: string[] = [],
  day?: string,
): ProbeRun {
  return { fromSlot: slot(from, day), toSlot: slot(to, day), code, unavailableEndpoints };
}

function outage(from: string, to: string, noticeMs = 7 * DAY, day?: string): AnnouncedOutage {
  const startsAt = local(from, day);
  return { ecosystem: undefined, startsAt, endsAt: local(to, day), announcedAt: startsAt - noticeMs };
}

/** The seconds of a day on which everything but the given runs was OK. */
function measure(runs: readonly ProbeRun[], outages: readonly AnnouncedOutage[] = []) {
  const days = [
    ...new Set(['2026-03-10', ...runs.map(({ fromSlot }) => calendar.dayOf(fromSlot * 30_000))]),
  ].sort();
  const first = slotAt(calendar.startOf(days[0] as string));
  const until = slotAt(calendar.startOf(days.at(-1) as string) + DAY);
  const all: ProbeRun[] = [];
  let next = first;
  for (const one of runs) {
    if (one.fromSlot > next)
      all.push({ fromSlot: next, toSlot: one.fromSlot, code: 'OK', unavailableEndpoints: [] });
    all.push(one);
    next = one.toSlot;
  }
  if (next < until) all.push({ fromSlot: next, toSlot: until, code: 'OK', unavailableEndpoints: [] });
  const history = { ecosystem: 'open-insurance', firstSlot: first, runs: all };
  const fromSlot = slotAt(calendar.startOf('2026-03-01'));
  return sumDowntime(
    measureDowntime({ history, outages, calendar, fromSlot, untilSlot: until }),
    first,
    until,
  );
}

describe('the arithmetic of downtime', () => {
  const hour = 3600;
  const table: readonly {
    readonly rule: string;
    readonly runs: readonly ProbeRun[];
    readonly outages?: readonly AnnouncedOutage[];
    readonly general: number;
    readonly scheduled?: number;
  }[] = [
    { rule: 'OK is up', runs: [], general: 0 },
    ...(['PARTIAL_FAILURE', 'UNAVAILABLE', 'NO_ANSWER'] as const).flatMap((code) => [
      { rule: `${code} counts by day`, runs: [run('10:00:00', '11:00:00', code)], general: hour },
      { rule: `${code} counts between 01 and 07`, runs: [run('02:00:00', '03:00:00', code)], general: hour },
      {
        rule: `${code} counts even while an outage is announced`,
        runs: [run('02:00:00', '03:00:00', code)],
        outages: [outage('02:00:00', '03:00:00')],
        general: hour,
      },
      { rule: `one ${code} is 30 seconds`, runs: [run('10:00:00', '10:00:30', code)], general: 30 },
    ]),
    {
      rule: 'an announced outage in the window is excused',
      runs: [run('02:00:00', '04:30:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('02:00:00', '04:30:00')],
      general: 0,
      scheduled: 2.5 * hour,
    },
    {
      rule: 'an outage nobody announced counts, in both counters',
      runs: [run('02:00:00', '03:00:00', 'SCHEDULED_OUTAGE')],
      general: hour,
      scheduled: hour,
    },
    {
      rule: 'a notice of exactly seven days is enough',
      runs: [run('02:00:00', '03:00:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('02:00:00', '03:00:00', 7 * DAY)],
      general: 0,
      scheduled: hour,
    },
    {
      rule: 'a millisecond less is not',
      runs: [run('02:00:00', '03:00:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('02:00:00', '03:00:00', 7 * DAY - 1)],
      general: hour,
      scheduled: hour,
    },
    {
      rule: 'the window includes 01:00:00',
      runs: [run('00:59:00', '01:01:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('00:59:00', '01:01:00')],
      general: 60,
      scheduled: 60,
    },
    {
      rule: 'and not 07:00:00',
      runs: [run('06:59:30', '07:00:30', 'SCHEDULED_OUTAGE')],
      outages: [outage('06:59:30', '07:00:30')],
      general: 30,
      scheduled: 30,
    },
    {
      rule: 'a scheduled outage outside of the window counts',
      runs: [run('10:00:00', '11:00:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('10:00:00', '11:00:00')],
      general: hour,
    },
    {
      rule: 'beyond three hours it counts',
      runs: [run('01:00:00', '05:00:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('01:00:00', '05:00:00')],
      general: hour,
      scheduled: 4 * hour,
    },
    {
      rule: 'the three hours are of the whole month',
      runs: [
        run('01:00:00', '03:00:00', 'SCHEDULED_OUTAGE', [], '2026-03-10'),
        run('01:00:00', '03:00:00', 'SCHEDULED_OUTAGE', [], '2026-03-20'),
      ],
      outages: [outage('01:00:00', '03:00:00'), outage('01:00:00', '03:00:00', 8 * DAY, '2026-03-20')],
      general: hour,
      scheduled: 4 * hour,
    },
    {
      rule: 'and begin anew with the next month',
      runs: [
        run('01:00:00', '04:00:00', 'SCHEDULED_OUTAGE', [], '2026-03-31'),
        run('01:00:00', '04:00:00', 'SCHEDULED_OUTAGE', [], '2026-04-01'),
      ],
      outages: [
        outage('01:00:00', '04:00:00', 7 * DAY, '2026-03-31'),
        outage('01:00:00', '04:00:00', 7 * DAY, '2026-04-01'),
      ],
      general: 0,
      scheduled: 6 * hour,
    },
    {
      rule: 'what the announced outage does not cover counts',
      runs: [run('02:00:00', '04:00:00', 'SCHEDULED_OUTAGE')],
      outages: [outage('02:00:00', '03:00:00')],
      general: hour,
      scheduled: 2 * hour,
    },
    {
      rule: 'an unannounced outage does not use the allowance up',
      runs: [
        run('01:00:00', '04:00:00', 'SCHEDULED_OUTAGE', [], '2026-03-10'),
        run('01:00:00', '04:00:00', 'SCHEDULED_OUTAGE', [], '2026-03-20'),
      ],
      outages: [outage('01:00:00', '04:00:00', 7 * DAY, '2026-03-20')],
      general: 3 * hour,
      scheduled: 6 * hour,
    },
  ];

  for (const { rule, runs, outages = [], general, scheduled = 0 } of table) {
    it(rule, () => {
      const seconds = measure(runs, outages);
      assert.equal(seconds.general, general);
      assert.equal(seconds.scheduled, scheduled);
    });
  }

  it('counts endpoints on their own, and those that are down together once in general', () => {
    const seconds = measure([
      run('10:00:00', '11:00:00', 'PARTIAL_FAILURE', ['/a', '/b']),
      run('12:00:00', '12:30:00', 'PARTIAL_FAILURE', ['/a']),
      run('13:00:00', '13:10:00', 'UNAVAILABLE', ['/b']),
      run('14:00:00', '14:05:00', 'UNAVAILABLE'),
      run('15:00:00', '15:01:00', 'PARTIAL_FAILURE'),
    ]);
    assert.equal(seconds.general, 3600 + 1800 + 600 + 300 + 60);
    assert.equal(seconds.ofEndpoint('/a'), 3600 + 1800 + 300);
    assert.equal(seconds.ofEndpoint('/b'), 3600 + 600 + 300);
    assert.equal(seconds.ofEndpoint('/c'), 300);
  });

  it('excuses the endpoints of an announced outage, and only them', () => {
    const runs = [run('02:00:00', '03:00:00', 'SCHEDULED_OUTAGE', ['/a'])];
    assert.equal(measure(runs, [outage('02:00:00', '03:00:00')]).ofEndpoint('/a'), 0);
    assert.equal(measure(runs).ofEndpoint('/a'), 3600);
    assert.equal(measure(runs).ofEndpoint('/b'), 0);
  });

  it('counts slots without a probe after the first one ever, and none before', () => {
    const history = {
      ecosystem: 'open-insurance',
      firstSlot: slot('10:00:00'),
      runs: [run('10:00:00', '10:01:00', 'OK'), run('10:02:00', '10:03:00', 'OK')],
    };
    const until = slot('10:05:00');
    const downtime = measureDowntime({ history, outages: [], calendar, fromSlot: 0, untilSlot: until });
    assert.equal(sumDowntime(downtime, 0, until).general, 60 + 120);
    assert.equal(sumDowntime(downtime, 0, until).ofEndpoint('/any'), 180);
    assert.equal(downtime.fromSlot, slot('10:00:00'));
  });

  it('knows of no downtime where nothing was ever probed', () => {
    const downtime = measureDowntime({
      history: undefined,
      outages: [],
      calendar,
      fromSlot: 5,
      untilSlot: 90,
    });
    assert.deepEqual(downtime, { fromSlot: 90, untilSlot: 90, counted: [], scheduled: [] });
  });

  it('does not judge the running slot', () => {
    const history = {
      ecosystem: 'x',
      firstSlot: 10,
      runs: [{ ...run('10:00:00', '10:00:30', 'OK'), fromSlot: 10, toSlot: 12 }],
    };
    const downtime = measureDowntime({ history, outages: [], calendar, fromSlot: 0, untilSlot: 12 });
    assert.deepEqual(downtime.counted, []);
  });

  it('finds 4,320 seconds of a day to be 0.950000, and 12,960 to be 0.850000', () => {
    const seconds = measure([run('10:00:00', '11:12:00', 'UNAVAILABLE')]).general;
    assert.equal(seconds, 4_320);
    assert.equal(uptimeRate(seconds, 1), '0.950000');
    assert.equal(uptimeRate(measure([run('10:00:00', '13:36:00', 'NO_ANSWER')]).general, 1), '0.850000');
    assert.equal(uptimeRate(86_400, 1), '0.000000');
    assert.equal(uptimeRate(0, 8), '1.000000');
    assert.equal(uptimeRate(30, 8), '0.999957');
  });
});
