import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent, request } from 'node:https';
import { before, describe, it } from 'node:test';
import { type IssuedCertificate, issueCertificate } from '../../test/support/issue-certificate.ts';
import { sendRequest } from '../../test/support/send-request.ts';
import { madeUpOperation, startListener } from '../../test/support/start-listener.ts';
import type { Call } from '../contract/call.ts';
import { createClientCertificate } from './client-certificate.ts';
import type { TrustedProxy } from './tls/trusted-proxy.ts';

const SECRET = 'a secret that nobody guesses, 0123456789';

/** Headers whose names say that they are about certificates. */
const ABOUT = /cert|proxy-secret/i;

const operation = madeUpOperation({ path: '/things' });

/** What the service believed of a request. */
interface Believed {
  readonly thumbprint: string | null;
  readonly intermediates: readonly string[];
  /** Headers about certificates that are left, in either form. */
  readonly headersLeft: readonly string[];
}

let root: IssuedCertificate;
let middle: IssuedCertificate;
let client: IssuedCertificate;
let proxy: IssuedCertificate;
let server: IssuedCertificate;
before(async () => {
  root = await issueCertificate({ name: 'Root' });
  middle = await issueCertificate({ name: 'Middle', by: root, isAuthority: true });
  [client, proxy, server] = await Promise.all([
    issueCertificate({ name: 'client', by: middle }),
    issueCertificate({ name: 'proxy', by: root }),
    issueCertificate({ name: 'server', by: root }),
  ]);
});

describe('given a caller who speaks TLS itself', () => {
  it('when it presents a certificate, then that is known, with the intermediates and the thumbprint of RFC 8705', async () => {
    const port = await startTls();
    assert.deepEqual(await askOverTls(port, client, [middle]), {
      thumbprint: thumbprint(client),
      intermediates: ['CN=Middle'],
      headersLeft: [],
    });
    assert.deepEqual((await askOverTls(port, client)).intermediates, []);
    const selfSigned = await issueCertificate({ name: 'nobody' });
    assert.equal((await askOverTls(port, selfSigned)).thumbprint, thumbprint(selfSigned));
  });

  it('when it presents none, then there is none', async () => {
    assert.equal((await askOverTls(await startTls(), undefined)).thumbprint, null);
  });

  it('when it presents a chain without end, then no more than four intermediates are looked at', async () => {
    const chain: IssuedCertificate[] = [root];
    for (let depth = 0; depth < 6; depth += 1)
      chain.unshift(
        await issueCertificate({ name: `M${depth}`, by: chain[0] as IssuedCertificate, isAuthority: true }),
      );
    const leaf = await issueCertificate({ name: 'deep', by: chain[0] as IssuedCertificate });
    const believed = await askOverTls(await startTls(), leaf, chain.slice(0, -1));
    assert.deepEqual(believed.intermediates, ['CN=M5', 'CN=M4', 'CN=M3', 'CN=M2']);
  });

  it('when it says more than one thing over one connection, then each has the certificate', async () => {
    const port = await startTls();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let times = 0; times < 3; times += 1)
      assert.equal((await askOverTls(port, client, [], {}, agent)).thumbprint, thumbprint(client));
    agent.destroy();
  });

  it('when it forges any header that a proxy would send, then its own certificate counts and the header is gone', async () => {
    const port = await startTls();
    for (const name of [
      'Client-Cert',
      'client-cert-chain',
      'X-Client-Cert',
      'x-ssl-client-cert',
      'X-FORWARDED-CLIENT-CERT',
      'ssl-client-cert',
      'X-Amzn-Mtls-Clientcert',
      'x-guiche-proxy-secret',
    ]) {
      for (const value of [escapedPem(proxy), byteSequence(proxy), SECRET]) {
        const headers = { [name]: value };
        assert.equal((await askOverTls(port, undefined, [], headers)).thumbprint, null, name);
        const own = await askOverTls(port, client, [], headers);
        assert.equal(own.thumbprint, thumbprint(client), name);
        assert.deepEqual(own.headersLeft, [], name);
      }
    }
  });
});

