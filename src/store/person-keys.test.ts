import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { madeUpConsent, madeUpCpf, NOON } from '../../test/support/made-up-consent.ts';
import { madeUpMasterKey, type SealedStores, startSealedStores } from '../../test/support/sealed-stores.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentAct, ConsentStore } from '../consents/consent-store.ts';

const CREATED: ConsentAct = { event: 'created', actor: 'client:client-1' };
const AUTHORISED: ConsentAct = { event: 'authorised', actor: 'customer:sub-1' };
const ERASED: ConsentAct = { event: 'erased', actor: 'institution' };

let stores: SealedStores;
before(async () => {
  stores = await startSealedStores();
});
after(() => stores.close());

async function authorise(store: ConsentStore, cpf: string, approver: string): Promise<Consent> {
  const wanted = madeUpConsent({
    loggedUser: { identification: cpf, rel: 'CPF' },
    businessEntity: { identification: '12ABC34501DE35', rel: 'CNPJ' },
    details: { personal: 'Maria das Dores' },
    expiresAt: undefined,
  });
  await store.create(wanted, CREATED);
  const change = {
    status: 'AUTHORISED' as const,
    selection: {
      resources: [{ type: 'ACCOUNT', ref: 'agency-77-account-4711', awaiting: [approver], isRefused: false }],
      approvals: [{ approver, decision: 'PENDING' as const }],
    },
    extension: {
      requestedAt: NOON,
      expiresAt: undefined,
      previousExpiresAt: undefined,
      loggedUser: { identification: cpf, rel: 'CPF' },
      customerIpAddress: '192.0.2.77',
      customerUserAgent: 'Navegador/1.0',
    },
  };
  return (await store.change(wanted.id, 1, change, AUTHORISED)) as Consent;
}

describe('given consents of persons', () => {
  it('when the whole database is read, then nothing in it is personal', async () => {
    const { store, sql } = await stores.open();
    const [cpf, approver] = [madeUpCpf(), madeUpCpf()];
    await authorise(store.consents, cpf, approver);

    const [row] = await sql(`
      select (select string_agg(t::text, ' ') from consents t) || (select string_agg(t::text, ' ') from persons t)
        || (select string_agg(t::text, ' ') from consent_ledger t)
        || (select string_agg(t::text, ' ') from consent_extensions t)
        || (select string_agg(t::text, ' ') from consent_approvers t) as everything`);
    const everything = String(row?.everything);

    assert.ok(everything.includes('ACCOUNTS_READ'), 'what is not personal can be read');
    for (const secret of [
      cpf,
      approver,
      '12ABC34501DE35',
      'Maria das Dores',
      'agency-77-account-4711',
      '192.0.2.77',
      'Navegador',
    ])
      for (const text of [secret, Buffer.from(secret).toString('hex')])
        assert.ok(!everything.includes(text), `${secret} is not to be seen`);
  });

  it('when a ciphertext is moved to another consent, then it is not taken for that one’s', async () => {
    const { store, sql } = await stores.open();
    const loggedUser = { identification: madeUpCpf(), rel: 'CPF' };
    const [one, other, untouched] = [
      madeUpConsent({ loggedUser }),
      madeUpConsent({ loggedUser }),
      madeUpConsent(),
    ];
    for (const consent of [one, other, untouched]) await store.consents.create(consent, CREATED);
    await sql(`update consents set personal = (select personal from consents where id = '${other.id}')
      where id = '${one.id}'`);

    const reads = await Promise.allSettled([one, other, untouched].map(({ id }) => store.consents.find(id)));

    assert.deepEqual(
      reads.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
      'nor does it disturb those that are read with it',
    );
    await assert.rejects(store.consents.change(one.id, 1, { status: 'AUTHORISED' }, AUTHORISED), /altered/);
    assert.deepEqual(
      (await store.consents.ofPerson('open-finance', loggedUser.identification)).map(({ id }) => id),
      [other.id],
    );
  });
});

