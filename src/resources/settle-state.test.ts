import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import type { ResourceState, ResourceStatus } from './resource-state.ts';
import { settleState } from './settle-state.ts';

const STATUSES = [
  'AVAILABLE',
  'UNAVAILABLE',
  'TEMPORARILY_UNAVAILABLE',
  'PENDING_AUTHORISATION',
] as const satisfies readonly ResourceStatus[];

/** The arrows of the Resources API guide, without staying where one is; written apart from the code under test. */
const ARROWS: Readonly<Record<ResourceStatus, readonly ResourceStatus[]>> = {
  PENDING_AUTHORISATION: ['AVAILABLE', 'TEMPORARILY_UNAVAILABLE', 'UNAVAILABLE'],
  AVAILABLE: ['TEMPORARILY_UNAVAILABLE', 'UNAVAILABLE'],
  TEMPORARILY_UNAVAILABLE: ['AVAILABLE', 'UNAVAILABLE'],
  UNAVAILABLE: [],
};

const { returningTypes } = openFinance.resources;

function settled(from: ResourceStatus, to: ResourceStatus, type = 'LOAN'): ResourceState {
  return settleState(
    { status: from, reason: 'IN_USE' },
    { status: to, reason: 'GONE' },
    type,
    returningTypes,
  );
}

describe('given the states of a resource in a consent', () => {
  for (const from of STATUSES)
    for (const to of STATUSES.filter((status) => status !== from)) {
      const isAllowed = ARROWS[from].includes(to);
      it(`when it is ${from} and the facts call for ${to}, then it ${isAllowed ? 'comes' : 'does not come'} there`, () => {
        const { status, reason } = settled(from, to);
        assert.equal(status, isAllowed ? to : from);
        const barred = from === 'UNAVAILABLE' ? 'FINAL' : 'NEVER_PENDING_AGAIN';
        assert.equal(reason, isAllowed ? 'GONE' : barred);
      });
    }

  it('when nothing is known of it, then it may come into any state', () => {
    for (const status of STATUSES)
      assert.deepEqual(settleState(undefined, { status, reason: 'GONE' }, 'LOAN', returningTypes), {
        status,
        reason: 'GONE',
      });
  });

  it('when an unavailable loan is there again, then it stays unavailable (vector 13)', () => {
    assert.deepEqual(settled('UNAVAILABLE', 'AVAILABLE', 'LOAN'), { status: 'UNAVAILABLE', reason: 'FINAL' });
  });

  for (const type of ['FUND', 'VARIABLE_INCOME'])
    it(`when an unavailable ${type} is held again, then it is available again, and nothing else (vector 14)`, () => {
      assert.equal(settled('UNAVAILABLE', 'AVAILABLE', type).status, 'AVAILABLE');
      for (const to of ['TEMPORARILY_UNAVAILABLE', 'PENDING_AUTHORISATION'] as const)
        assert.deepEqual(settled('UNAVAILABLE', to, type), { status: 'UNAVAILABLE', reason: 'FINAL' });
    });

  it('when it has been available, then it is never pending again (vector 15)', () => {
    assert.deepEqual(settled('AVAILABLE', 'PENDING_AUTHORISATION'), {
      status: 'AVAILABLE',
      reason: 'NEVER_PENDING_AGAIN',
    });
  });

  it('when it is of Open Insurance, then nothing of it returns', () => {
    assert.equal(openInsurance.resources.returningTypes.size, 0);
  });

  it('when facts call for whatever they like, then no way is taken that the guide does not have', () => {
    const types = fc.constantFrom('LOAN', 'ACCOUNT', 'FUND', 'VARIABLE_INCOME');
    fc.assert(
      fc.property(types, fc.array(fc.constantFrom(...STATUSES), { minLength: 2 }), (type, called) => {
        let state: ResourceState | undefined;
        for (const status of called) {
          const before: ResourceState | undefined = state;
          state = settleState(before, { status, reason: 'IN_USE' }, type, returningTypes);
          if (!before || before.status === state.status) continue;
          const returns = before.status === 'UNAVAILABLE' && returningTypes.has(type);
          const arrows = returns ? ['AVAILABLE'] : ARROWS[before.status];
          assert.ok(arrows.includes(state.status), `${type}: ${before.status} to ${state.status}`);
        }
      }),
    );
  });
});