describe('given a proxy that proves itself by its address and a secret', async () => {
  const settings: TrustedProxy = {
    header: 'X-SSL-Client-Cert',
    format: 'pem-escaped',
    authenticatedBy: { addresses: ['127.0.0.0/8'], secret: SECRET },
  };
  const port = await startPlain(settings);
  const ask = (certificate: string | string[] | undefined, secret: string | string[] | undefined = SECRET) =>
    askPlain(port, {
      ...(certificate === undefined ? {} : { 'x-ssl-client-cert': certificate }),
      ...(secret === undefined ? {} : { 'x-guiche-proxy-secret': secret }),
    });

  it('when it passes a certificate on, then that is known, and neither header is left', async () => {
    assert.deepEqual(await ask(escapedPem(client)), {
      thumbprint: thumbprint(client),
      intermediates: [],
      headersLeft: [],
    });
    assert.deepEqual((await ask(escapedPem(client, middle))).intermediates, ['CN=Middle']);
    assert.equal((await ask(undefined)).thumbprint, null);
  });

  it('when the secret is wrong, missing or there twice, then the header is worth nothing and gone', async () => {
    for (const secret of [
      '',
      'wrong',
      `${SECRET} `.trimEnd().slice(1),
      SECRET.toUpperCase(),
      [SECRET, SECRET],
    ]) {
      const believed = await ask(escapedPem(client), secret);
      assert.deepEqual(believed, { thumbprint: null, intermediates: [], headersLeft: [] }, String(secret));
    }
    const none = await askPlain(port, { 'x-ssl-client-cert': escapedPem(client) });
    assert.deepEqual(none, { thumbprint: null, intermediates: [], headersLeft: [] });
  });

  it('when the certificate is malformed, too long or there twice, then there is none', async () => {
    const good = escapedPem(client);
    for (const wrong of [
      '',
      '%',
      '%ZZ',
      'nonsense',
      encodeURIComponent('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      encodeURIComponent(client.key),
      encodeURIComponent(`${client.certificate}${client.key}`),
      encodeURIComponent(`x${client.certificate}`),
      good.slice(0, -30),
      `${good}${good}${good}${good}${good}${good}`,
      client.certificate.replaceAll('\n', ' '),
      byteSequence(client),
      `${good}${'%0A'.repeat(4_000)}`,
    ])
      assert.equal((await ask(wrong)).thumbprint, null, wrong.slice(0, 60));
    assert.equal((await ask([good, good])).thumbprint, null);
    assert.equal((await ask([good, escapedPem(proxy)])).thumbprint, null);
  });

  it('when it comes from elsewhere with the right secret, then it is anybody', async () => {
    const elsewhere = await startPlain({
      ...settings,
      authenticatedBy: { addresses: ['192.0.2.7'], secret: SECRET },
    });
    const believed = await askPlain(elsewhere, {
      'x-ssl-client-cert': escapedPem(client),
      'x-guiche-proxy-secret': SECRET,
    });
    assert.deepEqual(believed, { thumbprint: null, intermediates: [], headersLeft: [] });
  });

  it('when it speaks TLS, then its own certificate is never the client’s, with the secret or without', async () => {
    const tls = await startTls(settings);
    const secret = { 'x-guiche-proxy-secret': SECRET };
    assert.equal((await askOverTls(tls, proxy)).thumbprint, null);
    assert.equal((await askOverTls(tls, proxy, [], secret)).thumbprint, null);
    const both = { ...secret, 'x-ssl-client-cert': escapedPem(client) };
    assert.equal((await askOverTls(tls, proxy, [], both)).thumbprint, thumbprint(client));
  });

  it('when the secret is short, then the service does not start with it', () => {
    assert.throws(
      () =>
        createClientCertificate({
          proxy: { ...settings, authenticatedBy: { addresses: [], secret: 'short' } },
        }),
      /at least 32/,
    );
  });
});

describe('given a proxy that proves itself by its certificate and writes headers of RFC 9440', () => {
  const settings = (): TrustedProxy => ({
    header: 'Client-Cert',
    format: 'rfc9440',
    authenticatedBy: { certificateThumbprints: [thumbprint(proxy)] },
  });

  it('when it passes a certificate and a chain on, then both are known and no header is left', async () => {
    const port = await startTls(settings());
    const leaf = { 'client-cert': byteSequence(client) };
    const chains = [
      byteSequence(middle),
      `${byteSequence(middle)}, ${byteSequence(root)}`,
      [byteSequence(middle), byteSequence(root)],
    ];
    const expected = [['CN=Middle'], ['CN=Middle', 'CN=Root'], ['CN=Middle', 'CN=Root']];
    for (const [index, chain] of chains.entries()) {
      const believed = await askOverTls(port, proxy, [], { ...leaf, 'client-cert-chain': chain });
      assert.deepEqual(believed, {
        thumbprint: thumbprint(client),
        intermediates: expected[index],
        headersLeft: [],
      });
    }
  });

  it('when it passes nothing on, then its own certificate is not taken for the client’s', async () => {
    assert.equal((await askOverTls(await startTls(settings()), proxy)).thumbprint, null);
  });

  it('when somebody else sends the header, then it is worth nothing', async () => {
    const port = await startTls(settings());
    const headers = { 'client-cert': byteSequence(proxy) };
    assert.equal((await askOverTls(port, client, [], headers)).thumbprint, thumbprint(client));
    assert.equal((await askOverTls(port, undefined, [], headers)).thumbprint, null);
  });

  it('when a header is malformed or there twice, then there is no certificate', async () => {
    const port = await startTls(settings());
    const good = byteSequence(client);
    for (const headers of [
      { 'client-cert': good.slice(1) },
      { 'client-cert': good.slice(0, -1) },
      { 'client-cert': `${good};a=1` },
      { 'client-cert': '::' },
      { 'client-cert': ':AAAA:' },
      { 'client-cert': [good, good] },
      { 'client-cert': `${good}, ${good}` },
      { 'client-cert': `:${Buffer.from(client.certificate).toString('base64')}:` },
      { 'client-cert': `:${Buffer.concat([client.der, Buffer.from('x')]).toString('base64')}:` },
      { 'client-cert': escapedPem(client) },
      { 'client-cert': good, 'client-cert-chain': 'nonsense' },
      { 'client-cert': good, 'client-cert-chain': `${good},` },
      { 'client-cert': good, 'client-cert-chain': Array.from({ length: 5 }, () => good).join(',') },
      { 'client-cert-chain': good },
    ])
      assert.equal(
        (await askOverTls(port, proxy, [], headers)).thumbprint,
        null,
        JSON.stringify(headers).slice(0, 80),
      );
  });

  it('when a thumbprint is none, then the service does not start with it', () => {
    const authenticatedBy = { certificateThumbprints: ['AB:CD'] };
    assert.throws(() => createClientCertificate({ proxy: { ...settings(), authenticatedBy } }), /thumbprint/);
  });
});

async function startTls(trusted?: TrustedProxy): Promise<number> {
  const { certificate, key } = server;
  return start(trusted, { tls: { certificate, key, requestClientCertificate: true } });
}

function startPlain(trusted: TrustedProxy): Promise<number> {
  return start(trusted, {});
}

async function start(trusted: TrustedProxy | undefined, tls: object): Promise<number> {
  const certificateOf = createClientCertificate(trusted ? { proxy: trusted } : {});
  const { port } = await startListener({
    certificateOf,
    operations: [{ operation, steps: [(call) => ({ kind: 'json', status: 200, body: believedOf(call) })] }],
    mounts: [
      {
        path: '/raw',
        handle(incoming, outgoing) {
          // What stands behind the listener asks again, and looks at the headers as they came.
          certificateOf(incoming);
          outgoing.end(incoming.rawHeaders.filter((text) => ABOUT.test(text)).join());
        },
      },
    ],
    ...tls,
  });
  return port;
}

function believedOf({ certificate, headers }: Call): Believed {
  return {
    thumbprint: certificate?.thumbprint ?? null,
    intermediates: certificate?.intermediates.map(({ subject }) => subject) ?? [],
    headersLeft: Object.keys(headers).filter((name) => ABOUT.test(name)),
  };
}

type HeadersToSend = Readonly<Record<string, string | readonly string[]>>;

async function askPlain(port: number, headers: HeadersToSend): Promise<Believed> {
  const raw = await sendRequest(port, { path: '/raw', headers });
  assert.equal(String(raw.bytes), '');
  return (await sendRequest(port, { path: '/things', headers })).json();
}

async function askOverTls(
  port: number,
  own: IssuedCertificate | undefined,
  chain: readonly IssuedCertificate[] = [],
  headers: HeadersToSend = {},
  agent: Agent | false = false,
): Promise<Believed> {
  const cert = own && [own, ...chain].map(({ certificate }) => certificate).join('\n');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path: '/things',
        headers: headers as Record<string, string>,
        ca: root.certificate,
        agent,
        ...(own ? { cert, key: own.key } : {}),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => resolve(JSON.parse(String(Buffer.concat(chunks)))));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function thumbprint({ der }: IssuedCertificate): string {
  return createHash('sha256').update(der).digest('base64url');
}

function escapedPem(...chain: readonly IssuedCertificate[]): string {
  return encodeURIComponent(chain.map(({ certificate }) => certificate).join('\n'));
}

function byteSequence({ der }: IssuedCertificate): string {
  return `:${der.toString('base64')}:`;
}
