import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { withCheckDigits } from '../../test/support/made-up-consent.ts';
import { isCnpj, isCompanyDocument, isCpf, isNaturalDocument } from './identity-document.ts';

describe('given a CPF', () => {
  it('when its check digits are right, then it is one', () => {
    for (const cpf of ['52998224725', '11144477735', '76109277673', '12345678909'])
      assert.ok(isCpf(cpf), cpf);
  });

  it('when any two digits stand at its end, then only those of the published arithmetic make it one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_998 }), fc.nat({ max: 99 }), (number, pair) => {
        const root = String(number).padStart(9, '0');
        fc.pre(!/^(\d)\1*$/.test(root));
        const text = `${root}${String(pair).padStart(2, '0')}`;
        assert.equal(isCpf(text), text === withCheckDigits(root));
        assert.ok(isCpf(withCheckDigits(root)));
      }),
    );
  });

  it('when a check digit is another, then it is none', () => {
    for (const cpf of ['52998224724', '52998224715', '11144477734', '00000000001'])
      assert.ok(!isCpf(cpf), cpf);
  });

  it('when it is one digit eleven times, then it is none', () => {
    for (let digit = 0; digit <= 9; digit += 1) assert.ok(!isCpf(String(digit).repeat(11)));
  });

  it('when it has another length, signs or other digits, then it is none', () => {
    for (const text of ['', '5299822472', '529982247250', '529.982.247-25', '５2998224725', ' 52998224725'])
      assert.ok(!isCpf(text), text);
  });
});

describe('given a CNPJ', () => {
  it('when it is all digits and its check digits are right, then it is one', () => {
    for (const cnpj of ['11222333000181', '11444777000161', '00000000000191']) assert.ok(isCnpj(cnpj), cnpj);
  });

  it('when it has letters, then their values are those of their ASCII codes less 48', () => {
    assert.ok(isCnpj('12ABC34501DE35'), 'the example of the Receita Federal');
    assert.ok(!isCnpj('12ABC34501DE36'));
    assert.ok(!isCnpj('12ABD34501DE35'));
  });

  it('when letters are small, or stand for check digits, then it is none', () => {
    for (const text of ['12abc34501de35', '12ABC34501DEA5', '12ABC34501DE3A', '12.ABC.345/01DE-35'])
      assert.ok(!isCnpj(text), text);
  });

  it('when it is one digit fourteen times, then it is none', () => {
    assert.ok(!isCnpj('0'.repeat(14)));
    assert.ok(!isCnpj('1'.repeat(14)));
  });

  it('when the last two digits are swapped for any others, then exactly one pair is right', () => {
    const root = '1A2B3C4D5E6F';
    const right = Array.from({ length: 100 }, (_, pair) => `${root}${String(pair).padStart(2, '0')}`).filter(
      isCnpj,
    );
    assert.equal(right.length, 1);
  });
});

describe('given a document with the word for what it is', () => {
  it('when the word is another, then it is not valid', () => {
    assert.ok(isNaturalDocument({ identification: '52998224725', rel: 'CPF' }));
    assert.ok(!isNaturalDocument({ identification: '52998224725', rel: 'ABC' }));
    assert.ok(isCompanyDocument({ identification: '12ABC34501DE35', rel: 'CNPJ' }));
    assert.ok(!isCompanyDocument({ identification: '12ABC34501DE35', rel: 'ABCD' }));
  });
});
