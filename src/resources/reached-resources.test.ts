import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { createMemoryResourceStateStore } from '../../test/support/memory-resource-state-store.ts';
import type { Asking, Found } from '../connectors/connector.ts';
import type { CustomerDocuments, OfferedResource } from '../connectors/customer.ts';
import type { Consent, PickedResource } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import { InstitutionAway } from './institution-away.ts';
import { createReachedResources, type Reached, type ReachedResource } from './reached-resources.ts';

const [ANA, BEA, COMPANY] = ['11144477735', '52998224725', '11222333000181'];
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const permissionsOf = (group: string) => openFinance.groups.find(({ id }) => id === group)?.permissions ?? [];
const CREDIT = permissionsOf('credit-operations');
const INVESTMENTS = permissionsOf('investments');
const BALANCES = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ'];

function owned(type: string, ref: string, change: Partial<OfferedResource> = {}): OfferedResource {
  return { type, ref, label: ref, approvers: [], ...change };
}

function picked(type: string, ref: string, change: Partial<PickedResource> = {}): PickedResource {
  return { type, ref, awaiting: [], isRefused: false, ...change };
}

function asking(ms = 1_000): Asking {
  const signal = AbortSignal.timeout(ms);
  return {
    brand: 'Banco',
    ecosystem: 'open-finance',
    api: 'resources',
    version: '3.1.0',
    permissions: ['RESOURCES_READ'],
    interactionId: undefined,
    deadline: Date.now() + ms,
    signal,
  };
}

type Discovered = Found<readonly OfferedResource[]>;

/** Ana's consent, and everything around it; each test lets time pass and the institution say what it likes. */
function scene(
  permissions: readonly string[],
  resources: readonly PickedResource[] = [],
  { profile = openFinance, change = {} }: { profile?: ConsentProfile; change?: Partial<Consent> } = {},
) {
  const states = createMemoryResourceStateStore();
  const asked: { documents: CustomerDocuments; types: readonly string[]; asking: Asking }[] = [];
  const hashed: string[] = [];
  const unasked: string[] = [];
  let now = NOON;
  let answer: () => Discovered | Promise<Discovered> = () => ({ status: 'empty' });
  const connector = {
    async discover(documents: CustomerDocuments, types: readonly string[], on: Asking) {
      asked.push({ documents, types, asking: on });
      return answer();
    },
  };
  const settings = {
    profile,
    connector,
    states,
    publicIdOf: (subject: string, type: string, ref: string) => {
      hashed.push(ref);
      return `${subject}-${type}-${ref}`;
    },
    dayOf: (at: number) => new Date(at).toISOString().slice(0, 10),
    clock: { now: () => now },
    onUnasked: (_: Consent, waiting: readonly OfferedResource[]) =>
      void unasked.push(...waiting.map(({ ref }) => ref)),
  };
  const reached = createReachedResources(settings);
  let consent: Consent = {
    ...madeUpConsent({ permissions: [...permissions, 'RESOURCES_READ'] }),
    loggedUser: { identification: ANA, rel: 'CPF' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources, approvals: [] },
    subject: 'ana',
    grantId: 'grant-1',
    revision: 2,
    ...change,
  };

  async function fresh(): Promise<Consent> {
    return { ...consent, resourcesRevision: (await states.find(consent.id)).revision };
  }
  const read = async (types?: ReadonlySet<string>, on = asking()): Promise<Reached> =>
    reached.read(await fresh(), on, types);

  return {
    states,
    asked,
    hashed,
    unasked,
    read,
    fresh,
    reached,
    /** The same institution and store, as another node sees them. */
    otherNode: () => createReachedResources(settings),
    consentId: consent.id,
    change(to: Partial<Consent>) {
      consent = { ...consent, ...to, revision: consent.revision + 1 };
    },
    says(...offers: readonly OfferedResource[]) {
      const data = Object.freeze(offers.map((offer) => Object.freeze(offer)));
      answer = () => ({ status: 'ok', data, asOf: now });
    },
    answers(with_: () => Discovered | Promise<Discovered>) {
      answer = with_;
    },
    pass(ms: number) {
      now += ms;
    },
    async seen(types?: ReadonlySet<string>) {
      return listOf(await read(types)).map(({ ref, status }) => `${ref} ${status}`);
    },
    async told(types?: ReadonlySet<string>) {
      return listOf(await read(types)).map(({ ref, status, reason }) => `${ref} ${status} ${reason}`);
    },
  };
}

