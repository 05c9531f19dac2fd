import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeViolation } from './describe-violation.ts';
import { createSchemaCheck } from './schema-check.ts';

/** What is said about the only fault of a value. */
function describe(schema: object, value: unknown) {
  const check = createSchemaCheck(schema as never);
  assert.equal(check.fits(value), false);
  const faults = check.faults(value);
  assert.equal(faults.length, 1);
  return describeViolation(faults[0] as never);
}

const closed = { type: 'object', properties: { name: {}, opened: {} }, additionalProperties: false };

for (const [schema, value, code, message] of [
  [{ type: 'integer' }, 'x', 'data-type', 'expected a whole number, found the text "x"'],
  [{ type: ['string', 'null'] }, 1.5, 'data-type', 'expected a text or null, found the number 1.5'],
  [{ type: 'boolean' }, [], 'data-type', 'expected true or false, found a list'],
  [{ type: 'array' }, {}, 'data-type', 'expected a list, found an object'],
  [{ type: 'number' }, null, 'data-type', 'expected a number, found null'],
  [{ type: 'object' }, true, 'data-type', 'expected an object, found true'],
  [{ required: ['name'] }, {}, 'data-required', 'the field "name" is missing'],
  [
    { required: ['name'] },
    { nome: 1 },
    'data-required',
    'the field "name" is missing; is "nome" meant to be it?',
  ],
  [
    { ...closed, additionalProperties: true, required: ['name'] },
    { opened: 1 },
    'data-required',
    'the field "name" is missing',
  ],
  [
    closed,
    { openedd: 1 },
    'data-unknown-field',
    'the contract has no field "openedd" here; did you mean "opened"?',
  ],
  [closed, { qqqqqqqqqqqq: 1 }, 'data-unknown-field', 'the contract has no field "qqqqqqqqqqqq" here'],
  [
    { properties: { name: {} }, unevaluatedProperties: false },
    { nam: 1 },
    'data-unknown-field',
    'the contract has no field "nam" here; did you mean "name"?',
  ],
  [{ enum: ['A', 'B'] }, 'C', 'data-enum', 'expected one of A, B, found "C"'],
  [
    { enum: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
    11,
    'data-enum',
    'expected one of 1, 2, 3, 4, 5, 6, 7, 8 and 2 more, found 11',
  ],
  [{ const: 'BR' }, 'BRASIL', 'data-enum', 'expected BR, found "BRASIL"'],
  [{ pattern: '^\\d+$' }, 'x', 'data-pattern', 'expected text of the form ^\\d+$, found "x"'],
  [
    { format: 'uri' },
    'x',
    'data-format',
    'expected an absolute URL such as https://banco.example/, found "x"',
  ],
  [{ format: 'ipv4' }, 'x', 'data-format', 'expected text in the format "ipv4", found "x"'],
  [{ minLength: 2 }, '😀', 'data-length', 'expected at least 2 characters, found "😀" with 1'],
  [{ maxLength: 1 }, 'ab', 'data-length', 'expected at most 1 characters, found "ab" with 2'],
  [{ exclusiveMinimum: 0 }, 0, 'data-range', 'expected a number > 0, found 0'],
  [{ maximum: 5 }, 6, 'data-range', 'expected a number <= 5, found 6'],
  [{ minItems: 1 }, [], 'data-count', 'expected at least 1 elements, found 0'],
  [{ maxItems: 1 }, [1, 2], 'data-count', 'expected at most 1 elements, found 2'],
  [{ uniqueItems: true }, [1, 1], 'data-shape', /duplicate items.*\(uniqueItems\)$/],
  [{ multipleOf: 0.5 }, 0.3, 'data-shape', /multiple of 0\.5 \(multipleOf\)$/],
] as const) {
  test(`${JSON.stringify(value)} against ${JSON.stringify(schema)}`, () => {
    const found = describe(schema, value);
    assert.equal(found.code, code);
    if (typeof message === 'string') assert.equal(found.message, message);
    else assert.match(found.message, message);
  });
}

test('a long value is shown by its beginning', () => {
  const { message } = describe({ maxLength: 10 }, 'x'.repeat(100_000));
  assert.ok(message.length < 200 && message.includes('...'), message);
});

test('the path is that of the value, or of the field that should not be there', () => {
  const schema = { properties: { 'a/b': { items: closed } } };
  const found = describe(schema, { 'a/b': [{}, { z: 1 }] });
  assert.deepEqual([found.path, found.what], [['a/b', '1', 'z'], 'key']);
  assert.deepEqual(describe({ properties: { a: { type: 'string' } } }, { a: 1 }).path, ['a']);
});
