import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { consentProfiles } from '../../test/support/consent-profiles.ts';
import { madeUpConsent, madeUpCpf, NOON } from '../../test/support/made-up-consent.ts';
import { createMemoryConsentStore } from '../../test/support/memory-consent-store.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { Consent, Selection } from './consent.ts';
import type { NewConsent } from './consent-store.ts';
import { createConsents } from './create-consents.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 86_400_000;
const ONLY_ONE: Selection = { resources: [], approvals: [] };
const BY_USER = { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REVOKED' } as const;
const SERVICE = {
  ecosystem: 'open-insurance',
  permissions: ['QUOTE_AUTO_READ', 'QUOTE_AUTO_CREATE', 'QUOTE_AUTO_UPDATE'],
};

function start() {
  const store = createMemoryConsentStore();
  const clock = createVirtualClock(NOON);
  const consents = createConsents({ store, profiles: consentProfiles, clock });

  async function ask(change: Partial<NewConsent> = {}): Promise<Consent> {
    const consent = madeUpConsent({ createdAt: clock.now(), ...change });
    const creation = await consents.create(consent, undefined);
    return (creation as { consent: Consent }).consent;
  }

  async function authorise({ id, permissions }: Consent, selection = ONLY_ONE): Promise<Consent> {
    const authorised = await consents.authorise(id, {
      subject: 'sub-1',
      grantId: 'grant-1',
      permissions,
      selection,
    });
    assert.ok(authorised, 'the consent awaited authorisation');
    return authorised;
  }

  return { store, clock, consents, ask, authorise };
}

function stateOf(consent: Consent | undefined) {
  return consent && [consent.status, consent.rejection?.rejectedBy, consent.rejection?.code];
}

const EXPIRED = ['REJECTED', 'ASPSP', 'CONSENT_EXPIRED'];
const REACHED = ['REJECTED', 'ASPSP', 'CONSENT_MAX_DATE_REACHED'];
const AWAITING = ['AWAITING_AUTHORISATION', undefined, undefined];
const AUTHORISED = ['AUTHORISED', undefined, undefined];

describe('given a consent that awaits authorisation', () => {
  it('when 59:59 have passed, then it still does (vector 1)', async () => {
    const { clock, consents, ask } = start();
    const { id } = await ask();
    await clock.advance(60 * MINUTE - SECOND);
    assert.deepEqual(stateOf(await consents.find(id)), AWAITING);
  });

  it('when 60:01 have passed, then the clock has rejected it, at the sixtieth minute (vector 2)', async () => {
    const { clock, consents, ask, store } = start();
    const { id } = await ask();
    await clock.advance(60 * MINUTE + SECOND);
    const found = await consents.find(id);
    assert.deepEqual(stateOf(found), EXPIRED);
    assert.equal(found?.statusUpdatedAt, NOON + 60 * MINUTE);
    assert.deepEqual(store.acts.at(-1)?.actor, 'clock');
  });

  it('when several read it at once after the hour, then none sees it awaiting still', async () => {
    const { clock, consents, ask } = start();
    const { id } = await ask();
    await clock.advance(61 * MINUTE);
    const found = await Promise.all(Array.from({ length: 5 }, () => consents.find(id)));
    assert.deepEqual(found.map(stateOf), Array(5).fill(EXPIRED));
  });

  it('when its own end comes before the sixty minutes, then that is why it ends', async () => {
    const { clock, consents, ask } = start();
    const { id } = await ask({ expiresAt: NOON + 5 * MINUTE });
    await clock.advance(2 * 60 * MINUTE);
    const found = await consents.find(id);
    assert.deepEqual(stateOf(found), REACHED);
    assert.equal(found?.statusUpdatedAt, NOON + 5 * MINUTE);
  });

  it('when the sixty minutes are over, then it cannot be authorised any more', async () => {
    const { clock, consents, ask } = start();
    const { id, permissions } = await ask();
    await clock.advance(60 * MINUTE);
    const late = { subject: 'sub-1', grantId: 'grant-1', permissions, selection: ONLY_ONE };
    assert.equal(await consents.authorise(id, late), undefined);
    assert.deepEqual(stateOf(await consents.find(id)), EXPIRED);
  });

  it('when the customer approves, then what they chose is kept', async () => {
    const { clock, consents, ask } = start();
    const { id } = await ask();
    await clock.advance(90_500);
    const selection: Selection = {
      resources: [{ type: 'ACCOUNT', ref: 'one', awaiting: [], isRefused: false }],
      approvals: [],
    };
    const granted = ['RESOURCES_READ', 'ACCOUNTS_READ'];
    const authorisation = { subject: 'sub-1', grantId: 'grant-1', permissions: granted, selection };
    const authorised = await consents.authorise(id, authorisation);
    assert.deepEqual(stateOf(authorised), AUTHORISED);
    assert.deepEqual(
      [authorised?.subject, authorised?.grantId, authorised?.selection, authorised?.statusUpdatedAt],
      ['sub-1', 'grant-1', selection, NOON + 90 * SECOND],
    );
    assert.deepEqual(
      authorised?.permissions,
      ['ACCOUNTS_READ', 'RESOURCES_READ'],
      'in the order of the request',
    );
    assert.equal(await consents.authorise(id, authorisation), undefined, 'and only once');
  });

  it('when more is to be granted than was asked for, or nothing, then it fails', async () => {
    const { consents, ask } = start();
    const { id } = await ask();
    for (const permissions of [[], ['FUNDS_READ']])
      await assert.rejects(
        consents.authorise(id, { subject: 'sub-1', grantId: 'grant-1', permissions, selection: ONLY_ONE }),
        RangeError,
      );
  });

  it('when the customer ends it, then it was rejected, and revoked once it was authorised', async () => {
    const { consents, ask, authorise } = start();
    const one = await ask();
    const other = await authorise(await ask());
    const codes = [];
    for (const { id } of [one, other])
      codes.push((await consents.reject(id, BY_USER, 'customer:sub-1'))?.rejection?.code);
    assert.deepEqual(codes, ['CUSTOMER_MANUALLY_REJECTED', 'CUSTOMER_MANUALLY_REVOKED']);
  });

  it('when the institution ends it for security, then it says so in its words', async () => {
    const { consents, ask } = start();
    const { id } = await ask();
    const rejection = {
      rejectedBy: 'ASPSP',
      code: 'INTERNAL_SECURITY_REASON',
      additionalInformation: 'Política de segurança',
    } as const;
    assert.deepEqual((await consents.reject(id, rejection, 'institution'))?.rejection, rejection);
  });

  it('when the reason is unknown, of another kind of consent or badly explained, then it fails', async () => {
    const { consents, ask } = start();
    const { id } = await ask();
    const insurance = await ask(SERVICE);
    const reject = (consentId: string, code: string, additionalInformation?: string) =>
      consents.reject(
        consentId,
        {
          rejectedBy: 'ASPSP',
          code,
          ...(additionalInformation === undefined ? {} : { additionalInformation }),
        },
        'institution',
      );
    await assert.rejects(reject(id, 'NO_SUCH_REASON'), RangeError);
    await assert.rejects(reject(id, 'WITHDRAWAL_BLOCKED'), RangeError);
    await assert.rejects(reject(insurance.id, 'WITHDRAWAL_BLOCKED'), RangeError);
    for (const text of ['', ' a', 'a ', 'x'.repeat(141)])
      await assert.rejects(reject(id, 'CONSENT_TECHNICAL_ISSUE', text), RangeError);
    const withdrawal = await ask({ ecosystem: 'open-insurance', permissions: ['PENSION_WITHDRAWAL_CREATE'] });
    assert.equal(
      (await reject(withdrawal.id, 'WITHDRAWAL_BLOCKED', 'x'.repeat(140)))?.rejection?.code,
      'WITHDRAWAL_BLOCKED',
    );
  });
});

describe('given an authorised consent', () => {
  it('when its end passed a second ago, then it has ended, at its end (vector 3)', async () => {
    const { clock, consents, ask, authorise } = start();
    const { id } = await authorise(await ask({ expiresAt: NOON + DAY }));
    await clock.advance(DAY - SECOND);
    assert.deepEqual(stateOf(await consents.find(id)), AUTHORISED);
    await clock.advance(2 * SECOND);
    const found = await consents.find(id);
    assert.deepEqual(stateOf(found), REACHED);
    assert.equal(found?.statusUpdatedAt, NOON + DAY);
  });

  it('when it has no end, then time does nothing to it', async () => {
    const { clock, consents, ask, authorise } = start();
    const { id } = await authorise(await ask({ expiresAt: undefined }));
    await clock.advance(3000 * DAY);
    assert.deepEqual(stateOf(await consents.find(id)), AUTHORISED);
  });

  it('when it is deleted twice, then the second time it had ended before (vector 4)', async () => {
    const { consents, ask, authorise, store } = start();
    const { id } = await authorise(await ask());
    assert.deepEqual(stateOf(await consents.revoke(id, 'client-1')), [
      'REJECTED',
      'USER',
      'CUSTOMER_MANUALLY_REVOKED',
    ]);
    assert.equal(await consents.revoke(id, 'client-1'), undefined);
    assert.equal(store.acts.at(-1)?.actor, 'client:client-1');
  });

  it('when its service has been initiated, then it is used up and nothing more happens to it', async () => {
    const { clock, consents, ask, authorise } = start();
    const { id } = await authorise(await ask({ ...SERVICE, expiresAt: NOON + DAY }));
    assert.equal((await consents.consume(id))?.status, 'CONSUMED');
    assert.equal(await consents.consume(id), undefined);
    assert.equal(await consents.reject(id, BY_USER, 'customer:sub-1'), undefined);
    await clock.advance(2 * DAY);
    assert.equal((await consents.find(id))?.status, 'CONSUMED');
  });

  it('when it is for reading data, or still awaits authorisation, then it cannot be used up', async () => {
    const { consents, ask, authorise } = start();
    const reading = await authorise(await ask());
    const awaiting = await ask(SERVICE);
    assert.equal(await consents.consume(reading.id), undefined);
    assert.equal(await consents.consume(awaiting.id), undefined);
  });

  it('when the clock of a node is behind, then nothing is dated before what is known', async () => {
    const { store, ask } = start();
    const { id, permissions } = await ask();
    const behind = createConsents({
      store,
      profiles: consentProfiles,
      clock: createVirtualClock(NOON - 5 * SECOND),
    });
    const authorisation = { subject: 'sub-1', grantId: 'grant-1', permissions, selection: ONLY_ONE };
    assert.equal((await behind.authorise(id, authorisation))?.statusUpdatedAt, NOON);
  });
});

/** Accounts, as an approver names them. */
const accounts = (...refs: string[]) => refs.map((ref) => ({ type: 'ACCOUNT', ref }));

describe('given resources that further approvers decide on', () => {
  const [ana, bea] = [madeUpCpf(), madeUpCpf()];
  const selection: Selection = {
    resources: [
      { type: 'ACCOUNT', ref: 'alone', awaiting: [], isRefused: false },
      { type: 'ACCOUNT', ref: 'with-ana', awaiting: [ana], isRefused: false },
      { type: 'ACCOUNT', ref: 'with-both', awaiting: [ana, bea], isRefused: false },
    ],
    approvals: [
      { approver: ana, decision: 'PENDING' },
      { approver: bea, decision: 'PENDING' },
    ],
  };
  const resourcesOf = (consent: Consent | undefined) =>
    consent?.selection?.resources.map(({ ref, awaiting, isRefused }) => [ref, awaiting.length, isRefused]);

  it('when the first person authorises, then the consent is authorised while others are awaited', async () => {
    const { ask, authorise } = start();
    assert.equal((await authorise(await ask(), selection)).status, 'AUTHORISED');
  });

  it('when one approves all and another refuses theirs, then each resource goes its own way', async () => {
    const { consents, ask, authorise, clock, store } = start();
    const { id } = await authorise(await ask(), selection);
    await clock.advance(MINUTE);
    const afterAna = await consents.approve(id, ana, accounts('with-ana', 'with-both', 'alone'), 'sub-ana');
    assert.deepEqual(resourcesOf(afterAna), [
      ['alone', 0, false],
      ['with-ana', 0, false],
      ['with-both', 1, false],
    ]);
    const afterBea = await consents.approve(id, bea, [], 'sub-bea');
    assert.deepEqual(resourcesOf(afterBea), [
      ['alone', 0, false],
      ['with-ana', 0, false],
      ['with-both', 0, true],
    ]);
    assert.deepEqual(afterBea?.selection?.approvals, [
      { approver: ana, decision: 'APPROVED', decidedAt: NOON + MINUTE },
      { approver: bea, decision: 'REFUSED', decidedAt: NOON + MINUTE },
    ]);
    assert.equal(afterBea?.status, 'AUTHORISED');
    assert.deepEqual(
      store.acts.slice(-2).map(({ event, actor }) => [event, actor]),
      [
        ['approval', 'customer:sub-ana'],
        ['approval', 'customer:sub-bea'],
      ],
    );
  });

  it('when something of several owners comes since, then these are asked about it, once, and about nothing else', async () => {
    const { consents, ask, authorise, store } = start();
    const consent = await authorise(await ask(), selection);
    const owner = consent.loggedUser?.identification as string;
    const loan = { type: 'LOAN', ref: 'ours', approvers: [owner, bea, bea] };
    const known = { type: 'ACCOUNT', ref: 'alone', approvers: [bea] };
    const alone = { type: 'LOAN', ref: 'mine', approvers: [owner] };
    const asked = await consents.ask(consent.id, [loan, known, alone]);
    assert.deepEqual(resourcesOf(asked)?.at(-1), ['ours', 1, false]);
    assert.equal(asked?.selection?.resources.length, 4);
    assert.equal(asked?.selection?.approvals.length, 2, 'who is being asked already is asked once');
    assert.equal(store.acts.at(-1)?.actor, 'institution');
    assert.equal(await consents.ask(consent.id, [loan]), undefined);

    await consents.approve(consent.id, bea, accounts('with-both'), 'sub-bea');
    const [later, again] = [{ ...loan, ref: 'later' }, await consents.find(consent.id)];
    assert.deepEqual(resourcesOf(again)?.at(-1), ['ours', 0, true], 'what is not approved is refused');
    const twice = await consents.ask(consent.id, [later]);
    assert.deepEqual(
      twice?.selection?.approvals.map(({ decision }) => decision),
      ['PENDING', 'APPROVED', 'PENDING'],
    );
  });

  it('when the consent has ended, or awaits authorisation, then nobody is asked', async () => {
    const { consents, ask, authorise } = start();
    const loan = { type: 'LOAN', ref: 'ours', approvers: [bea] };
    const awaiting = await ask();
    assert.equal(await consents.ask(awaiting.id, [loan]), undefined);
    const { id } = await authorise(awaiting, selection);
    await consents.reject(id, { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REVOKED' }, 'customer:sub');
    assert.equal(await consents.ask(id, [loan]), undefined);
  });

  it('when one has refused, then another’s approval does not bring the resource back', async () => {
    const { consents, ask, authorise } = start();
    const { id } = await authorise(await ask(), selection);
    await consents.approve(id, ana, [], 'sub-ana');
    const after = await consents.approve(id, bea, accounts('with-both'), 'sub-bea');
    assert.deepEqual(resourcesOf(after)?.at(-1), ['with-both', 0, true]);
  });

  it('when two types have one reference, then the approval of one does not approve the other', async () => {
    const { consents, ask, authorise } = start();
    const twins = ['LOAN', 'FINANCING'].map((type) => ({
      type,
      ref: '1',
      awaiting: [ana],
      isRefused: false,
    }));
    const approvals = [{ approver: ana, decision: 'PENDING' as const }];
    const { id } = await authorise(await ask(), { resources: twins, approvals });
    const after = await consents.approve(id, ana, [{ type: 'LOAN', ref: '1' }], 'sub-ana');
    assert.deepEqual(
      after?.selection?.resources.map(({ type, isRefused }) => [type, isRefused]),
      [
        ['LOAN', false],
        ['FINANCING', true],
      ],
    );
  });

  it('when somebody decides twice or is not asked, then nothing changes', async () => {
    const { consents, ask, authorise } = start();
    const { id } = await authorise(await ask(), selection);
    await consents.approve(id, ana, [], 'sub-ana');
    assert.equal(await consents.approve(id, ana, accounts('with-ana'), 'sub-ana'), undefined);
    assert.equal(await consents.approve(id, madeUpCpf(), accounts('with-ana'), 'sub-x'), undefined);
  });

  it('when both decide at once, then neither word is lost', async () => {
    const { consents, ask, authorise } = start();
    const { id } = await authorise(await ask(), selection);
    await Promise.all([
      consents.approve(id, ana, accounts('with-ana', 'with-both'), 'sub-ana'),
      consents.approve(id, bea, accounts('with-both'), 'sub-bea'),
    ]);
    const found = await consents.find(id);
    assert.deepEqual(
      found?.selection?.approvals.map(({ decision }) => decision),
      ['APPROVED', 'APPROVED'],
    );
    assert.ok(found?.selection?.resources.every(({ awaiting }) => awaiting.length === 0));
  });

  it('when it is to be renewed, then not without all of them (vector 8)', async () => {
    const { consents, ask, authorise } = start();
    const { id, expiresAt, loggedUser } = await authorise(await ask(), selection);
    const renewal = {
      expiresAt: (expiresAt as number) + DAY,
      loggedUser,
      customerIpAddress: '192.0.2.7',
      customerUserAgent: 'Navegador/1.0',
    };
    assert.deepEqual(await consents.renew(id, renewal, 'client-1'), { refusal: 'DEPENDE_MULTIPLA_ALCADA' });
    for (const approver of [ana, bea])
      await consents.approve(id, approver, accounts('with-ana', 'with-both'), 'sub');
    assert.deepEqual(await consents.renew(id, renewal, 'client-1'), { refusal: 'DEPENDE_MULTIPLA_ALCADA' });
  });
});

describe('given consents that nobody reads', () => {
  it('when the sweep comes, then those whose time has come end, and are counted', async () => {
    const { clock, consents, ask, authorise, store } = start();
    const awaiting = await Promise.all(Array.from({ length: 450 }, () => ask()));
    await authorise(await ask({ expiresAt: NOON + DAY }));
    const endless = await authorise(await ask({ expiresAt: undefined }));
    assert.equal(await consents.sweep(), 0);
    await clock.advance(60 * MINUTE);
    assert.equal(await consents.sweep(), awaiting.length);
    assert.equal(await consents.sweep(), 0);
    await clock.advance(DAY);
    assert.equal(await consents.sweep(), 1);
    assert.equal((await store.find(endless.id))?.status, 'AUTHORISED');
  });

  it('when two nodes sweep at once, then each consent ends once', async () => {
    const { clock, consents, ask, store } = start();
    await Promise.all(Array.from({ length: 50 }, () => ask()));
    await clock.advance(61 * MINUTE);
    const [one = 0, other = 0] = await Promise.all([consents.sweep(), consents.sweep()]);
    assert.equal(one + other, 50);
    assert.equal(store.acts.filter(({ event }) => event === 'rejected').length, 50);
  });
});

describe('given a person', () => {
  it('when they list their consents, then time has been applied to each', async () => {
    const { clock, consents, ask } = start();
    const { loggedUser } = await ask();
    await clock.advance(61 * MINUTE);
    const list = await consents.ofPerson('open-finance', loggedUser?.identification as string);
    assert.deepEqual(list.map(stateOf), [EXPIRED]);
  });

  it('when they are forgotten, then their open consents end first, and nobody else’s', async () => {
    const { consents, ask, authorise } = start();
    const theirs = await authorise(await ask());
    const { loggedUser } = theirs;
    const others = await authorise(await ask(), {
      resources: [],
      approvals: [{ approver: loggedUser?.identification as string, decision: 'PENDING' }],
    });
    assert.equal(await consents.erasePerson(loggedUser?.identification as string), true);
    const found = await consents.find(theirs.id);
    assert.deepEqual(stateOf(found), ['REJECTED', 'USER', 'CUSTOMER_MANUALLY_REVOKED']);
    assert.equal(found?.loggedUser, undefined);
    assert.deepEqual(stateOf(await consents.find(others.id)), AUTHORISED);
  });

  it('when nothing is known of them, then it is said', async () => {
    assert.equal(await start().consents.erasePerson(madeUpCpf()), false);
  });

  it('when an open consent is left without its person, then it ends when it is read', async () => {
    const { consents, ask, authorise, store } = start();
    const { id, loggedUser } = await authorise(await ask());
    const act = { event: 'erased', actor: 'institution' } as const;
    await store.erasePerson(loggedUser?.identification as string, act);
    assert.deepEqual(stateOf(await consents.find(id)), ['REJECTED', 'ASPSP', 'CONSENT_TECHNICAL_ISSUE']);
  });
});

describe('given a store that is away', () => {
  it('when a consent is read whose time has come, then the reading fails instead of showing it open', async () => {
    const { clock, consents, ask, store } = start();
    const { id } = await ask();
    await clock.advance(61 * MINUTE);
    store.beforeChange = () => Promise.reject(new Error('away'));
    await assert.rejects(consents.find(id), /away/);
  });

  it('when a consent changes faster than anybody can follow, then the change fails and does not spin', async () => {
    const { consents, ask, store } = start();
    const { id } = await ask();
    const { change } = store;
    store.change = async (...named) => {
      const newest = await store.find(named[0]);
      await change.call(store, named[0], newest?.revision as number, {}, { event: 'approval', actor: 'x' });
      return change.apply(store, named);
    };
    await assert.rejects(consents.reject(id, BY_USER, 'customer:sub-1'), /changed 20 times/);
  });
});

/** What can happen to a consent, by anybody, at any time. */
const EVENTS = ['authorise', 'refuse', 'revoke', 'secure', 'consume', 'approve', 'renew', 'read'] as const;
type Event = (typeof EVENTS)[number];
const APPROVER = madeUpCpf();

const histories = fc.record({
  service: fc.boolean(),
  minutes: fc.constantFrom(30, 90, 60 * 24, undefined),
  approvers: fc.boolean(),
  steps: fc.array(
    fc.record({
      wait: fc.constantFrom(0, 1, 59, 60, 61, 1800, 3599, 3600, 86_400),
      events: fc.array(fc.constantFrom(...EVENTS), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

/** Plays a history; the events of one step at once or one after the other, with a sweep after each wait or without. */
async function play(history: History, mode: { readonly atOnce: boolean; readonly swept: boolean }) {
  const { store, clock, consents, ask } = start();
  const end = history.minutes === undefined ? undefined : NOON + history.minutes * MINUTE;
  const loggedUser = { identification: '52998224725', rel: 'CPF' };
  const base = { id: 'urn:made-up:played', loggedUser, expiresAt: end };
  const consent = await ask(history.service ? { ...SERVICE, ...base } : base);
  const { id, permissions } = consent;
  const selection: Selection = history.approvers
    ? {
        resources: [{ type: 'ACCOUNT', ref: 'one', awaiting: [APPROVER], isRefused: false }],
        approvals: [{ approver: APPROVER, decision: 'PENDING' }],
      }
    : ONLY_ONE;
  const doers: Record<Event, () => Promise<unknown>> = {
    authorise: () => consents.authorise(id, { subject: 's', grantId: 'g', permissions, selection }),
    refuse: () => consents.reject(id, BY_USER, 'customer:s'),
    revoke: () => consents.revoke(id, 'client-1'),
    secure: () =>
      consents.reject(id, { rejectedBy: 'ASPSP', code: 'INTERNAL_SECURITY_REASON' }, 'institution'),
    consume: () => consents.consume(id),
    approve: () => consents.approve(id, APPROVER, accounts('one'), 's2'),
    renew: async () => {
      const expiresAt = clock.now() + 10 * DAY;
      const renewal = { expiresAt, loggedUser, customerIpAddress: '192.0.2.7', customerUserAgent: 'N' };
      const outcome = await consents.renew(id, renewal, 'client-1');
      return 'renewed' in outcome ? outcome.renewed : undefined;
    },
    read: async () => void (await consents.find(id)),
  };
  const successes: Event[] = [];
  const states: (Consent | undefined)[] = [];
  for (const { wait, events } of history.steps) {
    await clock.advance(wait * SECOND);
    if (mode.swept) await consents.sweep();
    const attempts = events.map((event) => async () => {
      if (await doers[event]()) successes.push(event);
    });
    if (mode.atOnce) await Promise.all(attempts.map((attempt) => attempt()));
    else for (const attempt of attempts) await attempt();
    states.push(await consents.find(id));
  }
  return { store, successes, states, last: states.at(-1) as Consent };
}

describe('given any history of a consent', () => {
  it('when time is applied at the reading or by the sweep, then the consent tells the same', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const lazily = await play(history, { atOnce: false, swept: false });
        const swept = await play(history, { atOnce: false, swept: true });
        const told = ({ states }: typeof lazily) => states.map((state) => ({ ...state, revision: 0 }));
        assert.deepEqual(told(lazily), told(swept));
      }),
    );
  });

  it('when events come at once, then none that failed left a trace and none that succeeded is lost', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { store, successes, last } = await play(history, { atOnce: true, swept: false });
        const byWill = store.acts.filter(({ actor, event }) => actor !== 'clock' && event !== 'created');
        assert.equal(byWill.length, successes.length);
        assert.deepEqual(
          store.acts.map(({ revision }) => revision),
          store.acts.map((_, index) => index + 1),
        );
        assert.equal(last.revision, store.acts.length);
      }),
    );
  });

  it('when it is told from the ledger, then it is authorised once, ends once, and ends for ever', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { store, states } = await play(history, { atOnce: true, swept: true });
        const told = store.acts.map(({ event }) => event).join(' ');
        assert.match(told, /^created( authorised( extended| approval)*( consumed)?)?( rejected)?$/);
        assert.doesNotMatch(told, /consumed rejected/);
        const final = states.findIndex(
          (state) => state?.status === 'REJECTED' || state?.status === 'CONSUMED',
        );
        if (final >= 0)
          for (const state of states.slice(final))
            assert.deepEqual(state, states[final], 'final states stay');
      }),
    );
  });
});