function listOf(reached: Reached): readonly ReachedResource[] {
  assert.equal(reached.status, 'ready');
  return (reached as Extract<Reached, { status: 'ready' }>).resources;
}

describe('given accounts, which are picked one by one', () => {
  it('when an account was not picked, or opened since, then it is not listed (vector 17)', async () => {
    const { says, seen } = scene(BALANCES, [picked('ACCOUNT', 'one')]);
    says(owned('ACCOUNT', 'one'), owned('ACCOUNT', 'opened-since'));
    assert.deepEqual(await seen(), ['one AVAILABLE']);
  });

  it('when the institution has said what there is, then all of it is known beside what is shared', async () => {
    const { says, answers, read } = scene(BALANCES, [picked('ACCOUNT', 'one')]);
    says(owned('ACCOUNT', 'one'), owned('ACCOUNT', 'another'));
    const refsOf = (reached: Reached) =>
      reached.status === 'ready' ? reached.owned?.map(({ ref }) => ref) : undefined;
    assert.deepEqual(refsOf(await read()), ['one', 'another']);
    answers(() => ({ status: 'empty' }));
    assert.deepEqual(refsOf(await read()), []);
    answers(() => ({ status: 'refused' }));
    assert.equal(refsOf(await read()), undefined);
  });

  it('when a picked account is gone, then it is listed as unavailable', async () => {
    const { says, told } = scene(BALANCES, [picked('ACCOUNT', 'one'), picked('ACCOUNT', 'gone')]);
    says(owned('ACCOUNT', 'one'));
    assert.deepEqual(await told(), ['one AVAILABLE IN_USE', 'gone UNAVAILABLE GONE']);
  });

  it('when one awaits an approver and one was refused, then each has its own state', async () => {
    const { says, seen } = scene(BALANCES, [
      picked('ACCOUNT', 'mine'),
      picked('ACCOUNT', 'ours', { awaiting: [BEA] }),
      picked('ACCOUNT', 'refused', { isRefused: true }),
    ]);
    says(...['mine', 'ours', 'refused'].map((ref) => owned('ACCOUNT', ref)));
    assert.deepEqual(await seen(), ['mine AVAILABLE', 'ours PENDING_AUTHORISATION', 'refused UNAVAILABLE']);
  });

  it('when an account is blocked for a time, then it is temporarily unavailable until it is not (vector 12)', async () => {
    const { says, told } = scene(BALANCES, [picked('ACCOUNT', 'one')]);
    says(owned('ACCOUNT', 'one', { situation: 'blocked' }));
    assert.deepEqual(await told(), ['one TEMPORARILY_UNAVAILABLE BLOCKED']);
    says(owned('ACCOUNT', 'one'));
    assert.deepEqual(await told(), ['one AVAILABLE IN_USE']);
  });

  it('when its permissions were not granted, then what was picked of a type is not listed', async () => {
    const { says, seen } = scene(BALANCES, [picked('ACCOUNT', 'one'), picked('CREDIT_CARD_ACCOUNT', 'card')]);
    says(owned('ACCOUNT', 'one'), owned('CREDIT_CARD_ACCOUNT', 'card'));
    assert.deepEqual(await seen(), ['one AVAILABLE']);
  });
});

