import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './parse-json.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const read = (text: string) => parseJson(bytes(text));

function refused(text: string | Uint8Array, about: RegExp): void {
  const parsed = parseJson(typeof text === 'string' ? bytes(text) : text);
  assert.ok('fault' in parsed, `should refuse ${JSON.stringify(String(text).slice(0, 80))}`);
  assert.match(parsed.fault, about);
}

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('given the body of a request', () => {
  it('when it is a document without a name twice, then it is read as JSON.parse reads it', () => {
    const readable = fc.jsonValue({ noUnicodeString: false }).filter((value) => {
      const text = JSON.stringify(value);
      return !/\\u(?:0000|d[89a-f])|"__proto__":/i.test(text);
    });
    fc.assert(
      fc.property(readable, fc.integer({ min: 0, max: 4 }), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        assert.deepEqual(read(text), { value: JSON.parse(text) });
      }),
    );
  });

  it('when it is any text at all, then nothing is accepted that JSON.parse refuses, and nothing throws', () => {
    const pieces = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        '"',
        ':',
        ',',
        '\\',
        '\\"',
        '"a":',
        '1',
        'true',
        ' ',
        '\n',
        'é',
        '{}',
        '[]',
        '/',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
        const text = parts.join('');
        const parsed = read(text);
        if ('value' in parsed) assert.deepEqual(parsed.value, JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('when an object anywhere has a name twice, then it is refused', () => {
    const member = fc.tuple(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }));
    const isPlain = ([name]: [string, unknown]) => name !== '__proto__' && !name.includes('\0');
    const below = fc.constantFrom(
      (text: string) => text,
      (text: string) => `[1,${text}]`,
      (text: string) => `{"x":{"y":${text}}}`,
    );
    fc.assert(
      fc.property(member.filter(isPlain), fc.jsonValue({ maxDepth: 1 }), below, ([name, one], other, put) => {
        const key = JSON.stringify(name);
        const text = put(`{${key}:${JSON.stringify(one)},${key}:${JSON.stringify(other)}}`);
        assert.ok('fault' in read(text), text);
      }),
    );
  });

  it('when a name is repeated in another spelling, then it is refused all the same', () => {
    refused('{"cpf":1,"\\u0063pf":2}', /repetido/);
    refused('{"a":[{"b":{}},{"b":1,"b":1}]}', /repetido/);
  });

  it('when a name is repeated in different objects, or as text, then it is read', () => {
    for (const text of ['[{"a":1},{"a":2}]', '{"a":{"a":1}}', '{"a":"\\"a\\":1,","b":":{}[]"}']) {
      assert.deepEqual(read(text), { value: JSON.parse(text) });
    }
  });

  it('when a member is named __proto__ in any spelling, then it is refused', () => {
    refused('{"__proto__":{"admin":true}}', /nome reservado/);
    refused('{"a":[{"\\u005f_proto__":1}]}', /nome reservado/);
    assert.deepEqual(read('"__proto__"'), { value: '__proto__' });
  });

  it('when it has 32 levels, then it is read; when it has one more or 30,000, then it is refused', () => {
    assert.ok('value' in read(nested(32)));
    refused(nested(33), /32 níveis/);
    refused(nested(30_000), /32 níveis/);
    refused('{"a":'.repeat(30_000), /32 níveis/);
  });

  it('when something follows the value, or the value is not whole, then it is refused', () => {
    const broken = [
      '',
      ' ',
      '{} {}',
      '1 2',
      '{"a":1}x',
      '{"a":1',
      '"a',
      '{"a":1,}',
      "{'a':1}",
      'NaN',
      '01',
      '//\n1',
      '"\t"',
    ];
    for (const text of broken) refused(text, /não é um documento JSON válido/);
  });

  it('when it is not UTF-8 or begins with a byte order mark, then it is refused', () => {
    refused(Buffer.from('"ã"', 'latin1'), /UTF-8/);
    refused(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /UTF-8/);
    refused(Buffer.from('{"a":1}', 'utf16le'), /JSON válido/);
    refused('\ufeff{}', /JSON válido/);
  });

  it('when a text has half a character or a NUL, then it is refused: no database keeps it', () => {
    refused('["\\ud800"]', /caracteres inválidos/);
    refused('{"\\udc00":1}', /caracteres inválidos/);
    refused('["\\u0000"]', /caracteres inválidos/);
    assert.deepEqual(read('"\\ud83d\\ude00"'), { value: '😀' });
  });

  it('when a number is too large to hold, then it is refused', () => {
    refused('[1e999]', /fora do intervalo/);
    refused('{"a":-1e999}', /fora do intervalo/);
  });

  it('when it is refused, then the reason repeats nothing of it', () => {
    for (const text of ['{"52998224725":1,"52998224725":2}', '52998224725 x', '["52998224725\\ud800"]']) {
      const parsed = read(text);
      assert.ok('fault' in parsed && !parsed.fault.includes('52998224725'));
    }
  });
});
