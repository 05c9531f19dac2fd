import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Decimal } from './column-value.ts';
import { type Conversion, convertColumn } from './convert-column.ts';

function converted(conversion: Conversion, ...values: readonly (string | Decimal | boolean)[]) {
  return values.map((value) => convertColumn(value, conversion));
}

const decimals = (...texts: string[]) => texts.map((text) => new Decimal(text));

describe('given the value of a column', () => {
  it('when it is money, then it has two to four decimals and every digit that it had', () => {
    assert.deepEqual(
      converted('money', ...decimals('1234.5', '18000', '-0.1', '1.23450', '007.10', '9007199254740993.01')),
      ['1234.50', '18000.00', '-0.10', '1.2345', '7.10', '9007199254740993.01'],
    );
  });

  it('when money would have to be rounded or is none, then it stays as it is', () => {
    assert.deepEqual(converted('money', ...decimals('0.12345', '1e5', 'NaN'), 'R$ 10'), [
      '0.12345',
      '1e5',
      'NaN',
      'R$ 10',
    ]);
  });

  it('when it is any amount, then as money it is the same amount', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.integer({ min: 0, max: 4 }),
        (units, scale) => {
          const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
          const cut = digits.length - scale;
          const text = `${units < 0n ? '-' : ''}${digits.slice(0, cut)}${scale > 0 ? `.${digits.slice(cut)}` : ''}`;
          const money = convertColumn(new Decimal(text), 'money') as string;
          assert.match(money, /^-?\d+\.\d{2,4}$/);
          assert.equal(
            BigInt(money.replace(/\..*/, '') + (money.split('.')[1] ?? '').padEnd(4, '0')),
            units * 10n ** BigInt(4 - scale),
          );
        },
      ),
    );
  });

  it('when it is an instant, then it is told in UTC, to the second or to the millisecond', () => {
    assert.deepEqual(
      converted(
        'dateTime',
        '2026-01-31T13:00:00.5Z',
        '2026-01-31 22:30:00-03',
        '2026-01-31T10:00:00+0530',
        '2026-01-31',
      ),
      ['2026-01-31T13:00:00Z', '2026-02-01T01:30:00Z', '2026-01-31T04:30:00Z', '2026-01-31T00:00:00Z'],
    );
    assert.deepEqual(converted('dateTimeMillis', '2026-01-31T13:00:00.123456Z', '2026-01-31T13:00:00Z'), [
      '2026-01-31T13:00:00.123Z',
      '2026-01-31T13:00:00.000Z',
    ]);
    assert.deepEqual(converted('date', '2026-01-31T23:30:00-03:00', '2026-01-31', '31/01/2026', 'infinity'), [
      '2026-02-01',
      '2026-01-31',
      '31/01/2026',
      'infinity',
    ]);
  });

  it('when it is a number, a truth or a text, then it is that, and else stays as it is', () => {
    assert.deepEqual(converted('number', ...decimals('1.59', '-3'), '2.5', 'many', ''), [
      1.59,
      -3,
      2.5,
      'many',
      '',
    ]);
    assert.deepEqual(converted('integer', new Decimal('24'), true), [24, true]);
    assert.deepEqual(converted('boolean', 't', 'FALSE', '1', 'sim', true), [true, false, true, 'sim', true]);
    assert.deepEqual(converted('text', new Decimal('00123'), true, 'a'), ['00123', 'true', 'a']);
    assert.deepEqual(converted('as-is', new Decimal('1.50'), new Decimal('NaN'), 'a', false), [
      1.5,
      'NaN',
      'a',
      false,
    ]);
  });

  it('when it is JSON, then no conversion changes it', () => {
    const value = { a: [1] };
    for (const conversion of ['text', 'money', 'date', 'as-is'] as const)
      assert.equal(convertColumn(value, conversion), value);
  });
});
