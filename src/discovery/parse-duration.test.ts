import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { catalogFolder, profiles } from '../../test/support/contract-folder.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { parseDuration } from './parse-duration.ts';

const HOUR = 3_600_000;

describe('reading a duration', () => {
  const good: [string, number][] = [
    ['PT2H30M', 2.5 * HOUR],
    ['PT1S', 1000],
    ['PT90M', 1.5 * HOUR],
    ['P1D', 24 * HOUR],
    ['P1DT12H', 36 * HOUR],
    ['P2W', 336 * HOUR],
    ['P1W1DT1H1M1S', 168 * HOUR + 24 * HOUR + HOUR + 61_000],
    ['PT0.5H', HOUR / 2],
    ['P0.5D', 12 * HOUR],
    ['PT1.5S', 1500],
    ['PT0H1M', 60_000],
    ['P90D', 2160 * HOUR],
    ['PT36H', 36 * HOUR],
  ];
  for (const [text, ms] of good)
    it(`${text} is ${ms} ms`, () => assert.deepEqual(parseDuration(text), { ms }));

  const bad: [string, RegExp][] = [
    ['', /empty/],
    ['P', /names no amount/],
    ['PT', /names no amount/],
    ['P1DT', /names no amount/],
    ['-PT1H', /negative/],
    ['PT-1H', /negative/],
    ['PT0S', /shorter than a second/],
    ['PT0.4S', /shorter than a second/],
    ['P91D', /longer than 90 days/],
    ['PT2160H1S', /longer than 90 days/],
    [`PT${'9'.repeat(40)}H`, /longer than 90 days/],
    [`PT${'9'.repeat(400)}H`, /longer than 64 characters/],
    ['P1Y', /years and months/],
    ['P1M', /years and months/],
    ['P1M2DT1H', /years and months/],
    ['PT1H30', /no ISO 8601/],
    ['P1DT5', /no ISO 8601/],
    ['2h', /no ISO 8601/],
    ['pt2h', /no ISO 8601/],
    ['PT1,5H', /no ISO 8601/],
    ['PT1M1H', /no ISO 8601/],
    ['P1H', /no ISO 8601/],
    [' PT1H', /no ISO 8601/],
    ['PT1H\n', /no ISO 8601/],
    ['PT1.H', /no ISO 8601/],
    ['PTNaNH', /no ISO 8601/],
  ];
  for (const [text, fault] of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}: ${fault.source}`, () => {
      const parsed = parseDuration(text);
      assert.ok('fault' in parsed);
      assert.match(parsed.fault, fault);
    });
  }

  const amount = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
  const parts = fc.record({ W: amount, D: amount, H: amount, M: amount, S: amount });

  it('adds up its parts, whatever they are', () => {
    fc.assert(
      fc.property(parts, ({ W, D, H, M, S }) => {
        const word = (value: number | undefined, unit: string) =>
          value === undefined ? '' : `${value}${unit}`;
        const time = word(H, 'H') + word(M, 'M') + word(S, 'S');
        const date = word(W, 'W') + word(D, 'D');
        const parsed = parseDuration(`P${date}${time === '' ? '' : `T${time}`}`);
        const days = (W ?? 0) * 7 + (D ?? 0);
        const ms = days * 24 * HOUR + (H ?? 0) * HOUR + (M ?? 0) * 60_000 + (S ?? 0) * 1000;
        const isGood = ms >= 1000 && ms <= 90 * 24 * HOUR;
        if (isGood) assert.deepEqual(parsed, { ms });
        else assert.ok('fault' in parsed);
      }),
    );
  });

  it('takes nothing that a contract of the catalog would refuse, and never throws', () => {
    const { operations } = loadContracts({ profiles, catalog: catalogFolder, contracts: [] });
    const outages = operations.filter(({ kind }) => kind === 'outages');
    const patterns = outages.flatMap(({ answer }) => {
      const found = /"duration":\{"type":"string","pattern":("(?:[^"\\]|\\.)*")/.exec(
        JSON.stringify(answer.schema()),
      );
      return found ? [new RegExp(JSON.parse(found[1] as string))] : [];
    });
    assert.ok(patterns.length >= 2);
    const letters = fc.string({ unit: fc.constantFrom(...'PTWDHMSY0123456789.,- '), maxLength: 14 });
    const likely = fc.stringMatching(
      /^P(\d{1,2}W)?(\d{1,2}(\.\d)?D)?(T(\d{1,3}H)?(\d{1,2}M)?(\d{1,2}(\.\d{1,3})?S)?)?$/,
    );
    fc.assert(
      fc.property(fc.oneof(letters, likely, fc.string()), (text) => {
        const parsed = parseDuration(text);
        if ('fault' in parsed) assert.ok(parsed.fault.length > 0);
        else {
          assert.ok(Number.isSafeInteger(parsed.ms) && parsed.ms >= 1000);
          for (const pattern of patterns) assert.match(text, pattern);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
