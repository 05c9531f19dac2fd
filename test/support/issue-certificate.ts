import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '../../src/directory/x509.ts';
import { spareSigningPair } from './spare-keys.ts';

const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** A certificate that a test made, with its key. */
export interface IssuedCertificate {
  /** The certificate in PEM. */
  readonly certificate: string;
  /** Its private key in PEM, PKCS #8. */
  readonly key: string;
  readonly der: Buffer;
  /** By which further ones are issued. */
  readonly issuer: { readonly x509: X509Certificate; readonly keys: webcrypto.CryptoKeyPair };
}

export interface CertificateToIssue {
  readonly name: string;
  /** Absent for a root. */
  readonly by?: IssuedCertificate;
  /** True for what is to issue further ones; a root always may. */
  readonly isAuthority?: boolean;
}

/** Makes a certificate for 127.0.0.1, valid for an hour, with an RSA key that no other one of the last ones has. */
export async function issueCertificate({
  name,
  by,
  isAuthority = by === undefined,
}: CertificateToIssue): Promise<IssuedCertificate> {
  const keys = await spareSigningPair();
  const x509 = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: by?.issuer.x509.subject ?? `CN=${name}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    publicKey: keys.publicKey,
    signingKey: by?.issuer.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(isAuthority),
      new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: x509.toString('pem'),
    key: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    der: Buffer.from(x509.rawData),
    issuer: { x509, keys },
  };
}
