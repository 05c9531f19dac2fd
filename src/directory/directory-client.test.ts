import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { present } from '../../test/support/forge-certificate.ts';
import {
  createMemoryCertificateStore,
  createMemoryHeldKeyStore,
  createMemoryParticipantKeyStore,
  OPEN_SEALER,
} from '../../test/support/memory-trust-stores.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { type CertificateAuthority, createCertificateAuthority } from './certificate-authority.ts';
import type { IssuedCertificate } from './certificate-store.ts';
import { createDirectoryClient, type DirectoryClientSettings } from './directory-client.ts';
import { createKeyStore, type KeyStore } from './key-store.ts';
import { createKeyStoreHandler } from './key-store-handler.ts';
import { readTrustProfiles } from './read-trust-profiles.ts';
import { createStatementSigner, type StatementSigner } from './software-statement.ts';
import type { TrustProfile } from './trust-profile.ts';

const HOUR = 3_600_000;
const ORGANISATION = '9c6f2d35-3f3b-4c5e-9a70-0d2f4c1b8e11';
const SOFTWARE = '0c1f6a52-7d5e-4b1a-8f7c-5d6e7f809102';
const OWNER = { organisationId: ORGANISATION, softwareId: SOFTWARE };
const KEYS_PATH = `/${ORGANISATION}/${SOFTWARE}/application.jwks`;
const PROFILE = readTrustProfiles(new URL('../../catalog', import.meta.url).pathname).find(
  ({ ecosystem }) => ecosystem === 'open-finance',
) as TrustProfile;
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWK = { ...pair.publicKey.export({ format: 'jwk' }) };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A directory that really listens; `misbehave` puts another handler in front of it. */
interface Directory {
  readonly url: string;
  readonly asked: string[];
  misbehave: Handler | undefined;
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly authority: CertificateAuthority;
  readonly keyStore: KeyStore;
  readonly signer: StatementSigner;
}

let server: Server;
let directory: Directory;

before(async () => {
  server = createServer((request, response) => {
    directory.asked.push(request.url ?? '');
    (directory.misbehave ?? serveDirectory)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});

let serveDirectory: Handler;

beforeEach(async () => {
  const clock = createVirtualClock(Date.now());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = createMemoryHeldKeyStore();
  const sealer = OPEN_SEALER;
  const certificates = createMemoryCertificateStore();
  const crlUrl = `${url}/crl`;
  const authority = createCertificateAuthority({
    name: 'Sandbox',
    certificates,
    keys,
    sealer,
    clock,
    crlUrl,
  });
  const keyStore = createKeyStore({ store: createMemoryParticipantKeyStore(), clock });
  const signer = createStatementSigner({
    profile: PROFILE,
    environment: 'sandbox',
    keyStoreUrl: url,
    keys,
    sealer,
    clock,
  });
  const serveKeys = createKeyStoreHandler({
    path: '',
    keyStore,
    authority,
    signers: { [PROFILE.statementKeySet]: signer },
    onFault: (error) => assert.fail(error as Error),
  });
  serveDirectory = (request, response) => {
    if (request.url === '/participants') response.end(JSON.stringify([{ OrganisationId: ORGANISATION }]));
    else serveKeys(request, response);
  };
  directory = { url, asked: [], misbehave: undefined, clock, authority, keyStore, signer };
  await keyStore.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'one' });
});

async function createClient(changes: Partial<DirectoryClientSettings> = {}) {
  const lines: string[] = [];
  const note = (_fields: object, message: string) => lines.push(message);
  const stateFolder = changes.stateFolder ?? temporaryFolder();
  const client = createDirectoryClient({
    profile: PROFILE,
    environment: 'sandbox',
    keyStoreUrl: directory.url,
    participantsUrl: `${directory.url}/participants`,
    anchors: await directory.authority.anchors(),
    stateFolder,
    clock: directory.clock,
    log: { info: note, warn: note },
    ...changes,
  });
  return { client, lines, stateFolder };
}