describe('given credit operations, which are shared as a whole', () => {
  it('when a loan is taken out after the consent, then it appears by itself (vector 16)', async () => {
    const { says, seen } = scene(CREDIT);
    says(owned('FINANCING', 'old'));
    assert.deepEqual(await seen(), ['old AVAILABLE']);
    says(owned('FINANCING', 'old'), owned('LOAN', 'new'));
    assert.deepEqual(await seen(), ['old AVAILABLE', 'new AVAILABLE']);
  });

  it('when nothing is owned, then the list is empty', async () => {
    const { seen } = scene(CREDIT);
    assert.deepEqual(await seen(), []);
  });

  it('when approvers have been asked about some, then their word lies over what is there', async () => {
    const { says, seen } = scene(CREDIT, [
      picked('LOAN', 'ours', { awaiting: [BEA] }),
      picked('LOAN', 'refused', { isRefused: true }),
      picked('LOAN', 'approved'),
    ]);
    const approvers = [BEA];
    const shared = ['ours', 'refused', 'approved'].map((ref) => owned('LOAN', ref, { approvers }));
    says(owned('LOAN', 'mine'), ...shared);
    assert.deepEqual(await seen(), [
      'mine AVAILABLE',
      'ours PENDING_AUTHORISATION',
      'refused UNAVAILABLE',
      'approved AVAILABLE',
    ]);
  });

  it('when one acquired since needs a word that nobody was asked for, then it is not available', async () => {
    const { says, told } = scene(CREDIT);
    says(owned('LOAN', 'ours', { approvers: [ANA, BEA] }));
    assert.deepEqual(await told(), ['ours PENDING_AUTHORISATION NOT_ASKED']);
  });

  it('when one acquired since needs a word, then who may ask for it is told, and of no other', async () => {
    const { says, told, unasked } = scene(CREDIT, [picked('LOAN', 'known', { awaiting: [BEA] })]);
    const approvers = [BEA];
    says(owned('LOAN', 'mine'), owned('LOAN', 'known', { approvers }), owned('LOAN', 'ours', { approvers }));
    await told();
    assert.deepEqual(unasked, ['ours']);
    await told();
    assert.deepEqual(unasked, ['ours'], 'nothing has changed since');
  });

  it('when one that was available gets an approver, then it does not wait for them (vector 15)', async () => {
    const { says, told } = scene(CREDIT);
    says(owned('LOAN', 'mine'));
    await told();
    says(owned('LOAN', 'mine', { approvers: [BEA] }));
    assert.deepEqual(await told(), ['mine AVAILABLE NEVER_PENDING_AGAIN']);
  });

  it('when two types have one reference, then the word on one is not the word on the other', async () => {
    const { says, seen } = scene(CREDIT, [picked('LOAN', '1', { isRefused: true })]);
    says(owned('LOAN', '1', { approvers: [BEA] }), owned('FINANCING', '1'));
    assert.deepEqual(await seen(), ['1 UNAVAILABLE', '1 AVAILABLE']);
  });

  it('when only a part of the group is granted, then nothing of it is reached, and nothing asked for', async () => {
    const { says, seen, asked } = scene(CREDIT.slice(1));
    says(owned('LOAN', 'one'));
    assert.deepEqual(await seen(), []);
    assert.deepEqual(asked, []);
  });

  it('when the institution answers with more than it was asked for, or with something twice, then that is left out', async () => {
    const { says, seen, asked } = scene(CREDIT);
    says(owned('LOAN', 'one'), owned('ACCOUNT', 'not-asked-for'), owned('LOAN', 'one'));
    assert.deepEqual(await seen(), ['one AVAILABLE']);
    assert.ok(!asked[0]?.types.includes('ACCOUNT'));
  });

  it('when only some types are asked for, then no others are answered, and none are asked of the institution', async () => {
    const { says, seen, asked } = scene([...CREDIT, ...BALANCES], [picked('ACCOUNT', 'a')]);
    says(owned('LOAN', 'one'), owned('FINANCING', 'two'), owned('ACCOUNT', 'a'));
    assert.deepEqual(await seen(new Set(['LOAN'])), ['one AVAILABLE']);
    assert.deepEqual(asked[0]?.types, ['LOAN']);
    assert.deepEqual(await seen(new Set(['EXCHANGE'])), []);
    assert.equal(asked.length, 1);
  });
});

