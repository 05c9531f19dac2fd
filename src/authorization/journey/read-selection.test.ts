import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { OfferedResource } from '../../connectors/customer.ts';
import type { ConsentOffer } from './consent-offer.ts';
import { readSelection } from './read-selection.ts';

const ME = '11144477735';
const OTHER = '52998224725';

function owned(type: string, ref: string, approvers: readonly string[] = []): OfferedResource {
  return { type, ref, label: ref, approvers };
}

function offerOf(
  accounts: readonly OfferedResource[],
  cards: readonly OfferedResource[] = [],
  whole?: readonly OfferedResource[],
): ConsentOffer {
  const choice = (type: string, resources: readonly OfferedResource[]) => ({
    field: `escolha-${type}`,
    label: type,
    type,
    resources,
  });
  return {
    details: [],
    isService: false,
    isEmpty: false,
    categories: [
      {
        label: 'Both',
        items: [],
        choices: [choice('ACCOUNT', accounts), choice('CARD', cards)],
        whole: whole && { mode: 'grouped-products', resources: whole },
      },
    ],
  };
}

describe('the selection of a customer', () => {
  it('when nothing of a type that is owned is picked, then that type is told, and only that', () => {
    const reading = readSelection(
      offerOf([owned('ACCOUNT', 'a')], [owned('CARD', 'c')]),
      new URLSearchParams({ 'escolha-CARD': 'c' }),
      ME,
    );
    assert.deepEqual(reading, { faults: [{ field: 'escolha-ACCOUNT', reason: 'none' }] });
  });

  it('when nothing of a type is owned, then nothing need be picked of it', () => {
    const reading = readSelection(
      offerOf([owned('ACCOUNT', 'a')]),
      new URLSearchParams({ 'escolha-ACCOUNT': 'a' }),
      ME,
    );
    assert.ok('selection' in reading);
    assert.deepEqual(reading.selection, {
      resources: [{ type: 'ACCOUNT', ref: 'a', awaiting: [], isRefused: false }],
      approvals: [],
    });
  });

  it('when something is picked that is not offered, then it is refused, whatever else is picked', () => {
    const form = new URLSearchParams([
      ['escolha-ACCOUNT', 'a'],
      ['escolha-ACCOUNT', 'of-somebody-else'],
    ]);
    const reading = readSelection(offerOf([owned('ACCOUNT', 'a')]), form, ME);
    assert.deepEqual(reading, { faults: [{ field: 'escolha-ACCOUNT', reason: 'gone' }] });
  });

  it('when a picked resource has further approvers, then they are asked once each, and never the customer', () => {
    const form = new URLSearchParams([
      ['escolha-ACCOUNT', 'a'],
      ['escolha-ACCOUNT', 'b'],
    ]);
    const accounts = [owned('ACCOUNT', 'a', [ME, OTHER]), owned('ACCOUNT', 'b', [OTHER, OTHER])];
    const reading = readSelection(offerOf(accounts), form, ME);
    assert.ok('selection' in reading);
    assert.deepEqual(
      reading.selection.resources.map(({ ref, awaiting }) => [ref, awaiting]),
      [
        ['a', [OTHER]],
        ['b', [OTHER]],
      ],
    );
    assert.deepEqual(reading.selection.approvals, [{ approver: OTHER, decision: 'PENDING' }]);
  });

  it('when something shared as a whole has further approvers, then it waits for them too', () => {
    const whole = [owned('LOAN', 'mine'), owned('LOAN', 'shared', [OTHER])];
    const reading = readSelection(offerOf([], [], whole), new URLSearchParams(), ME);
    assert.ok('selection' in reading);
    assert.deepEqual(reading.selection.resources, [
      { type: 'LOAN', ref: 'shared', awaiting: [OTHER], isRefused: false },
    ]);
  });

  it('when anything at all is sent, then only what is offered and picked is selected', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 6 });
    fc.assert(
      fc.property(names, names, (offered, sent) => {
        const form = new URLSearchParams(sent.map((ref): [string, string] => ['escolha-ACCOUNT', ref]));
        const reading = readSelection(offerOf(offered.map((ref) => owned('ACCOUNT', ref))), form, ME);
        const isRight =
          sent.every((ref) => offered.includes(ref)) && (offered.length === 0 || sent.length > 0);
        assert.equal('selection' in reading, isRight);
        if ('selection' in reading)
          assert.deepEqual(new Set(reading.selection.resources.map(({ ref }) => ref)), new Set(sent));
      }),
    );
  });
});
