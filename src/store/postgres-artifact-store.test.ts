import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type SealedStore, type SealedStores, startSealedStores } from '../../test/support/sealed-stores.ts';
import type { ArtifactStore } from '../authorization/artifact-store.ts';

const ISSUER = 'https://made.up/one';

let stores: SealedStores;
let opened: SealedStore;
let artifacts: ArtifactStore;
let now = Date.UTC(2026, 2, 10, 12);
before(async () => {
  stores = await startSealedStores();
  opened = await stores.open({ clock: { now: () => now } });
  artifacts = opened.store.artifacts(ISSUER);
});
after(() => stores.close());

const seconds = (fromNow: number) => Math.floor(now / 1000) + fromNow;

describe('given an artifact', () => {
  it('when it is found, then it is what was saved, and only by its model and issuer', async () => {
    const id = randomUUID();
    const artifact = {
      jti: id,
      kind: 'AccessToken',
      exp: seconds(60),
      claims: { nested: ['ação', null, 1.5] },
    };
    await artifacts.upsert('AccessToken', id, artifact, 60);
    assert.deepEqual(await artifacts.find('AccessToken', id), artifact);
    assert.equal(await artifacts.find('RefreshToken', id), undefined);
    assert.equal(await opened.store.artifacts('https://made.up/two').find('AccessToken', id), undefined);
    assert.equal(await artifacts.find('AccessToken', `${id}x`), undefined);
  });

  it('when it is saved again, then the last one is found', async () => {
    const id = randomUUID();
    await Promise.all([1, 2, 3].map((turn) => artifacts.upsert('Session', id, { turn }, 60)));
    assert.deepEqual(await artifacts.find('Session', id), { turn: 3 });
    await artifacts.upsert('Session', id, { turn: 4 }, undefined);
    assert.deepEqual(await artifacts.find('Session', id), { turn: 4 });
  });

  it('when it was destroyed, then it is not found', async () => {
    const id = randomUUID();
    await artifacts.upsert('Session', id, {}, 60);
    await artifacts.destroy('Session', id);
    assert.equal(await artifacts.find('Session', id), undefined);
  });

  it('when many are saved and found at once, then each caller gets theirs', async () => {
    const ids = Array.from({ length: 700 }, () => randomUUID());
    await Promise.all(
      ids.map((id) => artifacts.upsert('AccessToken', id, { jti: id, name: `of ${id}` }, 60)),
    );
    const found = await Promise.all([...ids, 'unknown'].map((id) => artifacts.find('AccessToken', id)));
    assert.deepEqual(
      found.map((artifact) => artifact?.name),
      [...ids.map((id) => `of ${id}`), undefined],
    );
  });

  it('when its time is over, then it is not found, by its id or its uid, nor can it be used', async () => {
    const id = randomUUID();
    await artifacts.upsert('Session', id, { uid: `uid ${id}`, exp: seconds(60) }, 60);
    now += 59_000;
    assert.ok(await artifacts.find('Session', id));
    now += 1000;
    assert.equal(await artifacts.find('Session', id), undefined);
    assert.equal(await artifacts.findByUid('Session', `uid ${id}`), undefined);
    assert.equal(await artifacts.consume('Session', id), false);
  });
});

