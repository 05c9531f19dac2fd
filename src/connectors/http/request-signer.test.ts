import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import {
  type ArrivedRequest,
  type SignatureAgreement,
  verifyRequest,
} from '../../../connectors/http/verify-request.ts';
import { anAsking, aRequest, CARLA, CORE_DATA } from '../../../test/support/core-data.ts';
import { startCoreSystem } from '../../../test/support/core-system.ts';
import { createHttpConnector } from './http-connector.ts';
import { createRequestSigner, type RequestSigning } from './request-signer.ts';

const SECRET = 'a secret of the institution and guiche';
const parties = { issuer: 'https://guiche.example', audience: 'https://core.example' };
const METHOD = 'POST';
const URL_OF_LIST = 'https://core.example/guiche/v1/data/list';
const BODY = '{"asking":{},"documents":{}}';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEYS: Readonly<Record<RequestSigning['algorithm'], { sign: string; verify: KeyObject }>> = {
  ES256: { sign: pem(ec.privateKey), verify: ec.publicKey },
  PS256: { sign: pem(rsa.privateKey), verify: rsa.publicKey },
  HS256: { sign: SECRET, verify: createSecretKey(Buffer.from(SECRET)) },
};

describe('given a key to sign requests with', () => {
  for (const algorithm of ['ES256', 'PS256', 'HS256'] as const) {
    it(`when ${algorithm} signs, then the institution's side takes the request`, async () => {
      await verifyRequest(await signed(algorithm), agreement(algorithm));
    });

    const changed: Readonly<Record<string, Partial<ArrivedRequest>>> = {
      'another body': { body: Buffer.from(BODY.replace('{}', '[]')) },
      'another method': { method: 'GET' },
      'another URL': { url: URL_OF_LIST.replace('list', 'get') },
      'no signature': { signature: '' },
    };
    for (const [name, change] of Object.entries(changed))
      it(`when ${algorithm} signed and there is ${name}, then it is refused`, async () => {
        await assert.rejects(
          verifyRequest({ ...(await signed(algorithm)), ...change }, agreement(algorithm)),
        );
      });
  }

  const disagreements: Readonly<Record<string, Partial<SignatureAgreement>>> = {
    'another key': { key: createSecretKey(Buffer.from(SECRET.toUpperCase())) },
    'another algorithm': { algorithm: 'ES256', key: ec.publicKey },
    'another issuer': { issuer: 'https://else.example' },
    'another audience': { audience: 'https://else.example' },
    'an id that was seen': { takeOnce: () => false },
  };
  for (const [name, change] of Object.entries(disagreements))
    it(`when the institution agreed on ${name}, then the request is refused`, async () => {
      await assert.rejects(verifyRequest(await signed('HS256'), { ...agreement('HS256'), ...change }));
    });

  it('when a minute and what clocks differ have passed, then the request is refused', async () => {
    await verifyRequest(await signed('HS256', Date.now() - 60_000), agreement('HS256'));
    await assert.rejects(verifyRequest(await signed('HS256', Date.now() - 95_000), agreement('HS256')), {
      code: 'ERR_JWT_EXPIRED',
    });
  });

  it('when two requests are alike, then their ids differ, and the key is named', async () => {
    const [one, other] = await Promise.all([signed('HS256'), signed('HS256')]);
    assert.notEqual(decodeJwt(one.signature).jti, decodeJwt(other.signature).jti);
    assert.deepEqual(decodeProtectedHeader(one.signature), { alg: 'HS256', kid: 'k1' });
  });
});

describe("given the service's side as its page shows it", () => {
  it('when a signed request comes, then it takes it once, and no other', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'guiche-page-'));
    t.after(() => rm(folder, { recursive: true }));
    const accept = await acceptOfPage(folder);
    process.env.GUICHE_PUBLIC_KEY = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    t.after(() => {
      delete process.env.GUICHE_PUBLIC_KEY;
    });
    const { signature, body } = await signed('ES256');
    await assert.rejects(accept(signature, METHOD, '/v1/data/get', body), /another URL/);
    await accept(signature, METHOD, '/v1/data/list', body);
    await assert.rejects(accept(signature, METHOD, '/v1/data/list', body), /used before/);
  });

  type Accept = (signature: string, method: string, path: string, body: Uint8Array) => Promise<void>;

  async function acceptOfPage(folder: string): Promise<Accept> {
    const root = join(import.meta.dirname, '..', '..', '..');
    const page = await readFile(join(root, 'docs', 'connector-http.md'), 'utf8');
    const code = /```ts\n(.*?)```/s.exec(page)?.[1] ?? '';
    const verifier = pathToFileURL(join(root, 'connectors', 'http', 'verify-request.ts')).href;
    const file = join(folder, 'accept.ts');
    await writeFile(file, code.replace('./verify-request.ts', verifier));
    return (await import(pathToFileURL(file).href)).accept;
  }
});

describe('given systems that want signed requests', () => {
  it('when everything is asked for, repeated too, then they take each request, and none twice', async (t) => {
    const core = await startCoreSystem({ over: CORE_DATA, agreement: agreement('ES256') });
    const connector = createHttpConnector({ url: core.url, signing: signing('ES256'), random: () => 0 });
    t.after(async () => {
      await connector.close();
      await core.close();
    });
    core.set({ status: 503, times: 1 });
    assert.equal((await connector.list(aRequest())).status, 'ok');
    assert.equal((await connector.customer({ cpf: CARLA }, anAsking())).status, 'ok');
    assert.deepEqual(await connector.health(AbortSignal.timeout(1_000)), { isUp: true });
    assert.equal((await connector.capabilities()).authenticates, true);
    const signatures = core.calls.map(({ headers }) => headers['x-guiche-signature']);
    assert.equal(new Set(signatures).size, 5);
  });

  it('when guiche signs with another key, or not at all, then they refuse', async (t) => {
    const core = await startCoreSystem({ over: CORE_DATA, agreement: agreement('HS256') });
    t.after(() => core.close());
    const others: (RequestSigning | undefined)[] = [
      undefined,
      { ...signing('HS256'), key: SECRET.toUpperCase() },
      signing('ES256'),
    ];
    for (const wrong of others) {
      const connector = createHttpConnector({ url: core.url, ...(wrong && { signing: wrong }) });
      await assert.rejects(connector.list(aRequest()), { name: 'BadAnswer', message: /its status is 400/ });
      await connector.close();
    }
  });
});

function signing(algorithm: RequestSigning['algorithm']): RequestSigning {
  return { algorithm, key: KEYS[algorithm].sign, keyId: 'k1', ...parties };
}

function agreement(algorithm: RequestSigning['algorithm']): SignatureAgreement {
  return { algorithm, key: KEYS[algorithm].verify, ...parties, takeOnce: () => true };
}

async function signed(algorithm: RequestSigning['algorithm'], now = Date.now()): Promise<ArrivedRequest> {
  const sign = createRequestSigner(signing(algorithm), { now: () => now });
  const signature = await sign(METHOD, URL_OF_LIST, BODY);
  return { signature, method: METHOD, url: URL_OF_LIST, body: Buffer.from(BODY) };
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
