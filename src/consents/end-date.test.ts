import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isAcceptableEnd, isAcceptableRenewal, parseDateTime } from './end-date.ts';

const NOW = Date.UTC(2026, 2, 10, 12);
const SECOND = 1000;
const FINITE = { isRequired: true, maxMonths: 12, toleranceMs: 60 * SECOND };
const OPTIONAL = { ...FINITE, isRequired: false };

describe('given a date of a request', () => {
  it('when the calendar has it, then it is read', () => {
    assert.equal(parseDateTime('2026-03-10T12:00:00Z'), NOW);
    assert.equal(parseDateTime('2028-02-29T23:59:59Z'), Date.UTC(2028, 1, 29, 23, 59, 59));
  });

  for (const text of [
    '2026-02-30T12:00:00Z',
    '2026-02-29T12:00:00Z',
    '2026-3-10T12:00:00Z',
    '2026-03-10T12:00:00',
    '2026-03-10T12:00:00+00:00',
    '2026-03-10T12:00:60Z',
    '2026-03-10T24:00:00Z',
    '2026-03-10 12:00:00Z',
    '',
  ])
    it(`when it is "${text}", then it is no date`, () => assert.ok(Number.isNaN(parseDateTime(text))));
});

describe('given the end of a new consent', () => {
  it('when it is not after now, then it is not accepted', () => {
    assert.ok(!isAcceptableEnd(OPTIONAL, NOW, NOW));
    assert.ok(!isAcceptableEnd(OPTIONAL, NOW - SECOND, NOW));
    assert.ok(isAcceptableEnd(OPTIONAL, NOW + SECOND, NOW));
  });

  it('when it is twelve months ahead, then it is accepted, and a day later not', () => {
    const yearAhead = Date.UTC(2027, 2, 10, 12);
    assert.ok(isAcceptableEnd(OPTIONAL, yearAhead, NOW));
    assert.ok(isAcceptableEnd(OPTIONAL, yearAhead + 60 * SECOND, NOW), 'the receiver’s clock may be ahead');
    assert.ok(!isAcceptableEnd(OPTIONAL, yearAhead + 61 * SECOND, NOW));
    assert.ok(!isAcceptableEnd(OPTIONAL, Date.UTC(2027, 2, 11, 12), NOW));
  });

  it('when the month that it would fall into is shorter, then its last day counts', () => {
    const leapDay = Date.UTC(2028, 1, 29, 12);
    assert.ok(isAcceptableEnd(OPTIONAL, Date.UTC(2029, 1, 28, 12), leapDay));
    assert.ok(!isAcceptableEnd(OPTIONAL, Date.UTC(2029, 2, 1, 12), leapDay));
    const month = { ...OPTIONAL, maxMonths: 1 };
    assert.ok(!isAcceptableEnd(month, Date.UTC(2026, 2, 1, 12), Date.UTC(2026, 0, 31, 12)));
  });

  it('when it is the old mark for a consent without end, then it is a date like any other', () => {
    assert.ok(!isAcceptableEnd(OPTIONAL, Date.UTC(2300, 0, 1), NOW));
  });

  it('when it is absent, then the ecosystem decides', () => {
    assert.ok(isAcceptableEnd(OPTIONAL, undefined, NOW));
    assert.ok(!isAcceptableEnd(FINITE, undefined, NOW));
  });

  it('when it is no date, then it is not accepted', () => {
    assert.ok(!isAcceptableEnd(OPTIONAL, Number.NaN, NOW));
  });
});

describe('given the end of a renewed consent', () => {
  const current = NOW + 30 * 86_400_000;

  it('when it is not later than the present one, then it is not accepted', () => {
    assert.ok(!isAcceptableRenewal(OPTIONAL, current, current, NOW));
    assert.ok(!isAcceptableRenewal(OPTIONAL, current - SECOND, current, NOW));
    assert.ok(isAcceptableRenewal(OPTIONAL, current + SECOND, current, NOW));
  });

  it('when it is absent, then the consent is without end from now on', () => {
    assert.ok(isAcceptableRenewal(OPTIONAL, undefined, current, NOW));
    assert.ok(isAcceptableRenewal(OPTIONAL, undefined, undefined, NOW));
  });

  it('when the consent is without end, then no date is later', () => {
    assert.ok(!isAcceptableRenewal(OPTIONAL, current, undefined, NOW));
  });

  it('when it is accepted, then a new consent could end then too', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 4e7 }), fc.integer({ min: 1, max: 3e7 }), (seconds, left) => {
        const end = NOW + seconds * SECOND;
        const now = NOW + left * SECOND;
        return !isAcceptableRenewal(OPTIONAL, end, now, NOW) || isAcceptableEnd(OPTIONAL, end, NOW);
      }),
    );
  });
});