const goAway: Handler = (request) => request.socket.destroy();
const keysUrl = () => `${directory.url}${KEYS_PATH}`;
const countOf = (path: string) => directory.asked.filter((asked) => asked === path).length;
const kidsOf = (keys: readonly { readonly kid?: string }[]) => keys.map(({ kid }) => kid);

function signStatement(): Promise<string> {
  return directory.signer.sign({
    organisation: {
      id: ORGANISATION,
      name: 'Receptora Exemplar S.A.',
      number: '11222333000181',
      status: 'Active',
      competentAuthorityClaims: [],
    },
    software: {
      id: SOFTWARE,
      clientId: SOFTWARE,
      clientName: 'Receptora',
      clientDescription: '',
      version: '1',
      environment: 'sandbox',
      mode: 'Live',
      status: 'Active',
      redirectUris: ['https://client.example.com/cb'],
      webhookUris: [],
      roles: [],
    },
  });
}

function issueClient(): Promise<IssuedCertificate> {
  return directory.authority.issueClient({
    ...OWNER,
    prefix: PROFILE.certificatePrefix,
    organisationName: 'Receptora Exemplar S.A.',
    cnpj: '11222333000181',
    state: 'SP',
    city: 'São Paulo',
    commonName: 'client.example.com',
    subjectKey: { key: pair.publicKey },
  });
}

async function presentIssued({ chain }: IssuedCertificate): Promise<ClientCertificate> {
  const { X509Certificate } = await import('node:crypto');
  const [leaf = '', issuing = ''] = chain.split(/(?=-----BEGIN)/);
  return present(new X509Certificate(leaf), new X509Certificate(issuing));
}

describe('given a directory that answers', () => {
  it('when keys are asked for, then they are fetched once a minute', async () => {
    const { client } = await createClient();
    assert.deepEqual(kidsOf(await client.keys(keysUrl())), ['one']);
    await Promise.all(Array.from({ length: 20 }, () => client.keys(keysUrl())));
    assert.equal(countOf(KEYS_PATH), 1);
    await directory.clock.advance(61_000);
    await client.keys(keysUrl());
    assert.equal(countOf(KEYS_PATH), 2);
  });

  it('when a kid is unknown, then it is asked for anew, at most every 10 seconds', async () => {
    const { client } = await createClient();
    await client.keys(keysUrl());
    await directory.clock.advance(11_000);
    await directory.keyStore.addApplicationKey(OWNER, { ...JWK, use: 'sig', kid: 'two' });
    assert.deepEqual(kidsOf(await client.keys(keysUrl(), 'two')), ['one', 'two']);
    assert.equal(countOf(KEYS_PATH), 2);
    for (let round = 0; round < 100; round += 1) await client.keys(keysUrl(), `made-up-${round}`);
    assert.equal(countOf(KEYS_PATH), 2);
    await directory.clock.advance(10_000);
    await Promise.all(Array.from({ length: 20 }, (_, index) => client.keys(keysUrl(), `made-up-${index}`)));
    assert.equal(countOf(KEYS_PATH), 3);
  });

  it('when keys at other places are asked for, then nothing is fetched', async () => {
    const { client } = await createClient({ keyStoreUrl: `${directory.url}/store` });
    const { host } = new URL(directory.url);
    for (const url of [
      'hello',
      `https://${host}/store/a/application.jwks`,
      `http://localhost:${new URL(directory.url).port}/store/a/application.jwks`,
      'http://169.254.169.254/store/a',
      `${directory.url}/participants`,
      `${directory.url}/storehouse/a/application.jwks`,
      `${directory.url}/store/../participants`,
      `${directory.url}/store/%2e%2e/participants`,
      `${directory.url}/store/..%2fparticipants`,
      `${directory.url}/store/a?b=c`,
      `${directory.url}/store/a#b`,
      `http://user@${host}/store/a`,
      `http://${host}@example.com/store/a`,
      'file:///store/a',
    ])
      await assert.rejects(client.keys(url), /key store/, url);
    assert.deepEqual(directory.asked, []);
  });

  it('when a statement is checked, then it is believed', async () => {
    const { client } = await createClient();
    assert.equal((await client.statement(await signStatement())).isValid, true);
  });

  it('when statements with made-up kids come, then the directory is asked at most every 10 seconds', async () => {
    const { client } = await createClient();
    await client.statement(await signStatement());
    const before = countOf('/openbanking.jwks');
    const header = Buffer.from(JSON.stringify({ alg: 'PS256', kid: 'made-up' })).toString('base64url');
    for (let round = 0; round < 50; round += 1)
      assert.equal((await client.statement(`${header}.e30.AAAA`)).isValid, false);
    assert.equal(countOf('/openbanking.jwks'), before);
  });

  it('when it is started, then all is fetched and its age is now', async () => {
    const { client } = await createClient();
    assert.deepEqual(client.age(), { fetchedAt: undefined, failure: undefined });
    client.start();
    assert.deepEqual(await client.participants(), [{ OrganisationId: ORGANISATION }]);
    await client.statement(await signStatement());
    assert.deepEqual(client.age(), { fetchedAt: directory.clock.now(), failure: undefined });
    const before = countOf('/participants');
    await directory.clock.advance(6 * 60_000);
    assert.equal(countOf('/participants'), before + 1);
    client.close();
    await directory.clock.advance(HOUR);
    assert.equal(countOf('/participants'), before + 1);
  });
});

