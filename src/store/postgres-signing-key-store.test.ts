import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type SealedStore, type SealedStores, startSealedStores } from '../../test/support/sealed-stores.ts';
import type { SigningKeyStore, StoredSigningKey } from '../authorization/signing-key-store.ts';

const ISSUER = 'https://made.up/one';

let stores: SealedStores;
let opened: SealedStore;
let keys: SigningKeyStore;
before(async () => {
  stores = await startSealedStores();
  opened = await stores.open();
  keys = opened.store.signingKeys;
});
after(() => stores.close());

const keyOf = (kid: string, signsFrom: number, endsAt = signsFrom + 100): StoredSigningKey => ({
  kid,
  jwk: { kty: 'RSA', d: `private part of ${kid}` },
  signsFrom,
  endsAt,
});

describe('given signing keys', () => {
  it('when one is added that signs later than all others, then it is kept, in order', async () => {
    const [first, second] = [keyOf('b', 1000), keyOf('a', 2000)];
    assert.deepEqual(await keys.list(ISSUER), []);
    assert.deepEqual(await keys.add(ISSUER, first), [first]);
    assert.deepEqual(await keys.add(ISSUER, second), [first, second]);
    assert.deepEqual(await keys.list(ISSUER), [first, second]);
    assert.deepEqual(await keys.list('https://made.up/two'), []);
  });

  it('when another signs from the same instant or later, then it is not kept', async () => {
    const issuer = 'https://made.up/three';
    const known = keyOf('known', 1000);
    await keys.add(issuer, known);
    assert.deepEqual(await keys.add(issuer, keyOf('same', 1000)), [known]);
    assert.deepEqual(await keys.add(issuer, keyOf('earlier', 999)), [known]);
  });

  it('when several nodes add one at once, then all get the same one', async () => {
    const issuer = 'https://made.up/four';
    const node = (await stores.open({ url: opened.url })).store.signingKeys;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, place) =>
        (place % 2 ? node : keys).add(issuer, keyOf(`key ${place}`, 1000)),
      ),
    );
    const [first] = answers;
    assert.equal(first?.length, 1);
    for (const answer of answers) assert.deepEqual(answer, first);
  });

  it('when they ended before, then sweeping deletes them', async () => {
    const issuer = 'https://made.up/five';
    const [ended, living] = [keyOf('ended', 1, 499), keyOf('living', 2, 500)];
    await keys.add(issuer, ended);
    await keys.add(issuer, living);
    await keys.sweep(500);
    assert.deepEqual(await keys.list(issuer), [living]);
  });

  it('when the database is read, then no private part is in it, and none fits another key', async () => {
    const [row] = await opened.sql(`select string_agg(t::text, ' ') as everything from signing_keys t`);
    const hex = Buffer.from('private part').toString('hex');
    assert.ok(!String(row?.everything).includes('private part') && !String(row?.everything).includes(hex));
    const issuer = 'https://made.up/six';
    await keys.add(issuer, keyOf('one', 1));
    await keys.add(issuer, keyOf('two', 2));
    await opened.sql(`update signing_keys set sealed_jwk =
      (select sealed_jwk from signing_keys where kid = 'one' and issuer = '${issuer}') where kid = 'two'`);
    await assert.rejects(keys.list(issuer));
  });
});
