import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonNameParams,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectKeyIdentifierExtension,
  X509Certificate as X509,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '../../src/directory/x509.ts';
import type { ClientCertificate } from '../../src/kernel/client-certificate.ts';
import { spareSigningPair } from './spare-keys.ts';

const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export type KeyPair = webcrypto.CryptoKeyPair;

/** An authority of a test's own, whose key is at hand. */
export interface ForgedAuthority {
  readonly certificate: X509Certificate;
  readonly keys: KeyPair;
  readonly name: Name;
}

/** A pair that signs with SHA-256. */
export function forgeKeys(): Promise<KeyPair> {
  return spareSigningPair();
}

/** What a forged certificate says; whatever is left out is as in a good client certificate. */
export interface ForgedCertificate {
  readonly keys: KeyPair;
  /** Signs itself when absent. */
  readonly issuer?: ForgedAuthority;
  readonly subject: JsonNameParams;
  readonly from?: number;
  readonly to?: number;
  readonly authority?: { readonly pathLength?: number };
  readonly keyUsage?: number;
  /** None when empty. */
  readonly extendedKeyUsage?: readonly string[];
  readonly crlUrl?: string;
  readonly further?: readonly Extension[];
  readonly hash?: 'SHA-1';
}

/** Signs whatever certificate a test wants. */
export async function forgeCertificate(wanted: ForgedCertificate): Promise<X509Certificate> {
  const { keys, issuer, authority, further = [] } = wanted;
  const subject = new Name(wanted.subject);
  const isAuthority = authority !== undefined;
  const purposes = wanted.extendedKeyUsage ?? (isAuthority ? [] : [CLIENT_AUTH]);
  const usage = isAuthority
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `4${randomBytes(15).toString('hex')}0`,
    subject,
    issuer: issuer?.name ?? subject,
    notBefore: new Date(wanted.from ?? now - 60_000),
    notAfter: new Date(wanted.to ?? now + 86_400_000),
    publicKey: keys.publicKey,
    signingKey: await signingKeyOf(issuer?.keys ?? keys, wanted.hash),
    signingAlgorithm: { ...ALGORITHM, hash: wanted.hash ?? 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(isAuthority, authority?.pathLength, true),
      new KeyUsagesExtension(wanted.keyUsage ?? usage, true),
      ...(purposes.length > 0 ? [new ExtendedKeyUsageExtension([...purposes])] : []),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create((issuer?.keys ?? keys).publicKey),
      ...(wanted.crlUrl === undefined ? [] : [new CRLDistributionPointsExtension([wanted.crlUrl])]),
      ...further,
    ],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}

/** A key imported for SHA-256 signs with nothing else. */
async function signingKeyOf(keys: KeyPair, hash: 'SHA-1' | undefined): Promise<webcrypto.CryptoKey> {
  if (hash === undefined) return keys.privateKey;
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return webcrypto.subtle.importKey('pkcs8', pkcs8, { ...ALGORITHM, hash }, false, ['sign']);
}

/** Signs an authority's certificate. */
export async function forgeAuthority(
  name: string,
  settings: Omit<ForgedCertificate, 'subject'>,
): Promise<ForgedAuthority> {
  const subject = [{ '2.5.4.6': [{ printableString: 'BR' }] }, { '2.5.4.3': [{ utf8String: name }] }];
  const certificate = await forgeCertificate({ authority: {}, ...settings, subject });
  return { certificate, keys: settings.keys, name: new X509(certificate.raw).subjectName };
}

/** Signs a revocation list, in DER. */
export async function forgeCrl(
  issuer: ForgedAuthority,
  revoked: readonly X509Certificate[],
  dates: { readonly thisUpdate?: number; readonly nextUpdate?: number } = {},
  extensions: readonly Extension[] = [],
): Promise<Buffer> {
  const crl = await X509CrlGenerator.create({
    issuer: issuer.name,
    thisUpdate: new Date(dates.thisUpdate ?? Date.now() - 1000),
    nextUpdate: new Date(dates.nextUpdate ?? Date.now() + 3_600_000),
    signingAlgorithm: ALGORITHM,
    signingKey: issuer.keys.privateKey,
    entries: revoked.map(({ serialNumber }) => ({ serialNumber, revocationDate: new Date() })),
    extensions: [...extensions],
  });
  return Buffer.from(crl.rawData);
}

/** A certificate as a client presents it. */
export function present(
  leaf: X509Certificate,
  ...intermediates: readonly X509Certificate[]
): ClientCertificate {
  const thumbprint = Buffer.from(leaf.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  return { leaf, intermediates, thumbprint };
}
