import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { type SealedStore, type SealedStores, startSealedStores } from '../../test/support/sealed-stores.ts';
import type { ArtifactStore } from '../authorization/artifact-store.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentAct, ConsentChange } from '../consents/consent-store.ts';
import type { Store } from './open-store.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const ISSUER = 'https://made.up';
const ACT: ConsentAct = { event: 'authorised', actor: 'customer:sub-1' };
const BEARERS = ['AccessToken', 'RefreshToken', 'AuthorizationCode'];

let stores: SealedStores;
let opened: SealedStore;
let store: Store;
let artifacts: ArtifactStore;
before(async () => {
  stores = await startSealedStores();
  opened = await stores.open({ clock: { now: () => NOON } });
  store = opened.store;
  artifacts = store.artifacts(ISSUER);
});
after(() => stores.close());

/** An authorised consent with a grant and one bearer artifact of each model, all ending with it. */
async function authorised(clientId = 'client-1'): Promise<Consent & { readonly grantId: string }> {
  const wanted = madeUpConsent({ clientId, expiresAt: NOON + DAY });
  await store.consents.create(wanted, { event: 'created', actor: `client:${clientId}` });
  const grantId = `grant ${randomUUID()}`;
  const consent = await changed({ ...wanted, revision: 1 } as Consent, { status: 'AUTHORISED', grantId });
  const exp = (NOON + DAY) / SECOND;
  await artifacts.upsert('Grant', grantId, { jti: grantId, clientId, exp }, 86_400);
  for (const model of BEARERS)
    await artifacts.upsert(model, idOf(model, grantId), { grantId, clientId, exp }, 86_400);
  return consent as Consent & { readonly grantId: string };
}

async function changed(consent: Consent, change: ConsentChange): Promise<Consent> {
  const result = await store.consents.change(consent.id, consent.revision, change, ACT);
  assert.ok(result);
  return result;
}

const idOf = (model: string, grantId: string) => `${model} of ${grantId}`;

async function modelsLeft(grantId: string): Promise<string[]> {
  const left = [];
  if (await artifacts.find('Grant', grantId)) left.push('Grant');
  for (const model of BEARERS) if (await artifacts.find(model, idOf(model, grantId))) left.push(model);
  return left;
}

describe('given an authorised consent with grant, tokens and code', () => {
  for (const status of ['REJECTED', 'CONSUMED'] as const)
    it(`when it becomes ${status}, then they end with it, and those of others do not`, async () => {
      const [consent, other] = [await authorised(), await authorised()];
      await changed(consent, { status });
      assert.deepEqual(await modelsLeft(consent.grantId), []);
      assert.deepEqual(await modelsLeft(other.grantId), ['Grant', ...BEARERS]);
    });

  it('when a change to its end loses, then they stay', async () => {
    const consent = await authorised();
    const lost = await store.consents.change(consent.id, consent.revision - 1, { status: 'REJECTED' }, ACT);
    assert.equal(lost, undefined);
    assert.deepEqual(await modelsLeft(consent.grantId), ['Grant', ...BEARERS]);
  });

  it('when the line in the ledger cannot be written, then neither they nor the consent end', async () => {
    const consent = await authorised();
    await opened.sql(`insert into consent_ledger
      select seq + 1, version, at, '${consent.id}', event, actor, ${consent.revision + 1}, body, hash, hash
      from consent_ledger order by seq desc limit 1`);
    await assert.rejects(store.consents.change(consent.id, consent.revision, { status: 'REJECTED' }, ACT));
    assert.deepEqual(await modelsLeft(consent.grantId), ['Grant', ...BEARERS]);
    assert.equal((await store.consents.find(consent.id))?.status, 'AUTHORISED');
    await opened.sql(`delete from consent_ledger where seq > (select seq from consent_ledger_head)`);
  });

  it('when its end moves, then grant and refresh token move with it, and nothing else does', async () => {
    const consent = await authorised();
    await changed(consent, { expiresAt: NOON + 9 * DAY });
    const exps = [(await artifacts.find('Grant', consent.grantId))?.exp];
    for (const model of BEARERS) exps.push((await artifacts.find(model, idOf(model, consent.grantId)))?.exp);
    const [old, moved] = [(NOON + DAY) / SECOND, (NOON + 9 * DAY) / SECOND];
    assert.deepEqual(exps, [moved, old, moved, old]);
  });

  it('when its end is taken away, then theirs is far off', async () => {
    const consent = await authorised();
    await changed(consent, { expiresAt: undefined });
    const refresh = await artifacts.find('RefreshToken', idOf('RefreshToken', consent.grantId));
    assert.ok(Number(refresh?.exp) > Date.UTC(2999, 0) / SECOND);
  });

  it('when a token is saved after the end, then it is not kept', async () => {
    const { grantId, ...consent } = await authorised();
    await changed({ ...consent, grantId }, { status: 'REJECTED' });
    await artifacts.upsert('AccessToken', 'too late', { grantId, exp: (NOON + DAY) / SECOND }, 60);
    assert.equal(await artifacts.find('AccessToken', 'too late'), undefined);
  });

  it('when tokens are saved while it ends, then none of them is left', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { grantId, ...consent } = await authorised();
      const save = (name: string) =>
        artifacts.upsert('AccessToken', `${name} ${grantId}`, { grantId, exp: (NOON + DAY) / SECOND }, 60);
      const early = save('early');
      const end = changed({ ...consent, grantId }, { status: 'REJECTED' });
      await Promise.all([early, end, save('late'), end.then(() => save('last'))]);
      for (const name of ['early', 'late', 'last'])
        assert.equal(await artifacts.find('AccessToken', `${name} ${grantId}`), undefined, name);
    }
  });
});

