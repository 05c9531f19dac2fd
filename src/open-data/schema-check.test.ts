import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemaCheck } from './schema-check.ts';

test('a schema that is only true or false is one too', () => {
  assert.equal(createSchemaCheck(true).fits(1), true);
  assert.deepEqual(createSchemaCheck(true).faults(1), []);
  assert.equal(createSchemaCheck(false).fits(1), false);
  assert.equal(createSchemaCheck(false).faults(1).length, 1);
});

test('every fault of a value is listed, with the value', () => {
  const check = createSchemaCheck({
    properties: { a: { type: 'string' }, b: { maximum: 1 } },
    required: ['c'],
  });
  const found = check.faults({ a: 1, b: 2 }).map(({ keyword, data }) => [keyword, data]);
  assert.deepEqual(found.sort(), [
    ['maximum', 2],
    ['required', { a: 1, b: 2 }],
    ['type', 1],
  ]);
  assert.equal(check.fits({ a: '', b: 0, c: null }), true);
});

test('a pattern that is only valid outside Unicode mode is applied', () => {
  assert.equal(createSchemaCheck({ pattern: '^[\\w\\-]+$' }).fits('a-b'), true);
});
