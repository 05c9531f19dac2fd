import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createCalendar, shiftDay } from './calendar.ts';
import { createDayOf } from './day-of.ts';

const at = (text: string) => Date.parse(text);

describe('days in the regulatory time zone', () => {
  const calendar = createCalendar('America/Sao_Paulo');

  for (const [instant, day, second] of [
    ['2026-03-11T02:59:59.999Z', '2026-03-10', 86_399],
    ['2026-03-11T03:00:00.000Z', '2026-03-11', 0],
    ['2026-01-01T02:59:59Z', '2025-12-31', 86_399],
    ['2026-01-01T03:00:00Z', '2026-01-01', 0],
    ['2024-03-01T02:00:00Z', '2024-02-29', 82_800],
    ['2026-05-31T23:59:59Z', '2026-05-31', 75_599],
    ['2026-06-01T03:00:00Z', '2026-06-01', 0],
  ] as const) {
    it(`${instant} is second ${second} of ${day}`, () => {
      assert.equal(calendar.dayOf(at(instant)), day);
      assert.equal(calendar.secondOfDay(at(instant)), second);
    });
  }

  it('starts days at three in UTC', () => {
    assert.equal(calendar.startOf('2026-03-11'), at('2026-03-11T03:00:00Z'));
  });

  it('follows the summer time that the zone used to have, at midnight', () => {
    // 2018-11-04 had no 00:00; on 2018-02-17 the last hour came twice.
    assert.equal(calendar.startOf('2018-11-04'), at('2018-11-04T03:00:00Z'));
    assert.equal(calendar.startOf('2018-02-18'), at('2018-02-18T03:00:00Z'));
    assert.equal(calendar.dayOf(at('2018-02-18T02:30:00Z')), '2018-02-17');
  });

  it('agrees with Intl anywhere', () => {
    const instant = fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
    for (const timeZone of ['America/Sao_Paulo', 'America/Noronha', 'Asia/Kathmandu', 'UTC']) {
      const { dayOf, secondOfDay, startOf } = createCalendar(timeZone);
      const dayAlone = createDayOf(timeZone);
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
      fc.assert(
        fc.property(instant, (moment) => {
          const second = secondOfDay(moment);
          const clock = [second / 3600, (second / 60) % 60, second % 60].map((part) =>
            String(Math.floor(part)).padStart(2, '0'),
          );
          assert.equal(`${dayOf(moment)} ${clock.join(':')}`, format.format(moment));
          assert.equal(dayAlone(moment), dayOf(moment));
          const start = startOf(dayOf(moment));
          assert.equal(dayOf(start), dayOf(moment));
          assert.ok(start <= moment && dayOf(start - 1) < dayOf(start));
        }),
        { numRuns: 300 },
      );
    }
  });

  it('counts days over the ends of months and years', () => {
    assert.equal(shiftDay('2026-01-01', -1), '2025-12-31');
    assert.equal(shiftDay('2024-02-28', 1), '2024-02-29');
    assert.equal(shiftDay('2026-03-10', -7), '2026-03-03');
  });

  it('does not accept a zone that does not exist', () => {
    assert.throws(() => createCalendar('America/Nowhere'), RangeError);
  });
});