describe('given a client certificate that the directory issued', () => {
  it('when it is presented, then it is believed, and only for its ecosystem', async () => {
    const { client } = await createClient();
    const presented = await presentIssued(await issueClient());
    assert.deepEqual(await client.certificate(presented), { isTrusted: true, software: OWNER });
    const { client: other } = await createClient({ profile: { ...PROFILE, certificatePrefix: 'OPIBR-' } });
    assert.deepEqual(await other.certificate(presented), { isTrusted: false, fault: 'no-participant' });
    assert.deepEqual(await client.certificate(undefined), { isTrusted: false, fault: 'missing' });
  });

  it('when it is revoked, then it is not believed two minutes later', async () => {
    const { client } = await createClient();
    const issued = await issueClient();
    const presented = await presentIssued(issued);
    client.start();
    assert.equal((await client.certificate(presented)).isTrusted, true);
    await directory.authority.revoke(issued.serialNumber, 'keyCompromise');
    await directory.clock.advance(130_000);
    assert.deepEqual(await client.certificate(presented), { isTrusted: false, fault: 'revoked' });
    client.close();
  });

  it('when revocation lists were never had, then the policy decides', async () => {
    const issued = await issueClient();
    const presented = await presentIssued(issued);
    directory.misbehave = goAway;
    const { client: hard } = await createClient();
    assert.deepEqual(await hard.certificate(presented), { isTrusted: false, fault: 'unknown-revocation' });
    const { client: soft } = await createClient({ revocation: 'soft' });
    assert.equal((await soft.certificate(presented)).isTrusted, true);
    assert.match(soft.age().failure ?? '', /crl/);
  });

  it('when the lists have moved, then they are found where the settings say', async () => {
    const moved = await presentIssued(await issueClient());
    const ids = await directory.authority.issuers();
    directory.misbehave = (request, response) => {
      request.url = request.url?.startsWith('/new') ? request.url.slice(4) : '/gone';
      serveDirectory(request, response);
    };
    const { client: lost } = await createClient();
    assert.deepEqual(await lost.certificate(moved), { isTrusted: false, fault: 'unknown-revocation' });
    const { client } = await createClient({ crlUrls: ids.map((id) => `${directory.url}/new/crl/${id}.crl`) });
    assert.equal((await client.certificate(moved)).isTrusted, true);
  });

  it('when lists cannot be had any more, then they serve until they run out', async () => {
    const issued = await issueClient();
    const presented = await presentIssued(issued);
    const { client, stateFolder } = await createClient();
    assert.equal((await client.certificate(presented)).isTrusted, true);
    directory.misbehave = goAway;
    await directory.clock.advance(23 * HOUR);
    assert.equal((await client.certificate(presented)).isTrusted, true);
    const { client: restarted } = await createClient({ stateFolder });
    assert.equal((await restarted.certificate(presented)).isTrusted, true);
    await directory.clock.advance(2 * HOUR);
    assert.deepEqual(await client.certificate(presented), { isTrusted: false, fault: 'unknown-revocation' });
    assert.deepEqual(await restarted.certificate(presented), {
      isTrusted: false,
      fault: 'unknown-revocation',
    });
  });

  it('when lists come back again from before it was revoked, then it stays revoked', async () => {
    const issued = await issueClient();
    const presented = await presentIssued(issued);
    const { client } = await createClient();
    const path = `/crl/${issued.issuer}.crl`;
    const old = Buffer.from((await directory.authority.crl(issued.issuer))?.der ?? []);
    await directory.clock.advance(5_000);
    await directory.authority.revoke(issued.serialNumber, 'keyCompromise');
    assert.deepEqual(await client.certificate(presented), { isTrusted: false, fault: 'revoked' });
    directory.misbehave = (request, response) =>
      request.url === path ? void response.end(old) : serveDirectory(request, response);
    await directory.clock.advance(120_000);
    assert.deepEqual(await client.certificate(presented), { isTrusted: false, fault: 'revoked' });
    assert.match(client.age().failure ?? '', /older than the last one/);
  });

  it('when the list is signed by somebody else, or is garbage, then it says nothing', async () => {
    const issued = await issueClient();
    const presented = await presentIssued(issued);
    const stranger = createCertificateAuthority({
      name: 'Sandbox',
      certificates: createMemoryCertificateStore(),
      keys: createMemoryHeldKeyStore(),
      sealer: OPEN_SEALER,
      clock: directory.clock,
      crlUrl: 'http://127.0.0.1/crl',
    });
    const { issuer } = await stranger.issueServer({
      organisationName: 'Stranger',
      names: ['localhost'],
      subjectKey: { key: pair.publicKey },
    });
    const forged = Buffer.from((await stranger.crl(issuer))?.der ?? []);
    for (const body of [forged, Buffer.from('garbage'), Buffer.alloc(0)]) {
      directory.misbehave = (_request, response) => response.end(body);
      const { client } = await createClient();
      assert.deepEqual(await client.certificate(presented), {
        isTrusted: false,
        fault: 'unknown-revocation',
      });
    }
  });
});

