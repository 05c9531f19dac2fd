import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  createMemoryCertificateStore,
  createMemoryHeldKeyStore,
  createMemoryParticipantKeyStore,
  OPEN_SEALER,
} from '../../test/support/memory-trust-stores.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createCertificateAuthority } from './certificate-authority.ts';
import { type KeySetPlace, keySetUrl, readKeySetPath } from './key-set-path.ts';
import { createKeyStore } from './key-store.ts';
import { createKeyStoreHandler } from './key-store-handler.ts';
import { UnfitKey } from './subject-key.ts';
import { X509Crl } from './x509.ts';

const ORGANISATION = '9c6f2d35-3f3b-4c5e-9a70-0d2f4c1b8e11';
const SOFTWARE = '0c1f6a52-7d5e-4b1a-8f7c-5d6e7f809102';
const OWNER = { organisationId: ORGANISATION, softwareId: SOFTWARE };
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWK = { ...pair.publicKey.export({ format: 'jwk' }) };

const clock = createVirtualClock(Date.now());
const authority = createCertificateAuthority({
  name: 'Guiche Sandbox',
  certificates: createMemoryCertificateStore(),
  keys: createMemoryHeldKeyStore(),
  sealer: OPEN_SEALER,
  clock,
  crlUrl: 'http://127.0.0.1/crl',
});

function issueClient() {
  return authority.issueClient({
    ...OWNER,
    prefix: 'OFBBR-',
    organisationName: 'Receptora Exemplar S.A.',
    cnpj: '11222333000181',
    state: 'SP',
    city: 'São Paulo',
    commonName: 'client.example.com',
    subjectKey: { key: pair.publicKey },
  });
}

function createStore() {
  return createKeyStore({ store: createMemoryParticipantKeyStore(), clock });
}

describe('given a key store', () => {
  it('when keys are added, then they are published in the sets of their owner', async () => {
    const store = createStore();
    await store.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'one' });
    await store.addApplicationKey(OWNER, { ...JWK, use: 'enc', kid: 'two' });
    const { certificate, thumbprint } = await issueClient();
    await store.addTransportCertificate(OWNER, certificate);
    const published = async (name: 'application' | 'transport', state: 'active' | 'inactive') =>
      (await store.keySet({ owner: OWNER, name, state }))?.keys;
    assert.deepEqual(
      (await published('application', 'active'))?.map(({ kid, use, alg }) => [kid, use, alg]),
      [
        ['one', 'sig', 'PS256'],
        ['two', 'enc', 'RSA-OAEP'],
      ],
    );
    const [transport] = (await published('transport', 'active')) ?? [];
    assert.equal(transport?.['x5t#S256'], thumbprint);
    assert.deepEqual(transport?.x5c, [certificate.replace(/-----[^-]+-----|\s/g, '')]);
    assert.deepEqual(await published('application', 'inactive'), []);
  });

  it('when a key is deactivated, then it moves to the inactive set, once', async () => {
    const store = createStore();
    await store.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'one' });
    assert.equal(await store.deactivate(OWNER, 'one'), true);
    assert.equal(await store.deactivate(OWNER, 'one'), false);
    const active = await store.keySet({ owner: OWNER, name: 'application', state: 'active' });
    const inactive = await store.keySet({ owner: OWNER, name: 'application', state: 'inactive' });
    assert.deepEqual(active?.keys, []);
    assert.deepEqual(
      inactive?.keys.map(({ kid }) => kid),
      ['one'],
    );
  });

  it("when a software has keys, then its organisation's own set has not", async () => {
    const store = createStore();
    await store.addApplicationKey(OWNER, { ...JWK, use: 'sig' });
    const place = { owner: { organisationId: ORGANISATION }, name: 'application', state: 'active' } as const;
    assert.equal(await store.keySet(place), undefined);
  });

  it('when a key has no kid, then its thumbprint is its kid', async () => {
    const { kid } = await createStore().addApplicationKey(OWNER, { ...JWK, use: 'sig' });
    assert.match(kid, /^[\w-]{43}$/);
  });

  for (const [what, jwk] of [
    ['a private key', { ...pair.privateKey.export({ format: 'jwk' }), use: 'sig' }],
    ['a key without use', JWK],
    ['a key of another use', { ...JWK, use: 'tls' }],
    ['a kid with a line break', { ...JWK, use: 'sig', kid: 'a\nb' }],
    ['a kid that is a number', { ...JWK, use: 'sig', kid: 7 }],
    [
      'a short key',
      {
        ...generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
        use: 'sig',
      },
    ],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', use: 'sig' }],
  ] as const)
    it(`when ${what} is added, then it is refused`, async () => {
      await assert.rejects(createStore().addApplicationKey(OWNER, jwk), UnfitKey);
    });

  it('when a kid is taken, or there are 100 keys, then another one is refused', async () => {
    const store = createStore();
    for (let count = 0; count < 100; count += 1)
      await store.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: `${count}` });
    await assert.rejects(store.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'more' }), /too many/);
    const other = createStore();
    await other.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'one' });
    await assert.rejects(other.addApplicationKey(OWNER, { ...JWK, use: 'enc', kid: 'one' }), /already/);
  });
});