describe('given a token that calls come with', () => {
  it('when it comes again, then what it was is at hand, and what it is now is asked for', async () => {
    const id = randomUUID();
    await artifacts.upsert('AccessToken', id, { jti: id, exp: seconds(60), turn: 1 }, 60);
    const first = artifacts.present('AccessToken', id);
    assert.equal(first.last, undefined);
    const opened = await first.current;
    const second = artifacts.present('AccessToken', id);
    assert.equal(second.last, opened);
    assert.equal(await second.current, opened, 'it is decrypted once');

    await artifacts.upsert('AccessToken', id, { jti: id, exp: seconds(60), turn: 2 }, 60);
    assert.equal((await artifacts.present('AccessToken', id).current)?.turn, 2);
    await artifacts.destroy('AccessToken', id);
    assert.equal(await artifacts.present('AccessToken', id).current, undefined);
    assert.equal(artifacts.present('AccessToken', id).last, undefined, 'what has ended is not remembered');
  });

  it('when another node ends it, then the very next look finds nothing', async () => {
    const { store: node } = await stores.open({ url: opened.url, clock: { now: () => now } });
    const other = node.artifacts(ISSUER);
    for (let round = 0; round < 20; round += 1) {
      const id = randomUUID();
      await artifacts.upsert('AccessToken', id, { jti: id, exp: seconds(60) }, 60);
      await Promise.all([
        artifacts.present('AccessToken', id).current,
        other.present('AccessToken', id).current,
      ]);
      await other.destroy('AccessToken', id);
      assert.equal(await artifacts.present('AccessToken', id).current, undefined);
    }
  });
});

describe('given an artifact with a uid', () => {
  it('when it is found by it, then it tells its id too', async () => {
    const [id, uid] = [randomUUID(), randomUUID()];
    await artifacts.upsert('Session', id, { jti: id, uid, accountId: 'sub' }, 60);
    assert.deepEqual(await artifacts.findByUid('Session', uid), { jti: id, uid, accountId: 'sub' });
    assert.deepEqual(await artifacts.find('Session', id), { jti: id, uid, accountId: 'sub' });
    assert.equal(await artifacts.findByUid('Interaction', uid), undefined);
    assert.equal(await artifacts.findByUid('Session', id), undefined);
  });
});

describe('given an artifact for one use', () => {
  it('when many use it at once, then one has used it', async () => {
    const id = randomUUID();
    await artifacts.upsert('PushedAuthorizationRequest', id, { jti: id }, 60);
    const uses = await Promise.all(
      Array.from({ length: 8 }, () => artifacts.consume('PushedAuthorizationRequest', id)),
    );
    assert.equal(uses.filter(Boolean).length, 1);
    const found = await artifacts.find('PushedAuthorizationRequest', id);
    assert.deepEqual(found, { jti: id, consumed: seconds(0) });
  });

  it('when it is saved again, then it is still used', async () => {
    const id = randomUUID();
    await artifacts.upsert('PushedAuthorizationRequest', id, { jti: id }, 60);
    await artifacts.consume('PushedAuthorizationRequest', id);
    await artifacts.upsert('PushedAuthorizationRequest', id, { jti: id }, 60);
    assert.equal(await artifacts.consume('PushedAuthorizationRequest', id), false);
    assert.ok((await artifacts.find('PushedAuthorizationRequest', id))?.consumed);
  });

  it('when it is unknown, then it cannot be used', async () => {
    assert.equal(await artifacts.consume('PushedAuthorizationRequest', randomUUID()), false);
  });
});

describe('given a grant', () => {
  it('when what hangs on it is revoked, then its tokens and codes end and the grant itself does not', async () => {
    const grantId = randomUUID();
    await artifacts.upsert('Grant', grantId, { jti: grantId, clientId: 'client' }, undefined);
    for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode'])
      await artifacts.upsert(model, `${model} ${grantId}`, { grantId }, 60);
    await artifacts.upsert('AccessToken', `other ${grantId}`, {}, 60);

    await artifacts.revokeByGrant(grantId);

    for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode'])
      assert.equal(await artifacts.find(model, `${model} ${grantId}`), undefined);
    assert.ok(await artifacts.find('AccessToken', `other ${grantId}`));
    assert.deepEqual(await artifacts.find('Grant', grantId), { jti: grantId, clientId: 'client' });
  });
});

describe('given a grant that is destroyed', () => {
  it('when tokens of it are saved before, meanwhile and after, then none is left', async () => {
    for (let round = 0; round < 10; round += 1) {
      const grantId = randomUUID();
      await artifacts.upsert('Grant', grantId, { jti: grantId }, undefined);
      const save = (name: string) => artifacts.upsert('AccessToken', `${name} ${grantId}`, { grantId }, 60);
      await save('before');
      const end = artifacts.destroy('Grant', grantId);
      await Promise.all([save('meanwhile'), end, end.then(() => save('after'))]);
      for (const name of ['before', 'meanwhile', 'after'])
        assert.equal(await artifacts.find('AccessToken', `${name} ${grantId}`), undefined, name);
      assert.equal(await artifacts.find('Grant', grantId), undefined);
    }
  });
});

