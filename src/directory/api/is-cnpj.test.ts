import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isCnpj } from './is-cnpj.ts';

describe('given what is said to be a CNPJ', () => {
  it('when its digits are right, numeric or alphanumeric, then it is one', () => {
    for (const cnpj of ['11222333000181', '00000000000191', '12ABC34501DE35'])
      assert.equal(isCnpj(cnpj), true, cnpj);
  });

  it('when it is anything else, then it is not', () => {
    const others = [
      '11222333000182',
      '12ABC34501DE36',
      '11111111111111',
      '11.222.333/0001-81',
      '12abc34501de35',
    ];
    for (const other of [...others, '1122233300018', '112223330001811', '', undefined, 11222333000181])
      assert.equal(isCnpj(other), false, String(other));
  });

  it('when one of its characters is another, then it is not', () => {
    const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    const valid = '12ABC34501DE35';
    let fooled = 0;
    let tried = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 13 }), character, (place, other) => {
        if (valid[place] === other) return;
        tried += 1;
        // Weights have no part in common with 11, so only characters that are 11 apart can pass for each other.
        if (isCnpj(valid.slice(0, place) + other + valid.slice(place + 1))) fooled += 1;
      }),
      { numRuns: 500 },
    );
    assert.ok(tried > 100 && fooled < tried / 5, `${fooled} of ${tried}`);
  });
});