describe('given a directory that was there', () => {
  const faults: Readonly<Record<string, Handler>> = {
    'is away': goAway,
    'answers 500': (_request, response) => response.writeHead(500).end(),
    'answers with a page': (_request, response) => response.end('<html>maintenance</html>'),
    'answers with other JSON': (_request, response) => response.end('{"keys":{}}'),
    'answers null': (_request, response) => response.end('null'),
    'answers with more keys than anyone has': (_request, response) =>
      response.end(JSON.stringify({ keys: Array(501).fill({ kty: 'RSA' }) })),
    'answers with more bytes than allowed': (_request, response) => response.end('x'.repeat(1_048_577)),
    'sends callers elsewhere': (_request, response) =>
      response.writeHead(302, { location: `${directory.url}/openbanking.jwks` }).end(),
  };

  for (const [what, misbehave] of Object.entries(faults))
    it(`when it ${what}, then the last good keys serve, also after a restart, and the age tells`, async () => {
      const { client, stateFolder } = await createClient();
      const fetchedAt = directory.clock.now();
      const keys = await client.keys(keysUrl());
      client.start();
      await client.participants();
      await client.statement(await signStatement());
      client.close();

      directory.misbehave = misbehave;
      await directory.clock.advance(HOUR);
      assert.deepEqual(await client.keys(keysUrl()), keys);
      assert.equal((await client.statement(await signStatement())).isValid, true);
      assert.deepEqual(await client.participants(), [{ OrganisationId: ORGANISATION }]);
      await client.statement(await signStatement());
      const { failure, ...age } = client.age();
      assert.deepEqual(age, { fetchedAt });
      assert.match(failure ?? '', /jwks|participants/);

      const { client: restarted } = await createClient({ stateFolder });
      assert.deepEqual(await restarted.keys(keysUrl()), keys);
      assert.equal((await restarted.statement(await signStatement())).isValid, true);
      assert.equal((await restarted.participants()).length, 1);
    });

  it('when it is away for a week, then its keys are not believed any more', async () => {
    const { client } = await createClient();
    await client.keys(keysUrl());
    directory.misbehave = goAway;
    await directory.clock.advance(6 * 24 * HOUR);
    assert.equal((await client.keys(keysUrl())).length, 1);
    await directory.clock.advance(25 * HOUR);
    await assert.rejects(client.keys(keysUrl()));
  });

  it('when it hangs, then only the first caller waits', async () => {
    const { client } = await createClient({
      fetch: (() => {
        let calls = 0;
        return async () => {
          calls += 1;
          if (calls === 1)
            return { isChanged: true, body: Buffer.from('{"keys":[]}'), validators: {} } as const;
          if (calls === 2) throw new Error('no answer');
          return new Promise<never>(() => {});
        };
      })(),
    });
    await client.keys(keysUrl());
    await directory.clock.advance(61_000);
    assert.deepEqual(await client.keys(keysUrl()), []);
    await directory.clock.advance(61_000);
    assert.deepEqual(await client.keys(keysUrl()), [], 'the third fetch never ends, and nobody waits for it');
  });

  it('when it comes back, then that is told, once', async () => {
    const { client, lines } = await createClient();
    directory.misbehave = goAway;
    client.start();
    await assert.rejects(client.participants());
    await directory.clock.advance(6 * 60_000);
    assert.equal(lines.filter((line) => /away/.test(line)).length, 1);
    directory.misbehave = undefined;
    await directory.clock.advance(12 * 60_000);
    assert.equal(lines.filter((line) => /back/.test(line)).length, 1);
    assert.equal(client.age().failure, undefined);
    client.close();
  });

  it('when what was kept on disk is damaged, then it is not believed', async () => {
    const { client, stateFolder } = await createClient();
    await client.keys(keysUrl());
    const folder = join(stateFolder, 'directory', 'open-finance');
    for (const name of readdirSync(folder)) {
      const content = readFileSync(join(folder, name), 'utf8');
      writeFileSync(join(folder, name), content.replace('"one"', '"two"'));
    }
    directory.misbehave = goAway;
    const { client: restarted, lines } = await createClient({ stateFolder });
    await assert.rejects(restarted.keys(keysUrl()));
    assert.equal(lines.length, 1);
  });

  it('when the disk cannot be written to, then the directory serves all the same', async () => {
    const { client, lines } = await createClient({ stateFolder: '/dev/null' });
    assert.equal((await client.keys(keysUrl())).length, 1);
    assert.ok(lines.length > 0);
  });
});

describe('given a key set with secrets and strange keys', () => {
  it('then only its public keys are read', async () => {
    directory.misbehave = (_request, response) =>
      response.end(
        JSON.stringify({
          keys: [
            { kty: 'RSA', kid: 'good', n: 'AQAB', e: 'AQAB' },
            { kty: 'oct', kid: 'secret', k: 'c2VjcmV0' },
            { kty: 'RSA', kid: 'private', n: 'AQAB', e: 'AQAB', d: 'AQAB' },
            { kty: 'RSA', kid: 7 },
            null,
            'key',
          ],
        }),
      );
    const { client } = await createClient();
    assert.deepEqual(kidsOf(await client.keys(keysUrl())), ['good']);
  });
});