describe('given a person whose key has been altered', () => {
  it('when consents of theirs and of others come together, then only theirs fail', async () => {
    const { store, sql } = await stores.open();
    const loggedUser = { identification: madeUpCpf(), rel: 'CPF' };
    const theirs = madeUpConsent({ loggedUser });
    await store.consents.create(theirs, CREATED);
    await sql(`update persons set sealed_key = set_byte(sealed_key, 40, get_byte(sealed_key, 40) # 1)`);
    const others = [madeUpConsent(), madeUpConsent()];
    const [one, two] = others as [(typeof others)[0], (typeof others)[0]];
    const wanted = [one, madeUpConsent({ loggedUser }), two];
    const results = await Promise.allSettled(wanted.map((each) => store.consents.create(each, CREATED)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    await assert.rejects(store.consents.find(theirs.id), /has been altered/);
    assert.ok('entries' in (await store.ledger.verify()));
  });
});

describe('given writes that come to nothing', () => {
  it('when somebody is named in them, then nothing is kept of that person', async () => {
    const { store, sql } = await stores.open();
    const once = { key: 'once', fingerprint: 'a' };
    const [first, repeated, other] = [madeUpConsent(), madeUpConsent(), madeUpConsent()];
    await store.consents.create(first, CREATED, once);
    await store.consents.create(repeated, CREATED, once);
    await store.consents.create(other, CREATED, { ...once, fingerprint: 'b' });
    const selection = { resources: [], approvals: [{ approver: madeUpCpf(), decision: 'PENDING' as const }] };
    await store.consents.change(first.id, 7, { selection }, AUTHORISED);
    assert.equal((await sql('select 1 from persons')).length, 1);
  });
});

describe('given an approver who is erased', () => {
  it('when the consent of another is read, then the approver is nobody’s document, and still awaited', async () => {
    const { store } = await stores.open();
    const [cpf, approver] = [madeUpCpf(), madeUpCpf()];
    const before = await authorise(store.consents, cpf, approver);

    assert.equal(await store.consents.erasePerson(approver, ERASED), true);

    const found = (await store.consents.find(before.id)) as Consent;
    const [resource] = found.selection?.resources ?? [];
    assert.equal(found.loggedUser?.identification, cpf);
    assert.ok(!JSON.stringify(found).includes(approver));
    assert.equal(resource?.awaiting.length, 1, 'what waited for them goes on waiting');
    assert.equal(resource?.awaiting[0], found.selection?.approvals[0]?.approver);
    assert.deepEqual(await store.consents.ofPerson('open-finance', approver), []);
    assert.equal(found.revision, before.revision + 1, 'who has read it before must read it again');
  });

  it('when the selection is written again, then the erased one is neither lost nor made a person', async () => {
    const { store, sql } = await stores.open();
    const approver = madeUpCpf();
    const { id } = await authorise(store.consents, madeUpCpf(), approver);
    await store.consents.erasePerson(approver, ERASED);
    const found = (await store.consents.find(id)) as Consent;
    const { selection } = found;
    assert.ok(selection);

    const changed = await store.consents.change(id, found.revision, { selection }, AUTHORISED);

    assert.deepEqual(changed?.selection, selection);
    assert.deepEqual((await store.consents.find(id))?.selection, selection);
    assert.equal((await sql('select 1 from persons')).length, 1);
  });
});

describe('given a consent whose person has been erased', () => {
  it('when something personal is to be added, then it is refused, and nothing changes', async () => {
    const { store } = await stores.open();
    const consent = await authorise(store.consents, madeUpCpf(), madeUpCpf());
    await store.consents.erasePerson(consent.loggedUser?.identification as string, ERASED);
    const found = (await store.consents.find(consent.id)) as Consent;
    const selection = { resources: [], approvals: [] };
    await assert.rejects(
      store.consents.change(found.id, found.revision, { selection }, AUTHORISED),
      /has been erased/,
    );
    assert.deepEqual(await store.consents.find(found.id), found);
  });
});

describe('given a new master key', () => {
  it('when keys have been sealed anew, then the old one is not needed, and no consent was written', async () => {
    const [old, fresh] = [madeUpMasterKey('old'), madeUpMasterKey('new')];
    const { store: before, url, sql } = await stores.open({ masterKeys: [old] });
    const consent = await authorise(before.consents, madeUpCpf(), madeUpCpf());
    await before.signingKeys.add('https://made.up', {
      kid: 'one',
      jwk: { d: 'secret' },
      signsFrom: 1,
      endsAt: 2,
    });
    await before.artifacts('https://made.up').upsert('AccessToken', 'a token', { jti: 'a token' }, 60);
    const derived = before.sealer().derive('customers');
    const rows = await sql('select xmin, * from consents');

    const { store: both } = await stores.open({ url, masterKeys: [fresh, old] });
    await both.consents.create(madeUpConsent({ loggedUser: consent.loggedUser }), CREATED);
    assert.equal(await both.rewrapKeys(), 3, 'two persons and a signing key');
    assert.equal(await both.rewrapKeys(), 0);

    const { store: after } = await stores.open({ url, masterKeys: [fresh] });
    assert.deepEqual(await after.consents.find(consent.id), consent);
    assert.deepEqual((await after.signingKeys.list('https://made.up'))[0]?.jwk, { d: 'secret' });
    assert.deepEqual(await after.artifacts('https://made.up').find('AccessToken', 'a token'), {
      jti: 'a token',
    });
    assert.deepEqual(after.sealer().derive('customers'), derived);
    assert.deepEqual(await sql(`select xmin, * from consents where id = '${consent.id}'`), rows);
  });

  it('when it is another database’s, then the store says so and keeps nothing', async () => {
    const { url } = await stores.open();
    await assert.rejects(
      stores.open({ url, masterKeys: [madeUpMasterKey()] }),
      /failed: none of the master keys/,
    );
  });
});