describe('given a state that is final', () => {
  it('when a loan was unavailable, then it stays so whatever the institution says (vector 13)', async () => {
    const { says, told } = scene(CREDIT);
    says(owned('LOAN', 'one', { situation: 'barred' }));
    assert.deepEqual(await told(), ['one UNAVAILABLE BARRED']);
    says(owned('LOAN', 'one'));
    assert.deepEqual(await told(), ['one UNAVAILABLE FINAL']);
  });

  it('when a fund was unavailable, then it may return (vector 14)', async () => {
    const { says, told } = scene(INVESTMENTS);
    says(owned('FUND', 'one', { situation: 'barred' }));
    await told();
    says(owned('FUND', 'one'));
    assert.deepEqual(await told(), ['one AVAILABLE IN_USE']);
  });

  it('when a picked account was gone and is there again, then it stays unavailable, also on another node', async () => {
    const { says, told, otherNode, fresh } = scene(BALANCES, [picked('ACCOUNT', 'one')]);
    await told();
    says(owned('ACCOUNT', 'one'));
    assert.deepEqual(await told(), ['one UNAVAILABLE FINAL']);
    const elsewhere = listOf(await otherNode().read(await fresh(), asking()));
    assert.deepEqual(
      elsewhere.map(({ reason }) => reason),
      ['FINAL'],
    );
  });

  it('when it has been for three months, then it is marked as purged and goes on being unavailable', async () => {
    const { says, read, pass } = scene(CREDIT);
    says(owned('LOAN', 'one', { situation: 'migrated' }));
    await read();
    const isPurged = async () => listOf(await read()).map((resource) => resource.isPurged === true);
    // From the 10th of March to the 10th of June, both included.
    pass(92 * DAY);
    assert.deepEqual(await isPurged(), [false]);
    pass(DAY);
    assert.deepEqual(await isPurged(), [true]);
    assert.deepEqual(
      listOf(await read()).map(({ status }) => status),
      ['UNAVAILABLE'],
    );
  });

  it('when only its reason has changed since, then the three months count from when it became unavailable', async () => {
    const { says, read, pass } = scene(CREDIT);
    says(owned('LOAN', 'one', { situation: 'migrated' }));
    await read();
    pass(50 * DAY);
    says(owned('LOAN', 'one', { situation: 'barred' }));
    await read();
    pass(43 * DAY);
    assert.equal(listOf(await read())[0]?.isPurged, true);
  });

  it('when what was closed has been for twelve months, then it is unavailable from the next day on', async () => {
    const { says, told, pass } = scene(CREDIT);
    says(owned('LOAN', 'one', { situation: 'closed', closedOn: '2025-03-10' }));
    assert.deepEqual(await told(), ['one AVAILABLE CLOSED_RECENTLY']);
    pass(DAY);
    assert.deepEqual(await told(), ['one UNAVAILABLE CLOSED_LONG_AGO']);
  });
});

