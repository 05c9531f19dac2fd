import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Consent, ConsentExtension } from '../../src/consents/consent.ts';
import type {
  ConsentAct,
  ConsentChange,
  ConsentStore,
  NewConsent,
} from '../../src/consents/consent-store.ts';
import { madeUpConsent, madeUpCpf, NOON } from './made-up-consent.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CREATED: ConsentAct = { event: 'created', actor: 'client:client-1' };
const AUTHORISED: ConsentAct = { event: 'authorised', actor: 'customer:sub-1' };
const REJECTED: ConsentAct = { event: 'rejected', actor: 'clock' };
const EXTENDED: ConsentAct = { event: 'extended', actor: 'client:client-1' };
const ERASED: ConsentAct = { event: 'erased', actor: 'institution' };

/** The store under test. `close` is called once all scenarios have ended. */
export interface StoreUnderTest {
  readonly store: ConsentStore;
  readonly close?: () => Promise<void>;
}

/**
 * The promises of the ConsentStore port as scenarios, for every store that claims to keep them. All scenarios share one
 * store, which need not be empty: each uses ids, persons and instants of its own.
 */
export function describeConsentStore(
  name: string,
  make: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describe(name, () => {
    let tested: StoreUnderTest;
    let store: ConsentStore;
    before(async () => {
      tested = await make();
      store = tested.store;
    });
    after(() => tested?.close?.());

    async function created(change: Partial<NewConsent> = {}): Promise<Consent> {
      const creation = await store.create(madeUpConsent(change), CREATED);
      assert.equal(creation.outcome, 'created');
      return (creation as { consent: Consent }).consent;
    }

    async function changed(consent: Consent, change: ConsentChange, act = AUTHORISED): Promise<Consent> {
      const result = await store.change(consent.id, consent.revision, change, act);
      assert.ok(result, 'the change takes place');
      return result;
    }

    describe('given a new consent', () => {
      it('when it is found again, then it is what was asked for, with nothing decided', async () => {
        const wanted = madeUpConsent({
          businessEntity: { identification: '12ABC34501DE35', rel: 'CNPJ' },
          details: { made: { up: ['Ação', 1, null, true] } },
          isLinked: true,
        });
        await store.create(wanted, CREATED);
        const found = await store.find(wanted.id);
        const { revision, ...rest } = found as Consent;
        assert.ok(Number.isInteger(revision));
        const undecided = {
          rejection: undefined,
          selection: undefined,
          subject: undefined,
          grantId: undefined,
        };
        assert.deepEqual(rest, { ...wanted, ...undecided });
      });

      it('when it has no end and no further members, then they are undefined, not null', async () => {
        const { id } = await created({ expiresAt: undefined });
        const found = (await store.find(id)) as Consent;
        assert.deepEqual(
          [found.expiresAt, found.businessEntity, found.details, found.isLinked],
          [undefined, undefined, undefined, undefined],
        );
      });

      it('when an id is unknown, then nothing is found', async () => {
        assert.equal(await store.find(`urn:made-up:${randomUUID()}`), undefined);
      });

      it('when what was found is the consent that creation gave, then they agree', async () => {
        const consent = await created();
        assert.deepEqual(await store.find(consent.id), consent);
      });
    });

    describe('given an idempotency key', () => {
      const idempotency = () => ({ key: `key ${randomUUID()}`, fingerprint: 'a'.repeat(64) });

      it('when the same request comes again, then the first consent is given and none is made', async () => {
        const once = idempotency();
        const first = await store.create(madeUpConsent(), CREATED, once);
        const again = madeUpConsent();
        const second = await store.create(again, CREATED, once);
        assert.deepEqual(
          [first.outcome, second.outcome],
          ['created', 'repeated'],
          'the second request repeats the first',
        );
        assert.equal((second as { consent: Consent }).consent.id, (first as { consent: Consent }).consent.id);
        assert.equal(await store.find(again.id), undefined);
      });

      it('when the key comes with another body, then it is a conflict and nothing is made', async () => {
        const once = idempotency();
        await store.create(madeUpConsent(), CREATED, once);
        const other = madeUpConsent();
        const second = await store.create(other, CREATED, { ...once, fingerprint: 'b'.repeat(64) });
        assert.deepEqual(second, { outcome: 'conflict' });
        assert.equal(await store.find(other.id), undefined);
      });

      it('when another client or ecosystem uses the same key, then it is a key of its own', async () => {
        const once = idempotency();
        const outcomes = [];
        for (const change of [{}, { clientId: 'client-2' }, { ecosystem: 'open-insurance' }])
          outcomes.push((await store.create(madeUpConsent(change), CREATED, once)).outcome);
        assert.deepEqual(outcomes, ['created', 'created', 'created']);
      });

      it('when ten equal requests come at once, then one consent is made', async () => {
        const once = idempotency();
        const attempts = Array.from({ length: 10 }, () => store.create(madeUpConsent(), CREATED, once));
        const creations = await Promise.all(attempts);
        assert.equal(creations.filter(({ outcome }) => outcome === 'created').length, 1);
        assert.equal(creations.filter(({ outcome }) => outcome === 'repeated').length, 9);
        const ids = new Set(creations.map((creation) => (creation as { consent: Consent }).consent.id));
        assert.equal(ids.size, 1);
      });
    });

    describe('given a change', () => {
      it('when it names the newest revision, then it takes place and what it does not name stays', async () => {
        const consent = await created();
        const change: ConsentChange = {
          status: 'AUTHORISED',
          statusUpdatedAt: NOON + HOUR,
          subject: 'sub-1',
          grantId: `grant-${randomUUID()}`,
          selection: {
            resources: [
              { type: 'ACCOUNT', ref: 'one', awaiting: [madeUpCpf()], isRefused: false },
              { type: 'ACCOUNT', ref: 'two', awaiting: [], isRefused: true },
            ],
            approvals: [{ approver: madeUpCpf(), decision: 'APPROVED', decidedAt: NOON + HOUR }],
          },
        };
        const result = await changed(consent, change);
        assert.deepEqual(result, { ...consent, ...change, revision: result.revision });
        assert.notEqual(result.revision, consent.revision);
        assert.deepEqual(await store.find(consent.id), result);
      });

      it('when it names an older revision, then nothing changes', async () => {
        const consent = await created();
        const newest = await changed(consent, { status: 'AUTHORISED', statusUpdatedAt: NOON + HOUR });
        const lost = await store.change(consent.id, consent.revision, { status: 'REJECTED' }, REJECTED);
        assert.equal(lost, undefined);
        assert.deepEqual(await store.find(consent.id), newest);
      });

      it('when the consent is unknown, then there is nothing to change', async () => {
        assert.equal(await store.change(`urn:made-up:${randomUUID()}`, 1, {}, REJECTED), undefined);
      });

      it('when it ends the consent, then who and why are kept', async () => {
        const consent = await created();
        const rejection = { rejectedBy: 'ASPSP', code: 'INTERNAL_SECURITY_REASON' } as const;
        const plain = await changed(consent, { status: 'REJECTED', rejection }, REJECTED);
        assert.deepEqual((await store.find(consent.id))?.rejection, rejection);
        const worded = { ...rejection, additionalInformation: 'Política de segurança' };
        await changed(plain, { rejection: worded }, REJECTED);
        assert.deepEqual((await store.find(consent.id))?.rejection, worded);
      });

      it('when it narrows the permissions, then their order is kept', async () => {
        const consent = await created({ permissions: ['C_READ', 'A_READ', 'B_READ'] });
        await changed(consent, { permissions: ['C_READ', 'B_READ'] });
        assert.deepEqual((await store.find(consent.id))?.permissions, ['C_READ', 'B_READ']);
      });
    });

    describe('given approve, delete and expiry at once', () => {
      const rivals: readonly [ConsentChange, ConsentAct][] = [
        [{ status: 'AUTHORISED', statusUpdatedAt: NOON + 1000, subject: 'sub-1' }, AUTHORISED],
        [
          {
            status: 'REJECTED',
            statusUpdatedAt: NOON + 2000,
            rejection: { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REJECTED' },
          },
          REJECTED,
        ],
        [
          {
            status: 'REJECTED',
            statusUpdatedAt: NOON + 3000,
            rejection: { rejectedBy: 'ASPSP', code: 'CONSENT_EXPIRED' },
          },
          REJECTED,
        ],
      ];

      it('when all name the same revision, then exactly one wins and the state is the winner’s alone', async () => {
        for (let round = 0; round < 20; round += 1) {
          const consent = await created();
          const order = [...rivals, ...rivals].sort(() => Math.random() - 0.5);
          const results = await Promise.all(
            order.map(([change, act]) => store.change(consent.id, consent.revision, change, act)),
          );
          const winners = results.flatMap((result, index) => (result ? [{ result, index }] : []));
          assert.equal(winners.length, 1, 'one winner');
          const [{ result, index } = { result: undefined, index: -1 }] = winners;
          assert.deepEqual(await store.find(consent.id), result);
          assert.deepEqual(result, { ...consent, ...order[index]?.[0], revision: result?.revision });
        }
      });

      it('when they concern different consents, then none is in the way of another', async () => {
        const consents = await Promise.all(Array.from({ length: 20 }, () => created()));
        const results = await Promise.all(
          consents.map(({ id, revision }) =>
            store.change(id, revision, { status: 'AUTHORISED' }, AUTHORISED),
          ),
        );
        assert.deepEqual(
          results.map((result) => result?.id),
          consents.map(({ id }) => id),
        );
      });
    });

    describe('given renewals', () => {
      const renewal = (
        requestedAt: number,
        expiresAt: number | undefined,
        previousExpiresAt: number | undefined,
      ): ConsentExtension => ({
        requestedAt,
        expiresAt,
        previousExpiresAt,
        loggedUser: { identification: madeUpCpf(), rel: 'CPF' },
        customerIpAddress: '2001:db8::7',
        customerUserAgent: 'Navegador/1.0 (ação)',
      });

      it('when there was none, then the list is empty', async () => {
        const { id } = await created();
        assert.deepEqual(await store.extensions(id, { offset: 0, limit: 25 }), { items: [], total: 0 });
      });

      it('when there were several, then they come newest first, in pages, with the total', async () => {
        let consent = await created({ expiresAt: NOON + DAY });
        const renewals: ConsentExtension[] = [];
        for (let turn = 1; turn <= 5; turn += 1) {
          // Two of one second: the later one is the newer one all the same.
          const extension = renewal(
            NOON + Math.floor(turn / 2) * 1000,
            NOON + (turn + 1) * DAY,
            NOON + turn * DAY,
          );
          consent = await changed(consent, { expiresAt: extension.expiresAt, extension }, EXTENDED);
          renewals.unshift(extension);
        }
        assert.equal(consent.expiresAt, NOON + 6 * DAY);
        const read = (offset: number, limit: number) => store.extensions(consent.id, { offset, limit });
        assert.deepEqual(await read(0, 25), { items: renewals, total: 5 });
        assert.deepEqual(await read(1, 2), { items: renewals.slice(1, 3), total: 5 });
        assert.deepEqual(await read(10, 25), { items: [], total: 5 });
      });

      it('when a renewal takes the end away, then the consent has no end', async () => {
        const consent = await created({ expiresAt: NOON + DAY });
        const extension = renewal(NOON, undefined, NOON + DAY);
        const endless = await changed(consent, { expiresAt: undefined, extension }, EXTENDED);
        assert.equal(endless.expiresAt, undefined);
        assert.equal((await store.find(consent.id))?.expiresAt, undefined);
        const { items } = await store.extensions(consent.id, { offset: 0, limit: 25 });
        assert.deepEqual(items, [extension]);
      });

      it('when a renewal loses against another change, then it is not in the list', async () => {
        const consent = await created({ expiresAt: NOON + DAY });
        await changed(consent, { status: 'REJECTED' }, REJECTED);
        const extension = renewal(NOON, NOON + 2 * DAY, NOON + DAY);
        const change = { expiresAt: extension.expiresAt, extension };
        assert.equal(await store.change(consent.id, consent.revision, change, EXTENDED), undefined);
        assert.equal((await store.extensions(consent.id, { offset: 0, limit: 25 })).total, 0);
      });
    });

    describe('given consents whose time has come', () => {
      // Instants that no other scenario uses: the store is shared.
      const start = Date.UTC(2001, 0, 1) + Math.floor(Math.random() * 1e9) * 1000;
      const dueIds = async (awaitingSince: number, now: number, limit = 1000) =>
        new Set((await store.due(awaitingSince, now, limit)).map(({ id }) => id));

      it('when an awaiting one was created by then, then it is due', async () => {
        const { id } = await created({ createdAt: start, expiresAt: start + 300 * DAY });
        assert.ok(!(await dueIds(start - 1000, start - 1000)).has(id));
        assert.ok((await dueIds(start, start)).has(id));
      });

      it('when an authorised one ends by now, then it is due, and one without end never', async () => {
        const ending = await created({ createdAt: start, expiresAt: start + DAY });
        const endless = await created({ createdAt: start, expiresAt: undefined });
        await changed(ending, { status: 'AUTHORISED' });
        await changed(endless, { status: 'AUTHORISED' });
        const early = await dueIds(start, start + DAY - 1000);
        const late = await dueIds(start, start + DAY);
        assert.deepEqual(
          [early.has(ending.id), late.has(ending.id), late.has(endless.id)],
          [false, true, false],
        );
      });

      it('when they have ended, then they are not due any more', async () => {
        const consent = await created({ createdAt: start, expiresAt: start + DAY });
        await changed(consent, { status: 'REJECTED' }, REJECTED);
        assert.ok(!(await dueIds(start + DAY, start + 2 * DAY)).has(consent.id));
      });

      it('when there are more than the limit, then so many are given', async () => {
        await Promise.all(Array.from({ length: 3 }, () => created({ createdAt: start })));
        assert.equal((await store.due(start, start, 2)).length, 2);
      });
    });

    describe('given a person', () => {
      it('when they ask for their consents, then theirs of that ecosystem come, newest first', async () => {
        const cpf = madeUpCpf();
        const loggedUser = { identification: cpf, rel: 'CPF' };
        const older = await created({ loggedUser });
        const newer = await created({ loggedUser, createdAt: NOON + HOUR });
        await created({ loggedUser, ecosystem: 'open-insurance' });
        await created();
        assert.deepEqual(
          (await store.ofPerson('open-finance', cpf)).map(({ id }) => id),
          [newer.id, older.id],
        );
      });

      it('when they are an approver, then those consents come too', async () => {
        const cpf = madeUpCpf();
        const consent = await created();
        await changed(consent, {
          status: 'AUTHORISED',
          selection: {
            resources: [{ type: 'ACCOUNT', ref: 'one', awaiting: [cpf], isRefused: false }],
            approvals: [{ approver: cpf, decision: 'PENDING' }],
          },
        });
        assert.deepEqual(
          (await store.ofPerson('open-finance', cpf)).map(({ id }) => id),
          [consent.id],
        );
      });

      it('when they have more than 200, then the newest 200 come', async () => {
        const loggedUser = { identification: madeUpCpf(), rel: 'CPF' };
        const numbers = Array.from({ length: 203 }, (_, index) => index);
        const consents = await Promise.all(
          numbers.map((index) => created({ loggedUser, createdAt: NOON + index * 1000 })),
        );
        const found = await store.ofPerson('open-finance', loggedUser.identification);
        assert.equal(found.length, 200);
        assert.equal(found[0]?.id, consents.at(-1)?.id);
      });
    });

    describe('given a person to be forgotten', () => {
      it('when nothing is known of them, then it is said', async () => {
        assert.equal(await store.erasePerson(madeUpCpf(), ERASED), false);
      });

      it('when their key is deleted, then what was personal is gone and the consent remains', async () => {
        const loggedUser = { identification: madeUpCpf(), rel: 'CPF' };
        let consent = await created({
          loggedUser,
          businessEntity: { identification: '12ABC34501DE35', rel: 'CNPJ' },
          details: { policyId: '111111' },
        });
        const extension = {
          requestedAt: NOON,
          expiresAt: NOON + 200 * DAY,
          previousExpiresAt: consent.expiresAt,
          loggedUser,
          customerIpAddress: '192.0.2.7',
          customerUserAgent: 'Navegador/1.0',
        };
        consent = await changed(consent, { expiresAt: extension.expiresAt, extension }, EXTENDED);
        assert.equal(await store.erasePerson(loggedUser.identification, ERASED), true);

        const found = (await store.find(consent.id)) as Consent;
        assert.deepEqual(
          [found.loggedUser, found.businessEntity, found.details],
          [undefined, undefined, undefined],
        );
        assert.deepEqual(
          [found.status, found.permissions, found.expiresAt],
          [consent.status, consent.permissions, consent.expiresAt],
        );
        const { items, total } = await store.extensions(consent.id, { offset: 0, limit: 25 });
        assert.equal(total, 1);
        assert.equal(items[0]?.loggedUser, undefined);
        assert.ok(!JSON.stringify(items).includes('192.0.2.7'), 'nor the address they came from');
        assert.deepEqual(await store.ofPerson('open-finance', loggedUser.identification), []);
      });

      it('when they come again later, then the new consent is readable and the old one stays closed', async () => {
        const loggedUser = { identification: madeUpCpf(), rel: 'CPF' };
        const old = await created({ loggedUser });
        await store.erasePerson(loggedUser.identification, ERASED);
        const fresh = await created({ loggedUser });
        assert.deepEqual((await store.find(fresh.id))?.loggedUser, loggedUser);
        assert.equal((await store.find(old.id))?.loggedUser, undefined);
        assert.deepEqual(
          (await store.ofPerson('open-finance', loggedUser.identification)).map(({ id }) => id),
          [fresh.id],
        );
      });

      it('when others are in the store, then theirs stays readable', async () => {
        const theirs = await created();
        const gone = await created();
        await store.erasePerson(gone.loggedUser?.identification as string, ERASED);
        assert.deepEqual((await store.find(theirs.id))?.loggedUser, theirs.loggedUser);
      });

      it('when a consent of theirs is changed afterwards, then it can still be ended', async () => {
        const consent = await created();
        await store.erasePerson(consent.loggedUser?.identification as string, ERASED);
        const { revision } = (await store.find(consent.id)) as Consent;
        const ended = await store.change(consent.id, revision, { status: 'REJECTED' }, REJECTED);
        assert.equal(ended?.status, 'REJECTED');
      });
    });
  });
}
