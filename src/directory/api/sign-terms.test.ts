import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DirectoryRecord } from './directory-store.ts';
import {
  composeTermsState,
  ENVELOPE_STATUSES,
  type EnvelopeStatus,
  holdsTerms,
  mayFollow,
} from './sign-terms.ts';

const status = fc.constantFrom(...ENVELOPE_STATUSES);
const FINAL: readonly EnvelopeStatus[] = ['completed', 'declined', 'voided', 'deleted', 'expired'];

describe('given an envelope to be signed', () => {
  it('when it goes its way, then every step of it is allowed', () => {
    const way = ['created', 'processing', 'sent', 'delivered', 'signed', 'completed'] as const;
    for (const [index, next] of way.slice(1).entries())
      assert.ok(mayFollow(way[index] as EnvelopeStatus, next));
  });

  it('when it has ended, then it stays as it ended', () => {
    for (const current of FINAL)
      for (const next of ENVELOPE_STATUSES) assert.equal(mayFollow(current, next), current === next);
  });

  it('when it goes any way at all, then it never comes back to where it was', () => {
    fc.assert(
      fc.property(status, fc.array(status, { maxLength: 20 }), (start, wishes) => {
        let current = start;
        const been = new Set<EnvelopeStatus>();
        for (const next of wishes) {
          if (next === current || !mayFollow(current, next)) continue;
          been.add(current);
          assert.ok(!been.has(next));
          current = next;
        }
      }),
    );
  });

  it('when it is asked to take on what is no status, then it does not', () => {
    for (const next of ['template', 'undefined', 'Completed', ''])
      assert.equal(mayFollow('sent', next), false);
  });

  it('when it is under way or completed, then the same terms need no other', () => {
    const free = ENVELOPE_STATUSES.filter((each) => !holdsTerms(each));
    assert.deepEqual(free, ['declined', 'voided', 'deleted', 'expired']);
  });
});

describe('given the terms of a directory', () => {
  const record = (body: object, revision = 1): DirectoryRecord => ({
    kind: 'any',
    parents: [],
    id: 'any',
    body: body as DirectoryRecord['body'],
    unique: undefined,
    createdAt: 0,
    updatedAt: 0,
    revision,
  });
  const terms = record({ TnCId: 1, Type: 'Participant', Status: 'Active' }, 2);
  const signature = (EnvelopeStatus: string, TermsRevision: number) =>
    record({ TnCId: 1, EnvelopeStatus, TermsRevision });

  it('when they are signed as they are, then nothing is left to sign', () => {
    assert.deepEqual(composeTermsState([terms], [signature('completed', 2)], true), {
      TnCSigned: true,
      TnCUpdated: false,
      TnCsToBeSigned: [],
    });
  });

  it('when they have changed since, then they are to be signed again', () => {
    assert.deepEqual(composeTermsState([terms], [signature('completed', 1)], true), {
      TnCSigned: false,
      TnCUpdated: true,
      TnCsToBeSigned: [terms.body],
    });
  });

  it('when they are not signed yet, then they are to be signed by those who must', () => {
    const open = { TnCSigned: false, TnCUpdated: false };
    const underWay = [signature('delivered', 2)];
    assert.deepEqual(composeTermsState([terms], underWay, true), { ...open, TnCsToBeSigned: [terms.body] });
    assert.deepEqual(composeTermsState([terms], underWay, false), { ...open, TnCsToBeSigned: [] });
  });

  it('when they are for users or no longer in force, then no organisation signs them', () => {
    const others = [
      record({ TnCId: 2, Type: 'Directory', Status: 'Active' }),
      record({ TnCId: 3, Type: 'Participant', Status: 'Inactive' }),
    ];
    assert.deepEqual(composeTermsState(others, [], true).TnCsToBeSigned, []);
  });
});
