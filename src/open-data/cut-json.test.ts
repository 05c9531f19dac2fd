import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CutJson, cutJson, hasRootMember, type JsonFault } from './cut-json.ts';

type Segment = string | number;

interface Cut {
  readonly result: CutJson | JsonFault;
  readonly arrays: { path: Segment[]; records: string[] }[];
  readonly recordMembers: number;
}

function cut(bytes: Buffer, path: readonly string[]): Cut {
  const arrays: Cut['arrays'] = [];
  let recordMembers = 0;
  const result = cutJson(bytes, path, {
    array: (at) => arrays.push({ path: [...at], records: [] }),
    record(start, end, members) {
      arrays.at(-1)?.records.push(bytes.toString('utf8', start, end));
      recordMembers += members;
    },
  });
  return { result, arrays, recordMembers };
}

function cutWell(text: string, path: readonly string[]): Cut & { result: CutJson } {
  const { result, ...rest } = cut(Buffer.from(text), path);
  assert.ok('skeleton' in result, `${JSON.stringify(result)} in ${text}`);
  return { result, ...rest };
}

function fault(text: string | Buffer, path: readonly string[]): JsonFault {
  const { result } = cut(Buffer.from(text), path);
  assert.ok('message' in result, 'expected a fault');
  return result;
}

/** The value with the records put back where each array says it was. */
function reassemble({ result, arrays }: Cut & { result: CutJson }): unknown {
  const root = { value: JSON.parse(result.skeleton) };
  for (const { path, records } of arrays) {
    // biome-ignore lint/suspicious/noExplicitAny: any JSON value is walked
    const array = ['value', ...path].reduce<any>((inner, segment) => inner[segment], root);
    assert.equal(array.length, 0);
    array.push(...records.map((record) => JSON.parse(record)));
  }
  return root.value;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce((sum, member) => sum + countMembers(member), 0);
  return inner + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

const names = fc.constantFrom('a', 'b', 'data', 'é "[{', '');
const { value: anyJson } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('"', '\\', '}]', '€[😀', ':,', '\n'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.constantFrom(true, false, null, 0, -1.5e-7),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const anyPath = fc.array(fc.oneof(names, fc.constant('*')), { maxLength: 4 });
const anyIndent = fc.constantFrom(undefined, 1, '\t');

test('skeleton and records of any value, cut along any path, make up the same value', () => {
  fc.assert(
    fc.property(anyJson, anyPath, anyIndent, (value, path, indent) => {
      const text = JSON.stringify(value, null, indent);
      const pieces = cutWell(text, path);
      assert.deepEqual(reassemble(pieces), JSON.parse(text));
      assert.equal(pieces.result.members + pieces.recordMembers, countMembers(value));
    }),
    { numRuns: 1500 },
  );
});

test('every array that the path reaches is cut, in the order of the text', () => {
  const { arrays } = cutWell('{"g": [{"r": [1, {"x": [2]}]}, {"r": []}, {"s": [3]}, {"r": 4}]}', [
    'g',
    '*',
    'r',
  ]);
  assert.deepEqual(arrays, [
    { path: ['g', 0, 'r'], records: ['1', '{"x": [2]}'] },
    { path: ['g', 1, 'r'], records: [] },
  ]);
});

test('the root itself may be the counted array', () => {
  const { arrays, result } = cutWell(' [ {"a":1} , 2 ] ', []);
  assert.deepEqual(arrays, [{ path: [], records: ['{"a":1}', '2'] }]);
  assert.equal(result.skeleton, ' [] ');
});

test('an offset in the skeleton leads to the same character of the original', () => {
  fc.assert(
    fc.property(anyJson, anyPath, anyIndent, (value, path, indent) => {
      const bytes = Buffer.from(JSON.stringify(value, null, indent));
      const { result } = cutWell(bytes.toString(), path);
      const skeleton = Buffer.from(result.skeleton);
      for (const [offset, byte] of skeleton.entries()) {
        // Both brackets of an emptied array stand for its beginning.
        if (byte !== 0x5d) assert.equal(bytes[result.originalOffset(offset)], byte);
      }
    }),
    { numRuns: 500 },
  );
});

test('a text that ends too early is a fault wherever it ends', () => {
  const samples: [string, string[]][] = [
    [JSON.stringify({ data: { g: [{ r: [{ a: 'é"\\' }, [1, null]] }], z: 'x' } }), ['data', 'g', '*', 'r']],
    [JSON.stringify([{ a: [[]] }, 'text', -1e9], null, 2), []],
    [JSON.stringify({ links: {}, data: { deep: [{ '€': '\u2028' }] } }, null, '\t'), ['data']],
  ];
  for (const [text, path] of samples) {
    const bytes = Buffer.from(text);
    for (let length = 0; length < bytes.length; length += 1) {
      const { offset, message } = fault(bytes.subarray(0, length), path);
      assert.ok(offset >= 0 && offset <= length && message !== '', `${length}: ${offset} ${message}`);
    }
  }
});

test('no bytes at all make it throw or hang', () => {
  const fragments = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"data"',
    '1',
    'null',
    '\n',
    '\xff',
  );
  const soup = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.array(fragments, { maxLength: 25 }).map((parts) => Buffer.from(parts.join(''), 'latin1')),
  );
  fc.assert(
    fc.property(soup, anyPath, (bytes, path) => {
      const { result } = cut(bytes, path);
      hasRootMember(bytes, 'data');
      assert.ok('skeleton' in result || (result.offset >= 0 && result.offset <= bytes.length));
    }),
    { numRuns: 3000 },
  );
});

