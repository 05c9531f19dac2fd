import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { maskDocuments, toMaskedJson } from './mask-documents.ts';

describe('given a text that a receiver worded', () => {
  for (const { what, text, masked } of [
    { what: 'a CPF', text: 'urn:bank:41726305961', masked: 'urn:bank:***' },
    { what: 'a CPF with its punctuation', text: 'cpf 417.263.059-61.', masked: 'cpf ***.' },
    { what: 'a CNPJ', text: '27481635000104', masked: '***' },
    { what: 'a CNPJ with its punctuation', text: '27.481.635/0001-04', masked: '***' },
    { what: 'a CNPJ with letters', text: 'a-IPE7R2K4000127-b', masked: 'a-***-b' },
    { what: 'two of them', text: '41726305961,27481635000104', masked: '***,***' },
  ])
    it(`when it holds ${what}, then that is taken out`, () => {
      assert.equal(maskDocuments(text), masked);
    });

  it('when it holds ids and other numbers, then it stays as it is', () => {
    for (const text of [
      'd2c9a1f0-8c53-4a2a-9a41-123456789012',
      '1795312345678',
      '4172630596',
      '417263059612',
      'f00417263059610000000000000000000000beef',
    ])
      assert.equal(maskDocuments(text), text);
  });
});

describe('given a value to be kept', () => {
  it('when a document stands in a string, then it is masked, and numbers of its form stay numbers', () => {
    const kept = JSON.parse(
      toMaskedJson({ id: '41726305961', at: 41726305961, deep: [{ a: 'x 41726305961' }] }),
    );
    assert.deepEqual(kept, { id: '***', at: 41726305961, deep: [{ a: 'x ***' }] });
  });

  it('when a document stands anywhere among other text, then it is not kept', () => {
    const cpf = fc.stringMatching(/^\d{11}$/);
    const other = fc.stringMatching(/^[^0-9A-Za-z]*$/);
    fc.assert(
      fc.property(other, cpf, other, (before, document, after) => {
        const text = toMaskedJson({ notes: [`${before}${document}${after}`] });
        assert.doesNotMatch(text, new RegExp(document));
        assert.deepEqual(JSON.parse(text), { notes: [`${before}***${after}`] });
      }),
    );
  });

  it('when it holds no document, then it is what it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.integer(), id: fc.uuid(), took: fc.double({ noNaN: true }) })),
        (value) => {
          assert.equal(toMaskedJson(value), JSON.stringify(value));
        },
      ),
    );
  });
});