describe('given an assertion', () => {
  it('when it is replayed, then it has been seen, until it expires', async () => {
    const key = randomUUID();
    assert.equal(await artifacts.remember(key, now + 60_000), true);
    assert.equal(await artifacts.remember(key, now + 60_000), false);
    assert.equal(await opened.store.artifacts('https://made.up/two').remember(key, now + 60_000), true);
    now += 60_000;
    assert.equal(await artifacts.remember(key, now + 60_000), true);
  });

  it('when it comes many times at once, on two nodes, then one is the first', async () => {
    const { store: node } = await stores.open({ url: opened.url, clock: { now: () => now } });
    const other = node.artifacts(ISSUER);
    for (let round = 0; round < 20; round += 1) {
      const key = randomUUID();
      const seen = await Promise.all(
        Array.from({ length: 10 }, (_, place) => (place % 2 ? other : artifacts).remember(key, now + 60_000)),
      );
      assert.equal(seen.filter(Boolean).length, 1);
    }
  });
});

describe('given artifacts whose time is over', () => {
  it('when they are swept, then at most so many go, only this issuer’s, and the others stay', async () => {
    const { store } = await stores.open({ clock: { now: () => now } });
    const [mine, theirs] = [store.artifacts(ISSUER), store.artifacts('https://made.up/two')];
    for (const place of [0, 1, 2]) await mine.upsert('AccessToken', `over ${place}`, {}, 60);
    await mine.upsert('AccessToken', 'longer', {}, 61);
    await mine.upsert('Client', 'for ever', {}, undefined);
    await theirs.upsert('AccessToken', 'over', {}, 60);
    const later = now + 60_000;
    assert.deepEqual(
      [await mine.sweep(later, 2), await mine.sweep(later, 2), await mine.sweep(later, 2)],
      [2, 1, 0],
    );
    assert.ok(await mine.find('AccessToken', 'longer'));
    assert.ok(await mine.find('Client', 'for ever'));
    assert.ok(await theirs.find('AccessToken', 'over'));
  });
});

describe('given the database itself', () => {
  it('when all of it is read, then there is no token, session or request object in it', async () => {
    const { store, sql } = await stores.open();
    const kept = store.artifacts(ISSUER);
    const [token, session, uid] = ['the-bearer-token', 'the-session-cookie', 'the-session-uid'];
    await kept.upsert('AccessToken', token, { jti: token, extra: { also: token } }, 60);
    await kept.upsert('Session', session, { jti: session, uid }, 60);
    await kept.upsert('PushedAuthorizationRequest', 'the-request-uri', { request: 'the-request-object' }, 60);
    const [row] = await sql(`select string_agg(t::text, ' ') as everything from artifacts t`);
    assert.ok(String(row?.everything).includes('AccessToken'));
    for (const secret of [token, session, uid, 'the-request-uri', 'the-request-object'])
      for (const text of [secret, Buffer.from(secret).toString('hex')])
        assert.ok(!String(row?.everything).includes(text), secret);
  });

  it('when a payload is moved to another token, then neither is that one’s', async () => {
    const { store, sql } = await stores.open();
    const kept = store.artifacts(ISSUER);
    await kept.upsert('AccessToken', 'weak', { scope: 'weak' }, 60);
    await sql('create table weaker as select * from artifacts');
    await kept.upsert('AccessToken', 'strong', { scope: 'strong' }, 60);
    await sql(
      'update artifacts set payload = strong.payload from artifacts strong where strong.key not in (select key from weaker)',
    );
    await assert.rejects(kept.find('AccessToken', 'weak'));
    assert.deepEqual(await kept.find('AccessToken', 'strong'), { scope: 'strong' });
  });
});
