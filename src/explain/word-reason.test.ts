import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wordReason } from './word-reason.ts';

describe('given the reason of a state or a refusal', () => {
  for (const { reason, worded } of [
    { reason: 'CLOSED_UNDATED', worded: 'closed, and the institution does not tell when' },
    { reason: 'IN_USE', worded: 'in use' },
    { reason: 'not-yet-valid', worded: 'not yet valid' },
    { reason: 'revoked', worded: 'revoked' },
    { reason: 'must be <= 5', worded: 'must be <= 5' },
    { reason: 'ACCOUNTS of Ana', worded: 'ACCOUNTS of Ana' },
    { reason: 'constructor', worded: 'constructor' },
  ])
    it(`when it is ${reason}, then it is worded "${worded}"`, () => {
      assert.equal(wordReason(reason), worded);
    });
});
