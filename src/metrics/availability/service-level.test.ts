import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCalendar } from '../calendar.ts';
import type { DownRun } from './downtime.ts';
import { slotAt } from './probe-slot.ts';
import { quarterStart, type ServicePeriod, serviceLevels } from './service-level.ts';

const calendar = createCalendar('America/Sao_Paulo');
const local = (text: string) => Date.parse(`${text}-03:00`);
const HOUR = 3600_000;

function levelsAt(
  now: string,
  down: readonly (readonly [string, string, DownRun['endpoints']?])[],
  endpoint?: string,
) {
  const counted = down.map(([from, to, endpoints = 'all']) => ({
    fromSlot: slotAt(local(from)),
    toSlot: slotAt(local(to)),
    endpoints,
  }));
  const untilSlot = slotAt(local(now));
  const fromSlot = slotAt(calendar.startOf(quarterStart(now.slice(0, 10))));
  const levels = serviceLevels({
    downtime: { fromSlot, untilSlot, counted, scheduled: [] },
    calendar,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return (period: ServicePeriod) => {
    const level = levels.find((one) => one.period === period);
    assert.ok(level);
    return level;
  };
}

describe('service levels', () => {
  it('know the days of their periods and what each allows', () => {
    const level = levelsAt('2026-02-11T12:00:00', []);
    const spans = (['day', 'month', 'quarter'] as const).map((period) => {
      const { fromDay, toDay, target, allowedSeconds, uptimeRate } = level(period);
      return [fromDay, toDay, target, allowedSeconds, uptimeRate];
    });
    assert.deepEqual(spans, [
      ['2026-02-11', '2026-02-11', 0.85, 12_960, 1],
      ['2026-02-01', '2026-02-28', 0.95, 28 * 4_320, 1],
      ['2026-01-01', '2026-03-31', 0.995, 90 * 432, 1],
    ]);
    assert.equal(levelsAt('2026-12-31T23:59:30', [])('quarter').toDay, '2026-12-31');
    assert.equal(levelsAt('2026-12-31T23:59:30', [])('month').toDay, '2026-12-31');
  });

  it('count the downtime of their own period only', () => {
    const level = levelsAt('2026-03-10T12:00:00', [
      ['2026-01-01T00:00:00', '2026-01-01T01:00:00'],
      ['2026-02-28T23:30:00', '2026-03-01T00:30:00'],
      ['2026-03-10T00:00:00', '2026-03-10T00:10:00'],
    ]);
    assert.equal(level('day').downSeconds, 600);
    assert.equal(level('month').downSeconds, 1_800 + 600);
    assert.equal(level('quarter').downSeconds, 3_600 + 3_600 + 600);
    assert.equal(level('quarter').remainingSeconds, 38_880 - 7_800);
    assert.equal(level('day').uptimeRate, 1 - 600 / 86_400);
  });

  it('are kept at exactly what they allow and missed beyond', () => {
    const exact = levelsAt('2026-03-10T12:00:00', [['2026-03-10T01:00:00', '2026-03-10T04:36:00']])('day');
    assert.equal(exact.remainingSeconds, 0);
    assert.notEqual(exact.forecast.lastDay.state, 'missed');
    const beyond = levelsAt('2026-03-10T12:00:00', [['2026-03-10T01:00:00', '2026-03-10T04:36:30']])('day');
    assert.equal(beyond.remainingSeconds, -30);
    assert.deepEqual(beyond.forecast, { lastHour: { state: 'missed' }, lastDay: { state: 'missed' } });
  });

  it('are those of one endpoint when asked', () => {
    const down = [['2026-03-10T10:00:00', '2026-03-10T11:00:00', ['/a']]] as const;
    assert.equal(levelsAt('2026-03-10T12:00:00', down, '/a')('day').downSeconds, 3_600);
    assert.equal(levelsAt('2026-03-10T12:00:00', down, '/b')('day').downSeconds, 0);
  });
});

describe('the forecast', () => {
  it('is never without downtime', () => {
    const { forecast } = levelsAt('2026-03-10T12:00:00', [])('quarter');
    assert.deepEqual(forecast, { lastHour: { state: 'never' }, lastDay: { state: 'never' } });
  });

  it('reaches the end of the allowance at the rate of the last hour, and of the last day', () => {
    // Down since 11:00: the last hour burns a second per second, the last day one in 24.
    const level = levelsAt('2026-03-10T12:00:00', [['2026-03-10T11:00:00', '2026-03-10T12:00:00']]);
    const now = local('2026-03-10T12:00:00');
    assert.deepEqual(level('day').forecast, {
      lastHour: { state: 'expected', at: now + (12_960 - 3_600) * 1000 },
      lastDay: { state: 'never' },
    });
    const quarterLeft = (38_880 - 3_600) * 1000;
    assert.deepEqual(level('quarter').forecast, {
      lastHour: { state: 'expected', at: now + quarterLeft },
      lastDay: { state: 'expected', at: now + quarterLeft * 24 },
    });
    assert.equal(
      level('quarter').forecast.lastDay.state === 'expected',
      now + quarterLeft * 24 < local('2026-04-01T00:00:00'),
    );
  });

  it('is never when the period ends before the allowance does', () => {
    const level = levelsAt('2026-03-31T23:00:00', [['2026-03-31T22:00:00', '2026-03-31T22:30:00']]);
    for (const period of ['day', 'month', 'quarter'] as const)
      assert.deepEqual(level(period).forecast.lastHour, { state: 'never' }, period);
  });

  it('forgets downtime that is older than its window', () => {
    const { forecast } = levelsAt('2026-03-10T12:00:00', [['2026-03-10T09:00:00', '2026-03-10T11:00:00']])(
      'quarter',
    );
    assert.equal(forecast.lastHour.state, 'never');
    assert.equal(forecast.lastDay.state, 'expected');
  });

  it('uses what is known where probing began within its window', () => {
    const from = local('2026-03-10T11:30:00');
    const downtime = {
      fromSlot: slotAt(from),
      untilSlot: slotAt(from + HOUR / 2),
      counted: [{ fromSlot: slotAt(from), toSlot: slotAt(from + HOUR / 4), endpoints: 'all' as const }],
      scheduled: [],
    };
    const day = serviceLevels({ downtime, calendar })[0];
    const expected = { state: 'expected', at: from + HOUR / 2 + (12_960 - 900) * 2 * 1000 };
    assert.deepEqual(day?.forecast, { lastHour: expected, lastDay: expected });
  });
});
