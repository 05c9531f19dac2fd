import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { aRequest, CORE_DATA } from '../../../test/support/core-data.ts';
import { startCoreSystem } from '../../../test/support/core-system.ts';
import { issueCertificate } from '../../../test/support/issue-certificate.ts';
import { createHttpConnector } from './http-connector.ts';
import type { HttpConnectorSettings } from './http-connector-settings.ts';

const institution = await issueCertificate({ name: 'institution' });
const server = await issueCertificate({ name: 'core', by: institution });
const guiche = await issueCertificate({ name: 'guiche', by: institution });
const elsewhere = await issueCertificate({ name: 'elsewhere' });
const stranger = await issueCertificate({ name: 'stranger', by: elsewhere });

const core = await startCoreSystem({
  over: CORE_DATA,
  tls: { certificate: server.certificate, key: server.key, clientAuthorities: institution.certificate },
});
after(() => core.close());

const trusted = { certificate: guiche.certificate, key: guiche.key, authorities: institution.certificate };

describe('given systems that want a certificate of their own authority', () => {
  it('when guiche has one, then they know who asks', async () => {
    assert.equal((await ask(trusted)).status, 'ok');
    assert.equal(core.calls.at(-1)?.presented, 'guiche');
  });

  const untrusted: Readonly<Record<string, Partial<HttpConnectorSettings>>> = {
    'guiche has none': { authorities: institution.certificate },
    'guiche has one of somebody else': { ...trusted, certificate: stranger.certificate, key: stranger.key },
    'their own is of an authority that guiche does not know': {
      ...trusted,
      authorities: elsewhere.certificate,
    },
    'their authority is none that Node knows': { certificate: guiche.certificate, key: guiche.key },
  };
  for (const [name, settings] of Object.entries(untrusted))
    it(`when ${name}, then nothing is asked`, async () => {
      const before = core.calls.length;
      await assert.rejects(ask(settings), (error: Error & { reason?: string }) => {
        assert.equal(error.reason, 'unreachable');
        assert.doesNotMatch(error.message, /127\.0\.0\.1|BEGIN/);
        return true;
      });
      assert.equal(core.calls.length, before);
    });

  async function ask(settings: Partial<HttpConnectorSettings>) {
    const connector = createHttpConnector({ url: core.url, retries: 0, ...settings });
    try {
      return await connector.list(aRequest());
    } finally {
      await connector.close();
    }
  }
});

describe('given settings that cannot be used', () => {
  const signing = { algorithm: 'HS256', key: 's'.repeat(32), issuer: 'guiche', audience: 'core' } as const;
  const wrong: Readonly<Record<string, [Partial<HttpConnectorSettings>, RegExp]>> = {
    'plain HTTP to another computer': [{ url: 'http://core.example', signing }, /must be https/],
    'no URL': [{ url: 'core.example', signing }, /is none/],
    'another scheme': [{ url: 'ftp://core.example', signing }, /must be https/],
    'credentials in the URL': [{ url: 'https://guiche:hunter2@core.example', signing }, /no credentials/],
    'a query in the URL': [{ url: 'https://core.example/?tenant=1', signing }, /no credentials/],
    'nothing that tells who asks': [{ url: 'https://core.example' }, /cannot tell who asks/],
    'a certificate without its key': [
      { url: 'https://core.example', certificate: guiche.certificate },
      /needs its key/,
    ],
    "a certificate with somebody else's key": [
      { url: 'https://core.example', certificate: guiche.certificate, key: stranger.key },
      /cannot be used \(/,
    ],
    'a secret that is short': [
      { url: 'https://core.example', signing: { ...signing, key: 'hunter2' } },
      /shorter than/,
    ],
    'a key of another algorithm': [
      { url: 'https://core.example', signing: { ...signing, algorithm: 'ES256', key: guiche.key } },
      /no private EC key/,
    ],
    'a key that is none': [
      { url: 'https://core.example', signing: { ...signing, algorithm: 'PS256', key: 'hunter2' } },
      /no private RSA key/,
    ],
    'a share of failures that is none': [
      { url: 'http://localhost:1', circuit: { ratio: { share: 2, of: 10 } } },
      /threshold/,
    ],
    'room for no call': [{ url: 'http://localhost:1', concurrency: 0 }, /concurrency must be/],
    'a negative number of repetitions': [{ url: 'http://localhost:1', retries: -1 }, /retries must be/],
  };
  for (const [name, [settings, message]] of Object.entries(wrong))
    it(`when there is ${name}, then the connector is not made, and secrets stay out of the error`, () => {
      assert.throws(
        () => createHttpConnector({ url: '', ...settings }),
        (error: Error) => {
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /hunter2|BEGIN/);
          return true;
        },
      );
    });

  for (const url of ['http://127.0.0.1:1', 'http://localhost:1/core', 'http://[::1]:1'])
    it(`when it is ${url}, then the connector is made`, async () => {
      await createHttpConnector({ url }).close();
    });
});