describe('given an institution that does not say what there is', () => {
  it('when it does not know the customer, then what was picked is unavailable, for as long as that lasts', async () => {
    const { says, answers, told, states } = scene([...BALANCES, ...CREDIT], [picked('ACCOUNT', 'one')]);
    says(owned('ACCOUNT', 'one'), owned('LOAN', 'l'));
    await told();
    const recordings = states.recordings.length;
    answers(() => ({ status: 'notFound' }));
    assert.deepEqual(await told(), ['one UNAVAILABLE OWNER_UNKNOWN']);
    assert.equal(states.recordings.length, recordings, 'which is nothing that could be final');
    says(owned('ACCOUNT', 'one'));
    assert.deepEqual(await told(), ['one AVAILABLE IN_USE']);
  });

  it('when it hands nothing out, then what was picked is unavailable for the time being', async () => {
    const { answers, told } = scene(BALANCES, [picked('ACCOUNT', 'one')]);
    answers(() => ({ status: 'refused' }));
    assert.deepEqual(await told(), ['one TEMPORARILY_UNAVAILABLE REFUSED_BY_INSTITUTION']);
  });

  it('when the person of the consent has been erased, then nothing is available, and nobody asked', async () => {
    const change = { loggedUser: undefined };
    const { told, asked } = scene(BALANCES, [picked('ACCOUNT', 'one')], { change });
    assert.deepEqual(await told(), ['one UNAVAILABLE OWNER_UNKNOWN']);
    assert.deepEqual(asked, []);
  });

  it('when its systems fail, then so does the read', async () => {
    const { answers, read } = scene(CREDIT);
    answers(() => Promise.reject(new Error('connection refused')));
    for (const types of [undefined, new Set(['LOAN'])])
      await assert.rejects(read(types), (error: Error) => {
        assert.ok(error instanceof InstitutionAway);
        assert.match(String((error.cause as Error).message), /connection refused/);
        return true;
      });
  });

  it('when a consent was never authorised, then nothing of it is read', async () => {
    const { says, read } = scene(CREDIT, [], { change: { subject: undefined } });
    says(owned('LOAN', 'one'));
    await assert.rejects(read(), /before anybody had authorised it/);
  });
});

describe('given a consent for a company', () => {
  it('when its resources are read, then the company’s are asked for, by whoever acts for it', async () => {
    const businessEntity = { identification: COMPANY, rel: 'CNPJ' };
    const { read, asked } = scene(CREDIT, [], { change: { businessEntity } });
    await read();
    assert.deepEqual(asked[0]?.documents, { cpf: ANA, cnpj: COMPANY });
  });
});

describe('given Open Insurance, where permissions of a group stand for themselves', () => {
  const [identification, qualification] = [
    'CUSTOMERS_PERSONAL_IDENTIFICATIONS',
    'CUSTOMERS_PERSONAL_QUALIFICATION',
  ];

  it('when one of them is granted, then only what that one opens is reached', async () => {
    const { says, seen, asked } = scene([`${identification}_READ`], [], { profile: openInsurance });
    says(owned(identification, 'i'), owned(qualification, 'q'));
    assert.deepEqual(await seen(), ['i AVAILABLE']);
    assert.deepEqual(asked[0]?.types, [identification]);
  });

  it('when policies are picked, then the policies of other branches are not reached', async () => {
    const [auto, housing] = ['DAMAGES_AND_PEOPLE_AUTO', 'DAMAGES_AND_PEOPLE_HOUSING'];
    const { says, seen } = scene([`${auto}_READ`], [picked(auto, 'car')], { profile: openInsurance });
    says(owned(auto, 'car'), owned(auto, 'bike'), owned(housing, 'h'));
    assert.deepEqual(await seen(), ['car AVAILABLE']);
  });

  it('when nothing is ready, then it is in preparation for however long', async () => {
    const { answers, read, pass } = scene([`${identification}_READ`], [], { profile: openInsurance });
    answers(() => ({ status: 'notReady' }));
    pass(60 * MINUTE);
    assert.deepEqual(await read(), { status: 'preparing' });
  });
});