for (const [why, marked, path, message, at = []] of [
  ['a missing comma between records', '[{"a":1} §{"b":2}]', [], /comma or the end of the list/],
  ['a comma too many', '[1,§]', [], /expected a value/, [1]],
  ['a missing colon', '{"a" §1}', ['a'], /colon after the field name "a"/],
  ['a name without quotes', '{§a: 1}', ['a'], /field name in double quotes/],
  ['a bad escape in a name', '{§"\\q": 1}', ['a'], /field name is not valid/],
  ['something after the value', '{"a":[1]} §}', ['a'], /end of the file/],
  ['a missing value', '{"a":§}', ['a'], /expected a value/, ['a']],
  [
    'a forgotten quote',
    '{"a":[1, {"b": §"x},\n{"c": "y"}]}',
    ['a'],
    /not closed with a double quote/,
    ['a', 1],
  ],
  ['a record that never ends', '{"a":[1, §{"b": [2, {"c": 3}]', ['a'], /never closed/, ['a', 1]],
] as const) {
  test(`${why} is a fault at its place`, () => {
    const found = fault(marked.replace('§', ''), path);
    assert.equal(found.offset, marked.indexOf('§'));
    assert.match(found.message, message);
    assert.deepEqual(found.path, at);
  });
}

test('nesting deeper than any contract is refused before it can exhaust the stack', () => {
  const nested = (levels: number) => `{"a":[${'['.repeat(levels)}${']'.repeat(levels)}]}`;
  cutWell(nested(128), ['a']);
  const found = fault(nested(129), ['a']);
  assert.equal(found.tooDeep, true);
  assert.deepEqual(found.path, ['a', 0]);
  assert.equal(fault('['.repeat(1_000_000), []).tooDeep, true);
  assert.equal(fault('{"a":'.repeat(1_000_000), ['x']).tooDeep, true);
});

test('a member of the root is seen and members inside others are not', () => {
  assert.equal(hasRootMember(Buffer.from('{"links": {}, "d\\u0061ta": [broken'), 'data'), true);
  assert.equal(hasRootMember(Buffer.from('{"brand": {"data": 1}}'), 'data'), false);
  assert.equal(hasRootMember(Buffer.from('[{"data": 1}]'), 'data'), false);
});