describe('given a client that leaves', () => {
  it('when it is revoked, then its living consents are rejected, its tokens end, and others’ stay', async () => {
    const clientId = `client ${randomUUID()}`;
    const [mine, theirs] = [await authorised(clientId), await authorised()];
    const ended = await changed(await authorised(clientId), {
      status: 'REJECTED',
      rejection: { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REVOKED' },
    });
    const awaiting = madeUpConsent({ clientId });
    await store.consents.create(awaiting, { event: 'created', actor: `client:${clientId}` });
    await artifacts.upsert('ClientCredentials', 'own token', { clientId }, 60);
    await artifacts.upsert('Client', clientId, { client_id: clientId }, undefined);

    await artifacts.revokeByClient(clientId);

    const found = await store.consents.find(mine.id);
    assert.deepEqual(
      [found?.status, found?.statusUpdatedAt, found?.rejection],
      ['REJECTED', NOON, { rejectedBy: 'TPP', code: 'CONSENT_TECHNICAL_ISSUE' }],
    );
    assert.equal((await store.consents.find(awaiting.id))?.status, 'REJECTED');
    assert.deepEqual(await store.consents.find(ended.id), ended, 'what had ended stays as it was');
    assert.deepEqual(await modelsLeft(mine.grantId), []);
    assert.equal(await artifacts.find('ClientCredentials', 'own token'), undefined);
    assert.ok(await artifacts.find('Client', clientId), 'the registration is its own matter');
    assert.equal((await store.consents.find(theirs.id))?.status, 'AUTHORISED');
    assert.deepEqual(await modelsLeft(theirs.grantId), ['Grant', ...BEARERS]);
    assert.ok('entries' in (await store.ledger.verify()), 'the ledger tells of it');
  });
});

describe('given a change that does not wait for the consent to be made', () => {
  it('when both are written together, then one follows the other', async () => {
    const wanted = madeUpConsent();
    const [, changed] = await Promise.all([
      store.consents.create(wanted, { event: 'created', actor: 'client:client-1' }),
      store.consents.change(wanted.id, 1, { status: 'REJECTED' }, ACT),
    ]);
    assert.equal(changed?.status, 'REJECTED');
    assert.deepEqual(await store.consents.find(wanted.id), changed);
    assert.ok('entries' in (await store.ledger.verify()));
  });
});

describe('given a write that the database refuses', () => {
  it('when others are written with it, then they are not in its way nor it in theirs', async () => {
    const wanted = [madeUpConsent(), madeUpConsent({ permissions: ['NUL\u0000'] }), madeUpConsent()];
    const act: ConsentAct = { event: 'created', actor: 'client:client-1' };
    const results = await Promise.allSettled(wanted.map((consent) => store.consents.create(consent, act)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.ok('entries' in (await store.ledger.verify()));
  });

  it('when an id is used again, then the second one is refused', async () => {
    const wanted = madeUpConsent();
    const act: ConsentAct = { event: 'created', actor: 'client:client-1' };
    const results = await Promise.allSettled(
      [wanted, wanted].map((each) => store.consents.create(each, act)),
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await assert.rejects(store.consents.create(madeUpConsent({ id: wanted.id }), act));
    assert.deepEqual((await store.consents.find(wanted.id))?.loggedUser, wanted.loggedUser);
  });
});
