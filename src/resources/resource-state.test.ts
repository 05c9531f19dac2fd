import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pickedStatus, unpickedStatus } from './resource-state.ts';

const [ANA, BEA] = ['11144477735', '52998224725'];

describe('given a resource that the customer picked', () => {
  const cases = [
    { awaiting: [], isRefused: false, isThere: true, status: 'AVAILABLE' },
    { awaiting: [ANA], isRefused: false, isThere: true, status: 'PENDING_AUTHORISATION' },
    { awaiting: [], isRefused: true, isThere: true, status: 'UNAVAILABLE' },
    { awaiting: [ANA], isRefused: true, isThere: true, status: 'UNAVAILABLE' },
    { awaiting: [], isRefused: false, isThere: false, status: 'UNAVAILABLE' },
    { awaiting: [ANA], isRefused: false, isThere: false, status: 'UNAVAILABLE' },
    { awaiting: [], isRefused: true, isThere: false, status: 'UNAVAILABLE' },
  ];
  for (const { awaiting, isRefused, isThere, status } of cases)
    it(`when ${awaiting.length} are awaited, it is ${isRefused ? '' : 'not '}refused and ${isThere ? '' : 'not '}there, then it is ${status}`, () =>
      assert.equal(pickedStatus({ awaiting, isRefused }, isThere), status));
});

describe('given a resource of a type that is shared as a whole, acquired after the consent was given', () => {
  it('when it is the owner’s alone, then it is available at once', () => {
    assert.equal(unpickedStatus({ approvers: [] }, ANA), 'AVAILABLE');
    assert.equal(unpickedStatus({ approvers: [ANA] }, ANA), 'AVAILABLE');
  });

  it('when somebody else has a word in it, then it waits for that word', () => {
    assert.equal(unpickedStatus({ approvers: [ANA, BEA] }, ANA), 'PENDING_AUTHORISATION');
    assert.equal(unpickedStatus({ approvers: [BEA] }, undefined), 'PENDING_AUTHORISATION');
  });
});