describe('given a list that is being prepared', () => {
  const notReady = (): Discovered => ({ status: 'notReady' });

  it('when five minutes have not passed since the authorisation, then it is in preparation, and overdue later', async () => {
    const { answers, read, pass, states } = scene(CREDIT);
    answers(notReady);
    pass(4 * MINUTE + 59_000);
    assert.deepEqual(await read(), { status: 'preparing' });
    pass(2_000);
    assert.deepEqual(await read(), { status: 'overdue' });
    assert.deepEqual(states.recordings, []);
  });

  it('when the consent was asked for long before it was authorised, then that does not shorten the time', async () => {
    const { answers, read } = scene(CREDIT, [], { change: { createdAt: NOON - 59 * MINUTE } });
    answers(notReady);
    assert.deepEqual(await read(), { status: 'preparing' });
  });

  it('when it has been ready once, then it is never in preparation again, on no node', async () => {
    const { says, answers, read, fresh, otherNode } = scene(CREDIT);
    says(owned('LOAN', 'one'));
    await read();
    answers(notReady);
    assert.deepEqual(await read(), { status: 'overdue' });
    assert.deepEqual(await otherNode().read(await fresh(), asking()), { status: 'overdue' });
  });

  it('when only some types have been read, then the list has not been ready yet', async () => {
    const { says, answers, read, seen } = scene(CREDIT);
    says(owned('LOAN', 'one'));
    await seen(new Set(['LOAN']));
    answers(notReady);
    assert.deepEqual(await read(), { status: 'preparing' });
  });

  it('when the institution takes longer than the receiver can wait, then it goes on, and is there for the next poll', async () => {
    const { answers, read, says, asked } = scene(CREDIT);
    const { promise, resolve } = Promise.withResolvers<Discovered>();
    answers(() => promise);
    assert.deepEqual(await read(undefined, asking(10)), { status: 'preparing' });
    assert.deepEqual(await read(undefined, asking(10)), { status: 'preparing' });
    resolve({ status: 'ok', data: [owned('LOAN', 'one')], asOf: NOON });
    assert.equal(listOf(await read()).length, 1);
    assert.equal(asked.length, 1, 'it was asked once');
    assert.equal(asked[0]?.asking.deadline, NOON + 5 * MINUTE, 'and told how long it has');
    says();
    assert.equal(listOf(await read()).length, 0, 'whoever comes later asks anew');
  });

  it('when a receiver has waited almost as long as it can, then that is said in time, for it takes some', async () => {
    const { answers, read } = scene(BALANCES, [picked('ACCOUNT', 'one')]);
    answers(() => new Promise(() => {}));
    const startedAt = performance.now();
    const on = { ...asking(10_000), deadline: NOON + 600 };
    assert.deepEqual(await read(undefined, on), { status: 'preparing' });
    const waitedMs = performance.now() - startedAt;
    assert.ok(waitedMs > 500 && waitedMs < 2_000, `${waitedMs} ms`);
  });

  it('when it is late after five minutes, then it is overdue, and not waited for', async () => {
    const { answers, read, pass } = scene(CREDIT);
    answers(() => new Promise(() => {}));
    pass(5 * MINUTE + 1_000);
    assert.deepEqual(await read(undefined, asking(10)), { status: 'overdue' });
  });

  it('when approvers have their say meanwhile, then the time is the same', async () => {
    const { answers, read, change, pass } = scene(CREDIT, [picked('LOAN', 'one', { awaiting: [BEA] })]);
    answers(notReady);
    pass(4 * MINUTE);
    change({ selection: { resources: [picked('LOAN', 'one')], approvals: [] } });
    pass(MINUTE + 1_000);
    assert.deepEqual(await read(), { status: 'overdue' });
  });
});