const PLAIN = { noNullPrototype: true } as const;

describe('given the place of a key set', () => {
  it('then its URL leads back to it', () => {
    const places = fc.record(
      {
        owner: fc.oneof(
          fc.record({ organisationId: fc.uuid() }, PLAIN),
          fc.record({ organisationId: fc.uuid(), softwareId: fc.uuid() }, PLAIN),
        ),
        name: fc.constantFrom('application' as const, 'transport' as const),
        state: fc.constantFrom('active' as const, 'inactive' as const),
      },
      PLAIN,
    );
    fc.assert(
      fc.property(places, (place: KeySetPlace) => {
        const url = new URL(keySetUrl('https://keystore.example.com', place.owner, place.name, place.state));
        assert.deepEqual(readKeySetPath(url.pathname), place);
      }),
    );
  });

  it('then other paths name none', () => {
    for (const path of [
      '/',
      '/application.jwks',
      '//application.jwks',
      '/a/b/c/application.jwks',
      '/a/../application.jwks',
      '/a/other.jwks',
      '/a/application.jwks/',
      '/%2e/application.jwks',
    ])
      assert.equal(readKeySetPath(path), undefined, path);
  });
});

describe('given the handler of a key store', () => {
  const store = createStore();
  const faults: unknown[] = [];
  const failing = { keySet: () => Promise.reject(new Error('the database is away')) };
  let server: Server;
  let base: string;

  before(async () => {
    await store.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'one' });
    const handler = createKeyStoreHandler({
      path: '/keystore',
      keyStore: store,
      authority,
      signers: {
        'openbanking.jwks': { keySet: async () => ({ keys: [{ kty: 'RSA', kid: 'ours' }] }) },
        'away.jwks': failing,
      },
      onFault: (error) => faults.push(error),
    });
    server = createServer(handler).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keystore`;
  });
  after(() => server.close());

  it('when a key set is asked for, then it is served to be kept for a minute', async () => {
    const answer = await fetch(`${base}/${ORGANISATION}/${SOFTWARE}/application.jwks`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/jwk-set+json');
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=60');
    assert.equal(((await answer.json()) as { keys: { kid: string }[] }).keys[0]?.kid, 'one');
  });

  it('when its etag is known, then it is not sent again', async () => {
    const url = `${base}/openbanking.jwks`;
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    for (const known of [etag, `"other", W/${etag}`, '*'])
      assert.equal((await fetch(url, { headers: { 'if-none-match': known } })).status, 304, known);
    assert.equal((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status, 200);
  });

  it('when only the head is wanted, then only the head is sent', async () => {
    const answer = await fetch(`${base}/openbanking.jwks`, { method: 'HEAD' });
    assert.equal(answer.status, 200);
    assert.ok(Number(answer.headers.get('content-length')) > 0);
    assert.equal(await answer.text(), '');
  });

  it('when a revocation list is asked for, then it is served in DER', async () => {
    const { issuer, serialNumber } = await issueClient();
    await authority.revoke(serialNumber, 'superseded');
    const answer = await fetch(`${base}/crl/${issuer}.crl`);
    assert.equal(answer.headers.get('content-type'), 'application/pkix-crl');
    assert.ok(new X509Crl(await answer.arrayBuffer()).findRevoked(serialNumber));
  });

  it('when the authorities are asked for, then the root certificates are served', async () => {
    assert.equal(await (await fetch(`${base}/authorities.pem`)).text(), await authority.anchors());
  });

  it('when there is no such document, then the answer is 404 in JSON', async () => {
    for (const path of [
      '/',
      '/toString',
      '/__proto__',
      `/crl/${'0'.repeat(40)}.crl`,
      `/${SOFTWARE}/application.jwks`,
    ]) {
      const answer = await fetch(`${base}${path}`);
      assert.equal(answer.status, 404, path);
      assert.deepEqual(await answer.json(), { error: 'not_found' });
    }
    assert.equal((await fetch(base.replace('/keystore', '/openbanking.jwks'))).status, 404);
  });

  it('when something is written to it, then the answer is 405', async () => {
    const answer = await fetch(`${base}/openbanking.jwks`, { method: 'DELETE' });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'GET, HEAD');
  });

  it('when keys cannot be had, then the answer is 503 and says nothing of why', async () => {
    const answer = await fetch(`${base}/away.jwks`);
    assert.equal(answer.status, 503);
    assert.equal(await answer.text(), '{"error":"temporarily_unavailable"}');
    assert.equal(faults.length, 1);
  });
});
