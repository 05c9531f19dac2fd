import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readRetryAfter } from './retry-after.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');

for (const [header, expected] of [
  ['7', 7_000],
  ['0', 0],
  ['Mon, 02 Mar 2026 12:00:30 GMT', 30_000],
  ['Mon, 02 Mar 2026 11:00:00 GMT', 0],
  ['999999999', 3_600_000],
  ['Tue, 02 Mar 2027 12:00:00 GMT', 3_600_000],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Soon', undefined],
  ['', undefined],
  [null, undefined],
] as const)
  it(`when retry-after is ${JSON.stringify(header)}, then the wait is ${expected} ms`, () => {
    assert.equal(readRetryAfter(header, NOW), expected);
  });