describe('given states on record', () => {
  it('when nothing has changed, then nothing is written, looked up, or worked out again', async () => {
    const { says, read, states, hashed } = scene(CREDIT);
    says(owned('LOAN', 'one'), owned('LOAN', 'two'));
    const first = await read();
    const [written, found] = [states.recordings.length, states.finds()];
    assert.equal(written, 1);
    const again = [await read(), await read()];
    assert.ok(again.every((reached) => reached === first && Object.isFrozen(reached)));
    // Each of the two reads fetched the consent, which the double does by a look into the store.
    assert.deepEqual([states.recordings.length, states.finds() - found], [1, 2]);
    assert.deepEqual(hashed, ['one', 'two']);
  });

  it('when the institution says the same in other words, then nothing is written either', async () => {
    const { says, read, states, hashed } = scene(CREDIT);
    for (const _ of [1, 2, 3]) {
      says(owned('LOAN', 'one'));
      await read();
    }
    assert.deepEqual([states.recordings.length, hashed.length], [1, 1]);
  });

  it('when an answer is not frozen, then it may have changed in its place', async () => {
    const { answers, seen } = scene(CREDIT);
    const data = [owned('LOAN', 'one')];
    answers(() => ({ status: 'ok', data, asOf: NOON }));
    assert.deepEqual(await seen(), ['one AVAILABLE']);
    data.push(owned('LOAN', 'two'));
    assert.deepEqual(await seen(), ['one AVAILABLE', 'two AVAILABLE']);
  });

  it('when the consent changes, then the next read knows it', async () => {
    const { says, told, change } = scene(BALANCES, [picked('ACCOUNT', 'one', { awaiting: [BEA] })]);
    says(owned('ACCOUNT', 'one', { approvers: [BEA] }));
    assert.deepEqual(await told(), ['one PENDING_AUTHORISATION AWAITING_APPROVAL']);
    change({ selection: { resources: [picked('ACCOUNT', 'one')], approvals: [] } });
    assert.deepEqual(await told(), ['one AVAILABLE IN_USE']);
  });

  it('when another node has recorded something, then this one goes on from there', async () => {
    const { says, read, told, otherNode, fresh } = scene(CREDIT);
    says(owned('LOAN', 'one'));
    await read();
    says(owned('LOAN', 'one', { situation: 'barred' }));
    await otherNode().read(await fresh(), asking());
    says(owned('LOAN', 'one'));
    assert.deepEqual(await told(), ['one UNAVAILABLE FINAL']);
  });

  it('when two nodes record at once, then the second looks again at what the first has done', async () => {
    const { says, states, otherNode, fresh, reached } = scene(CREDIT);
    says(owned('LOAN', 'one', { situation: 'barred' }));
    const consent = await fresh();
    let hasHappened = false;
    states.beforeRecord = async () => {
      if (hasHappened) return;
      hasHappened = true;
      await otherNode().read(consent, asking());
      assert.equal(states.recordings.length, 1);
    };
    const [one] = listOf(await reached.read(consent, asking()));
    assert.equal(one?.status, 'UNAVAILABLE');
    assert.equal(states.recordings.length, 1, 'there was nothing left to record');
  });

  it('when its history is asked for, then every change is there with its reason, newest first', async () => {
    const { says, read, states, consentId } = scene(CREDIT);
    says(owned('LOAN', 'one'));
    await read();
    says(owned('LOAN', 'one', { situation: 'blocked' }));
    await read();
    says(owned('LOAN', 'one', { situation: 'migrated' }));
    await read();
    const known = { consentId, type: 'LOAN', at: NOON };
    assert.deepEqual(await states.history('ana-LOAN-one', 10), [
      { ...known, from: 'TEMPORARILY_UNAVAILABLE', to: 'UNAVAILABLE', reason: 'MIGRATED' },
      { ...known, from: 'AVAILABLE', to: 'TEMPORARILY_UNAVAILABLE', reason: 'BLOCKED' },
      { ...known, from: undefined, to: 'AVAILABLE', reason: 'IN_USE' },
    ]);
  });

  it('when others record without end, then the read fails rather than going on for ever', async () => {
    const { says, read, states, consentId } = scene(CREDIT);
    says(owned('LOAN', 'one'));
    const record = states.record.bind(states);
    states.record = async (id, _revision, changes) => {
      const { revision } = await states.find(consentId);
      await record(id, revision, { states: [], isReady: false, at: changes.at });
      return undefined;
    };
    await assert.rejects(read(), /were recorded 5 times while they were read/);
  });
});
