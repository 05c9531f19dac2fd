import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanRecord } from './clean-record.ts';

test('side attributes go, at any depth, and every member is counted, theirs included', () => {
  const record = { 'x-match': { uf: ['SP'] }, a: [{ 'x-b': 1, c: [[{ 'x-': 2, xd: 3 }]] }], 'X-E': null };
  assert.equal(cleanRecord(record), 8);
  assert.deepEqual(record, { a: [{ c: [[{ xd: 3 }]] }], 'X-E': null });
});

test('members that every object inherits are neither counted nor missed', () => {
  assert.equal(cleanRecord(JSON.parse('{"__proto__": {"x-a": 1, "b": 2}, "constructor": {}}')), 4);
});

test('scalars have no members', () => {
  for (const value of [null, 1, 'x-', true, undefined, []]) assert.equal(cleanRecord(value), 0);
});
