import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findDuplicateKey, findSyntaxFault, offsetOf } from './locate-value.ts';

function after(text: string, offset: number): string {
  return Buffer.from(text).toString('utf8', offset);
}

/** Every path of a value, with the value. */
function everyPath(value: unknown, path: (string | number)[] = []): [(string | number)[], unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [[path, value], ...entries.flatMap(([name, inner]) => everyPath(inner, [...path, name]))];
}

test('every value of any document, and its key, is found by its path', () => {
  const indent = fc.constantFrom(undefined, 2, '\t');
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), indent, (value, space) => {
      const text = JSON.stringify(value, null, space);
      for (const [path, inner] of everyPath(JSON.parse(text))) {
        const found = after(text, offsetOf(text, path, 'value'));
        assert.ok(found.startsWith(JSON.stringify(inner, null, space).split('\n')[0] as string));
        const name = path.at(-1);
        if (typeof name !== 'string') continue;
        assert.ok(after(text, offsetOf(text, path, 'key')).startsWith(JSON.stringify(name)));
      }
    }),
    { numRuns: 500 },
  );
});

test('a path that leads nowhere gives the nearest value around it', () => {
  const text = '{"a": {"b": [1, {"c": "]}"}]}, "z": 0}';
  const at = (...path: (string | number)[]) => after(text, offsetOf(text, path, 'value')).slice(0, 5);
  assert.equal(at('a', 'x', 'y'), '{"b":');
  assert.equal(at('a', 'b', 7), '[1, {');
  assert.equal(at('a', 'b', 1, 'd'), '{"c":');
  assert.equal(at('z', 'q'), '0}');
  assert.equal(at('q'), '{"a":');
  assert.equal(at('a', 'b', '*'), '[1, {');
});

test('a number in a path also finds the member of that name', () => {
  assert.equal(after('{"x": 1, "7": {"8": 2}}', offsetOf('{"x": 1, "7": {"8": 2}}', [7, 8], 'value')), '2}}');
});

test('whatever is not JSON has a first fault, and JSON has none', () => {
  const anyJson = fc.json({ maxDepth: 3 });
  const edit = fc.tuple(
    fc.nat(),
    fc.constantFrom('', '"', ',', '}', '[', '\\', '\n', "'", '0', 'é', '//', '\u0000', '\u00a0', '\u2028'),
  );
  fc.assert(
    fc.property(anyJson, edit, (json, [where, inserted]) => {
      assert.equal(findSyntaxFault(json), undefined);
      const at = where % (json.length + 1);
      const broken = json.slice(0, at) + inserted + json.slice(at + (inserted === '' ? 1 : 0));
      let isJson = true;
      try {
        JSON.parse(broken);
      } catch {
        isJson = false;
      }
      const fault = findSyntaxFault(broken);
      assert.equal(fault === undefined, isJson, `${broken} ${JSON.stringify(fault)}`);
      if (fault) assert.ok(fault.offset >= 0 && fault.offset <= Buffer.byteLength(broken));
    }),
    { numRuns: 3000 },
  );
});

test('the second place of a key is found, by its path', () => {
  const text = '{"é": {"a": 1}, "b": [{"a": 1}, {"k": 1, "x": {"k": 2}, "\\u006b": 3}]}';
  const duplicate = findDuplicateKey(text);
  assert.deepEqual(duplicate?.path, ['b', 1, 'k']);
  assert.ok(after(text, duplicate?.offset ?? 0).startsWith('"\\u006b": 3'));
  assert.equal(findDuplicateKey('{"a": {"a": {"a": []}}}'), undefined);
});
