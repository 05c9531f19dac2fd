import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { billionLaughs } from '../../test/support/billion-laughs.ts';
import { parseDocument } from './parse-document.ts';

function parse(content: string | Buffer) {
  const { value, diagnostics } = parseDocument('contract.yaml', Buffer.from(content as string));
  const found = diagnostics.map(
    ({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`,
  );
  return { value, found };
}

describe('parseDocument', () => {
  it('reads YAML and JSON alike, behind a byte-order mark too', () => {
    const expected = { value: { a: [1, 'x', null] }, found: [] };
    assert.deepEqual(parse('a: [1, x, ~]\n'), expected);
    assert.deepEqual(parse('\uFEFFa: [1, x, ~]\n'), expected);
    assert.deepEqual(parse('\uFEFF\n{\n\t"a": [1, "x", null]\n}'), expected);
  });

  it('reads a flow mapping that is no JSON', () => {
    assert.deepEqual(parse('{a: 1, b: [x, y]}').value, { a: 1, b: ['x', 'y'] });
  });

  it('keeps dates, NO and sexagesimals as texts, as JSON has no such values', () => {
    assert.deepEqual(parse('{day: 2024-01-31, country: NO, time: 12:30:00}').value, {
      day: '2024-01-31',
      country: 'NO',
      time: '12:30:00',
    });
  });

  it('resolves anchors and merge keys', () => {
    assert.deepEqual(parse('base: &b {x: 1}\nmore: {<<: *b, y: 2}\n').value, {
      base: { x: 1 },
      more: { x: 1, y: 2 },
    });
  });

  it('does not let a key named __proto__ change what objects inherit', () => {
    for (const text of ['__proto__: {polluted: true}\n', '{"__proto__": {"polluted": true}}']) {
      const value = parse(text).value as Record<string, unknown>;
      assert.deepEqual(Object.keys(value), ['__proto__']);
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
    }
  });

  const nothing = { value: undefined };
  const refused: [string, string | Buffer, string][] = [
    ['no bytes', '', '0:0 error contract-empty'],
    ['only a byte-order mark', '\uFEFF', '0:0 error contract-empty'],
    ['only comments', '# nothing\n', '0:0 error contract-empty'],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xe9]), '0:0 error contract-not-utf8'],
    ['UTF-16', Buffer.from('\uFEFFa: 1', 'utf16le'), '0:0 error contract-not-utf8'],
    ['a tab where YAML wants spaces', 'a: 1\nb:\n\tc: 2\n', '3:1 error contract-syntax'],
    ['an unclosed bracket', 'a: 1\nb: [1, 2\n', '3:1 error contract-syntax'],
    ['JSON cut off in the middle', '{"a": {"b": 1', '2:1 error contract-syntax'],
    ['an alias without an anchor', 'a: *gone\n', '1:9 error contract-syntax'],
    ['a custom type', 'a: !!js/function "x"\n', '1:21 error contract-syntax'],
    ['an anchor inside itself', 'a: &loop [*loop]\n', '0:0 error contract-too-complex'],
    ['JSON nested too deeply', `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`, '0:0 error contract-too-complex'],
    ['aliases that multiply', billionLaughs(), '0:0 error contract-too-complex'],
  ];
  for (const [what, content, finding] of refused) {
    it(`refuses ${what}`, () => {
      assert.deepEqual(parse(content), { ...nothing, found: [finding] });
    });
  }

  it('ends in a finding, not in a stack overflow, when nested without end', () => {
    for (const opening of ['[', '{"a":', '- ', '{a: ']) {
      const { value, found } = parse(opening.repeat(200_000));
      assert.equal(value, undefined);
      assert.match(found.join(), /error contract-(syntax|too-complex)$/);
    }
  });

  it('warns of a duplicate key and reads the last', () => {
    assert.deepEqual(parse('a: 1\nb: 2\na: 3\n'), {
      value: { a: 3, b: 2 },
      found: ['3:1 warning contract-duplicate-key'],
    });
  });

  it('reports the worse fault of a file that also has a duplicate key', () => {
    assert.deepEqual(parse('a: 1\na: 2\nb: [1\n'), { ...nothing, found: ['4:1 error contract-syntax'] });
  });
});
