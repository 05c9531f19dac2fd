import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { monthsLater } from './months-later.ts';

describe('given a day of the calendar', () => {
  const cases = [
    { day: '2025-03-10', months: 12, later: '2026-03-10' },
    { day: '2025-12-10', months: 3, later: '2026-03-10' },
    { day: '2025-11-30', months: 3, later: '2026-02-28' },
    { day: '2024-02-29', months: 12, later: '2025-02-28' },
    { day: '2023-11-30', months: 3, later: '2024-02-29' },
    { day: '2026-01-31', months: 0, later: '2026-01-31' },
  ];
  for (const { day, months, later } of cases)
    it(`when ${months} months pass after ${day}, then it is ${later}`, () =>
      assert.equal(monthsLater(day, months), later));

  it('when any months pass, then it is a day of the month that lies so far ahead', () => {
    const day = fc
      .date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 60 }), (from, months) => {
        const later = monthsLater(from, months) as string;
        const monthsOf = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));
        assert.equal(monthsOf(later) - monthsOf(from), months);
        assert.ok(Number(later.slice(8)) <= Number(from.slice(8)));
      }),
    );
  });
});

describe('given what is no day', () => {
  for (const text of ['', '2026-02-30', '2026-13-01', '26-01-01', '2026-01-01T00:00:00Z', 'today'])
    it(`when it is '${text}', then nothing lies ahead of it`, () =>
      assert.equal(monthsLater(text, 1), undefined));
});
