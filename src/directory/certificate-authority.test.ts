import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import {
  createMemoryCertificateStore,
  createMemoryHeldKeyStore,
  OPEN_SEALER,
} from '../../test/support/memory-trust-stores.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createCertificateAuthority } from './certificate-authority.ts';
import type { IssuedCertificate } from './certificate-store.ts';
import { UnfitKey } from './subject-key.ts';
import { Name, Pkcs10CertificateRequestGenerator, X509Certificate as X509, X509Crl } from './x509.ts';

const DAY = 86_400_000;
const NOW = Date.now();
const ORGANISATION = '9c6f2d35-3f3b-4c5e-9a70-0d2f4c1b8e11';
const SOFTWARE = '0c1f6a52-7d5e-4b1a-8f7c-5d6e7f809102';
const CLIENT = {
  prefix: 'OFBBR-',
  organisationId: ORGANISATION,
  softwareId: SOFTWARE,
  organisationName: 'Banco Exemplar Ação S.A.',
  cnpj: '11222333000181',
  state: 'SP',
  city: 'São Paulo',
  commonName: 'client.example.com',
};
const { publicKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function createAuthority(changes: { now?: number; certificateLifeMs?: number } = {}) {
  const clock = createVirtualClock(changes.now ?? NOW);
  const certificates = createMemoryCertificateStore();
  const keys = createMemoryHeldKeyStore();
  const settings = {
    name: 'Guiche Sandbox',
    certificates,
    keys,
    sealer: OPEN_SEALER,
    clock,
    crlUrl: 'http://127.0.0.1/crl',
    ...(changes.certificateLifeMs !== undefined && { certificateLifeMs: changes.certificateLifeMs }),
  };
  return { clock, keys, settings, authority: createCertificateAuthority(settings) };
}

const shared = createAuthority();

describe('given a certificate authority', () => {
  describe('when a client certificate is issued', () => {
    let issued: IssuedCertificate;
    before(async () => {
      issued = await shared.authority.issueClient({ ...CLIENT, subjectKey: { key } });
    });

    it('then its subject has the attributes of the standard, in its order', () => {
      const subject = new X509(issued.certificate).subjectName.toJSON().map((rdn) => Object.entries(rdn)[0]);
      assert.deepEqual(
        subject.reverse().map((entry) => entry?.[1]?.[0]),
        [
          'client.example.com',
          SOFTWARE,
          `OFBBR-${ORGANISATION}`,
          'São Paulo',
          'SP',
          'Banco Exemplar Ação S.A.',
          'BR',
          '11222333000181',
          'BR',
          'Private Organization',
        ],
      );
    });

    it('then country, CNPJ and jurisdiction are PrintableString and all else UTF8String', () => {
      const der = Buffer.from(new X509(issued.certificate).subjectName.toArrayBuffer()).toString('hex');
      const text = (value: string) => Buffer.from(value).toString('hex');
      assert.match(der, new RegExp(`130e${text('11222333000181')}`), 'serialNumber');
      assert.match(der, new RegExp(`0603550406${'1302'}${text('BR')}`), 'C');
      assert.match(der, new RegExp(`060b2b0601040182373c020103${'1302'}${text('BR')}`), 'jurisdiction');
      assert.match(
        der,
        new RegExp(`0603550461${'0c2a'}${text(`OFBBR-${ORGANISATION}`)}`),
        'organizationIdentifier',
      );
      assert.match(der, new RegExp(`${'0c24'}${text(SOFTWARE)}`), 'UID');
      assert.match(der, new RegExp(`060355040f${'0c14'}${text('Private Organization')}`), 'businessCategory');
    });

    it('then Node shows whose it is', () => {
      const { subject } = new X509Certificate(issued.certificate).toLegacyObject() as unknown as {
        subject: Record<string, string>;
      };
      assert.equal(subject.organizationIdentifier, `OFBBR-${ORGANISATION}`);
      assert.equal(subject.UID, SOFTWARE);
    });

    it('then it may be used by a client, and for nothing else', () => {
      const certificate = new X509Certificate(issued.certificate);
      assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
      assert.equal(certificate.ca, false);
      assert.equal(certificate.subjectAltName, 'DNS:client.example.com');
      assert.equal(issued.serialNumber, certificate.serialNumber.toLowerCase());
    });

    it('then it holds from a minute ago, for a year', () => {
      assert.equal(issued.notBefore, Math.floor((NOW - 60_000) / 1000) * 1000);
      assert.equal(issued.notAfter, Math.floor((NOW + 365 * DAY) / 1000) * 1000);
    });

    it('then openssl verifies it, its use, and its revocation list', async (test) => {
      if (!hasOpenssl()) return test.skip('openssl is not installed');
      const folder = temporaryFolder();
      const [, issuing = ''] = issued.chain.split(/(?=-----BEGIN)/);
      const put = (name: string, content: string | Uint8Array) => {
        writeFileSync(join(folder, name), content);
        return join(folder, name);
      };
      const crl = await shared.authority.crl(issued.issuer);
      const root = await rootCrl();
      const pem = (der: Uint8Array) =>
        `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`;
      const run = () =>
        execFileSync('openssl', [
          'verify',
          '-x509_strict',
          '-crl_check_all',
          '-purpose',
          'sslclient',
          '-CAfile',
          put('root.pem', rootPem),
          '-untrusted',
          put('issuing.pem', issuing),
          '-CRLfile',
          put('lists.pem', pem(crl?.der as Uint8Array) + pem(root)),
          put('leaf.pem', issued.certificate),
        ]).toString();
      const rootPem = await shared.authority.anchors();
      assert.match(run(), /leaf\.pem: OK/);
    });
  });

  it('when a server certificate is issued, then it names hosts and addresses', async () => {
    const issued = await shared.authority.issueServer({
      organisationName: 'Guiche',
      names: ['localhost', '127.0.0.1', '::1'],
      subjectKey: { key },
    });
    const certificate = new X509Certificate(issued.certificate);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(certificate.checkHost('localhost'), 'localhost');
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.match(certificate.subjectAltName ?? '', /0:0:0:0:0:0:0:1/);
  });

  it('when a signing certificate is issued, then it names the participant and its CNPJ', async () => {
    const issued = await shared.authority.issueSigning({
      organisationId: ORGANISATION,
      organisationName: 'Banco Exemplar S.A.',
      cnpj: '11222333000181',
      subjectKey: { key },
    });
    const certificate = new X509Certificate(issued.certificate);
    const { subject } = certificate.toLegacyObject() as unknown as { subject: Record<string, unknown> };
    assert.equal(subject.UID, ORGANISATION);
    assert.equal((subject.OU as unknown as string[]).length, 3);
    assert.match(certificate.subjectAltName ?? '', /othername/i);
    const der = Buffer.from(new X509(issued.certificate).rawData).toString('hex');
    const holder = Buffer.from('11222333000181').toString('hex');
    assert.match(der, new RegExp(`0605604c010303a010040e${holder}`), 'the CNPJ as another-name');
  });

  describe('when a key is presented', () => {
    const issue = (subjectKey: Parameters<typeof shared.authority.issueClient>[0]['subjectKey']) =>
      shared.authority.issueClient({ ...CLIENT, subjectKey });

    it('as a signed request, then the certificate is for its key and not for its subject', async () => {
      const { csr, publicKey } = await createRequest();
      const issued = await issue({ csr });
      const certificate = new X509Certificate(issued.certificate);
      assert.deepEqual(certificate.publicKey.export({ type: 'spki', format: 'der' }), publicKey);
      assert.match(certificate.subject, new RegExp(SOFTWARE));
      assert.doesNotMatch(certificate.subject, /somebody else/);
    });

    it('as a request whose signature was tampered with, then it is refused', async () => {
      const { csr } = await createRequest();
      const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
      der[der.length - 1] = (der[der.length - 1] as number) ^ 1;
      const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
      await assert.rejects(issue({ csr: forged }), UnfitKey);
    });

    it('as JWK, then it is certified; a private one is refused', async () => {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
      assert.ok(await issue({ jwk: { ...pair.publicKey.export({ format: 'jwk' }) } }));
      await assert.rejects(issue({ jwk: { ...pair.privateKey.export({ format: 'jwk' }) } }), UnfitKey);
    });

    for (const [what, subjectKey] of [
      ['no request at all', { csr: 'hello' }],
      ['a request that is too long', { csr: 'x'.repeat(20_000) }],
      ['a symmetric key', { jwk: { kty: 'oct', k: 'c2VjcmV0' } }],
      ['a short key', { key: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey }],
      ['an elliptic curve key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey }],
    ] as const)
      it(`as ${what}, then it is refused`, async () => {
        await assert.rejects(issue(subjectKey), UnfitKey);
      });
  });

  describe('when a certificate is revoked', () => {
    it('then the list of its issuer names it, with the reason, and is signed and dated', async () => {
      const { authority } = shared;
      const issued = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      const before = new X509Crl((await authority.crl(issued.issuer))?.der.slice().buffer as ArrayBuffer);
      assert.equal(before.findRevoked(issued.serialNumber), null);

      assert.equal(await authority.revoke(issued.serialNumber, 'keyCompromise'), true);
      assert.equal(await authority.revoke(issued.serialNumber, 'superseded'), false);

      const crl = await authority.crl(issued.issuer);
      const list = new X509Crl(crl?.der.slice().buffer as ArrayBuffer);
      const issuing = new X509(issued.chain.split(/(?=-----BEGIN)/)[1] as string);
      assert.equal(await list.verify({ publicKey: issuing.publicKey }), true);
      assert.equal(list.findRevoked(issued.serialNumber)?.reason, 1);
      assert.equal(list.nextUpdate?.getTime(), Math.floor((NOW + DAY) / 1000) * 1000);
      assert.equal((await authority.find(issued.serialNumber))?.revocationReason, 'keyCompromise');
    });

    it('on another node, then the list names it a second later', async () => {
      const { clock, settings, authority } = createAuthority();
      const other = createCertificateAuthority(settings);
      const issued = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      const names = async () =>
        new X509Crl((await authority.crl(issued.issuer))?.der.slice().buffer as ArrayBuffer).entries.length;
      assert.equal(await names(), 0);
      await other.revoke(issued.serialNumber, 'unspecified');
      assert.equal(await names(), 0);
      await clock.advance(1000);
      assert.equal(await names(), 1);
    });

    it('and nothing new, then the list stays as it is until half its life is over', async () => {
      const { clock, authority } = createAuthority();
      const { issuer } = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      const first = await authority.crl(issuer);
      await clock.advance(11 * 3_600_000);
      assert.equal((await authority.crl(issuer))?.der, first?.der);
      await clock.advance(2 * 3_600_000);
      assert.notEqual((await authority.crl(issuer))?.thisUpdate, first?.thisUpdate);
    });

    it('then a list of an unknown issuer does not exist', async () => {
      assert.equal(await shared.authority.crl('00'.repeat(20)), undefined);
    });
  });

  describe('when certificates grow old', () => {
    it('then those in the last third of their life are renewed, once', async () => {
      const { clock, authority } = createAuthority({ certificateLifeMs: 90 * DAY });
      const issued = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      assert.equal(authority.renewalDue(issued), false);
      assert.deepEqual(await authority.renewDue(), []);
      await clock.advance(61 * DAY);
      assert.equal(authority.renewalDue(issued), true);
      const [successor, ...others] = await authority.renewDue();
      assert.equal(others.length, 0);
      const [old, next] = [issued, successor as IssuedCertificate].map(
        ({ certificate }) => new X509Certificate(certificate),
      );
      assert.equal(next?.subject, old?.subject);
      assert.equal(next?.subjectAltName, old?.subjectAltName);
      assert.deepEqual(next?.keyUsage, old?.keyUsage);
      assert.ok(next && old && next.publicKey.equals(old.publicKey));
      assert.notEqual(next?.serialNumber, old?.serialNumber);
      assert.equal(successor?.notAfter, Math.floor((clock.now() + 90 * DAY) / 1000) * 1000);
      assert.equal((await authority.find(issued.serialNumber))?.renewedBy, successor?.serialNumber);
      assert.deepEqual(await authority.renewDue(), []);
    });

    it('then a revoked one is not renewed', async () => {
      const { clock, authority } = createAuthority({ certificateLifeMs: 90 * DAY });
      const { serialNumber } = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      await authority.revoke(serialNumber, 'superseded');
      await clock.advance(80 * DAY);
      assert.deepEqual(await authority.renewDue(), []);
      assert.equal(await authority.renew(serialNumber), undefined);
    });

    it('then the issuing authority has a successor before it could not outlive what it issues', async () => {
      const { clock, authority } = createAuthority();
      const first = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      await clock.advance((4 * 365 + 1) * DAY);
      const second = await authority.issueClient({ ...CLIENT, subjectKey: { key } });
      assert.notEqual(second.issuer, first.issuer);
      assert.ok(await authority.crl(first.issuer), 'the former one still says what it revoked');
      assert.equal((await authority.anchors()).match(/BEGIN CERTIFICATE/g)?.length, 1);
    });
  });

  it('when several nodes start at once, then they share one root', async () => {
    const { settings } = createAuthority();
    const nodes = [1, 2, 3].map(() => createCertificateAuthority(settings));
    const anchors = await Promise.all(nodes.map((node) => node.anchors()));
    assert.equal(new Set(anchors).size, 1);
  });

  it('when its keys were sealed for another generation, then it does not start with them', async () => {
    const { settings, keys, authority } = createAuthority();
    await authority.anchors();
    const [root] = await keys.list('root');
    const moved = createMemoryHeldKeyStore();
    assert.ok(root);
    await moved.add({ ...root, purpose: 'root', generation: 2 });
    await assert.rejects(createCertificateAuthority({ ...settings, keys: moved }).anchors(), /another place/);
  });
});

async function rootCrl(): Promise<Uint8Array> {
  const [root = ''] = await shared.authority.issuers();
  return (await shared.authority.crl(root))?.der as Uint8Array;
}

async function createRequest(): Promise<{ csr: string; publicKey: Buffer }> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: new Name([{ '2.5.4.3': [{ utf8String: 'somebody else' }] }]),
    signingAlgorithm: algorithm,
    keys,
  });
  return {
    csr: request.toString('pem'),
    publicKey: Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey)),
  };
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}
