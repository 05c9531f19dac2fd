import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanRecord } from './clean-record.ts';
import { serializeRecord } from './serialize-record.ts';

function serialize(text: string): string {
  const record = JSON.parse(text);
  cleanRecord(record);
  return serializeRecord(record, text);
}

for (const number of [
  '12345678901234567',
  '-12345678901234567890.5',
  '123456789012.12345',
  '1e400',
  '2E-1000',
  '0.30000000000000004441',
]) {
  test(`${number} keeps every digit`, () =>
    assert.equal(serialize(`{ "n": [${number}] }`), `{"n":[${number}]}`));
}

test('a text of many digits stays a text', () => {
  assert.equal(serialize('{"a": "12345678901234567890", "b": 1}'), '{"a":"12345678901234567890","b":1}');
});

test('side attributes are gone on either way', () => {
  for (const number of [1, '12345678901234567'])
    assert.equal(
      serialize(`{"x-a": {"b": 1}, "n": [{"x-c": 1, "d": ${number}}]}`),
      `{"n":[{"d":${number}}]}`,
    );
});
