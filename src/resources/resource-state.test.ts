import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { judgeResource, type ResourceFacts } from './resource-state.ts';
import { STATE_REASONS } from './state-reasons.ts';

const [ANA, BEA] = ['11144477735', '52998224725'];

function judged(change: Partial<ResourceFacts>): string {
  const facts = { decision: { awaiting: [], isRefused: false }, offered: { approvers: [] }, owner: ANA };
  const { status, reason } = judgeResource({
    ...facts,
    today: '2026-03-10',
    closedSharedMonths: 12,
    ...change,
  });
  return `${status} ${reason}`;
}

describe('given a resource that the customer picked', () => {
  const AWAITED = { awaiting: [BEA], isRefused: false };
  const REFUSED = { awaiting: [], isRefused: true };
  const cases: { what: string; facts: Partial<ResourceFacts>; state: string }[] = [
    { what: 'nothing speaks against it', facts: {}, state: 'AVAILABLE IN_USE' },
    {
      what: 'an approval is missing',
      facts: { decision: AWAITED },
      state: 'PENDING_AUTHORISATION AWAITING_APPROVAL',
    },
    {
      what: 'an approver has refused',
      facts: { decision: REFUSED },
      state: 'UNAVAILABLE REFUSED_BY_APPROVER',
    },
    {
      what: 'one has refused and another is awaited',
      facts: { decision: { awaiting: [BEA], isRefused: true } },
      state: 'UNAVAILABLE REFUSED_BY_APPROVER',
    },
    {
      what: 'the institution does not have it any more',
      facts: { offered: undefined },
      state: 'UNAVAILABLE GONE',
    },
    {
      what: 'it is gone while an approval is missing',
      facts: { offered: undefined, decision: AWAITED },
      state: 'UNAVAILABLE GONE',
    },
    {
      what: 'it is barred while an approval is missing',
      facts: { offered: { approvers: [], situation: 'barred' }, decision: AWAITED },
      state: 'UNAVAILABLE BARRED',
    },
    {
      what: 'it is blocked while an approval is missing',
      facts: { offered: { approvers: [], situation: 'blocked' }, decision: AWAITED },
      state: 'PENDING_AUTHORISATION AWAITING_APPROVAL',
    },
    {
      what: 'all approvers that it has have said yes',
      facts: { offered: { approvers: [BEA] } },
      state: 'AVAILABLE IN_USE',
    },
  ];
  for (const { what, facts, state } of cases)
    it(`when ${what}, then it is ${state}`, () => assert.equal(judged(facts), state));
});

describe('given how a resource stands with the institution', () => {
  const cases = [
    { offered: { situation: 'active' }, state: 'AVAILABLE IN_USE' },
    { offered: { situation: 'active', isVisible: true }, state: 'AVAILABLE IN_USE' },
    { offered: { situation: 'active', isVisible: false }, state: 'TEMPORARILY_UNAVAILABLE HIDDEN' },
    { offered: { situation: 'blocked' }, state: 'TEMPORARILY_UNAVAILABLE BLOCKED' },
    { offered: { situation: 'blocked', isVisible: true }, state: 'AVAILABLE BLOCKED_BUT_SEEN' },
    { offered: { situation: 'barred' }, state: 'UNAVAILABLE BARRED' },
    { offered: { situation: 'barred', isVisible: true }, state: 'UNAVAILABLE BARRED' },
    { offered: { situation: 'migrated' }, state: 'UNAVAILABLE MIGRATED' },
    { offered: { situation: 'migrated', isVisible: true }, state: 'UNAVAILABLE MIGRATED' },
    { offered: { situation: 'closed' }, state: 'UNAVAILABLE CLOSED_UNDATED' },
    { offered: { situation: 'closed', closedOn: '2026-02-30' }, state: 'UNAVAILABLE CLOSED_UNDATED' },
    { offered: { situation: 'closed', closedOn: '2026-03-10' }, state: 'AVAILABLE CLOSED_RECENTLY' },
    { offered: { situation: 'closed', closedOn: '2025-03-10' }, state: 'AVAILABLE CLOSED_RECENTLY' },
    { offered: { situation: 'closed', closedOn: '2025-03-09' }, state: 'UNAVAILABLE CLOSED_LONG_AGO' },
    {
      offered: { situation: 'closed', closedOn: '2026-03-09', isVisible: false },
      state: 'UNAVAILABLE CLOSED_UNSEEN',
    },
  ] as const;
  for (const { offered, state } of cases)
    it(`when it is ${Object.values(offered).join(' ')}, then ${state}`, () =>
      assert.equal(judged({ offered: { approvers: [], ...offered } }), state));
});

describe('given a resource of a type that is shared as a whole, acquired after the consent was given', () => {
  const decision = undefined;

  it('when it is the owner’s alone, then it is available at once', () => {
    assert.equal(judged({ decision }), 'AVAILABLE IN_USE');
    assert.equal(judged({ decision, offered: { approvers: [ANA] } }), 'AVAILABLE IN_USE');
  });

  it('when somebody else has a word in it, then it waits for that word', () => {
    const waiting = 'PENDING_AUTHORISATION NOT_ASKED';
    assert.equal(judged({ decision, offered: { approvers: [ANA, BEA] } }), waiting);
    assert.equal(judged({ decision, offered: { approvers: [BEA] }, owner: undefined }), waiting);
  });
});

describe('given the page that explains reasons', () => {
  it('when it is read, then it has every reason, and no other', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'resources.md'), 'utf8');
    const told = [...page.matchAll(/^\| `([A-Z_]+)` \| (?:`[A-Z_]+`|as before) \| [^|]+ \|$/gm)].map(
      ([, code]) => code,
    );
    assert.deepEqual(told.toSorted(), Object.keys(STATE_REASONS).toSorted());
  });
});
