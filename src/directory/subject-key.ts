import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, PublicKey } from './x509.ts';

const SHORTEST_BITS = 2048;
/** Verifying with longer keys costs whoever has to do it more than they add. */
const LONGEST_BITS = 4096;
const LONGEST_REQUEST = 16_384;

/** The key a certificate is asked for: a signed request (PKCS #10 as PEM), a public JWK, or a key at hand. */
export type SubjectKey =
  | { readonly csr: string }
  | { readonly jwk: Readonly<Record<string, unknown>> }
  | { readonly key: KeyObject };

/** Why no certificate is issued for a key. The message is for the one who asked. */
export class UnfitKey extends Error {
  override readonly name = 'UnfitKey';
}

/**
 * The public key of a request for a certificate: RSA of 2048 to 4096 bits. The signature of a PKCS #10 request is
 * verified, what it says of its subject is not believed. Throws {@link UnfitKey}.
 */
export async function readSubjectKey(subject: SubjectKey): Promise<PublicKey> {
  const key = await openKey(subject);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') throw new UnfitKey('the key is not an RSA key');
  if (bits < SHORTEST_BITS || bits > LONGEST_BITS)
    throw new UnfitKey(`the key has ${bits} bits, not ${SHORTEST_BITS} to ${LONGEST_BITS}`);
  return new PublicKey(key.export({ type: 'spki', format: 'der' }));
}

async function openKey(subject: SubjectKey): Promise<KeyObject> {
  if ('csr' in subject) return openRequest(subject.csr);
  if ('key' in subject) return subject.key.type === 'private' ? createPublicKey(subject.key) : subject.key;
  if ('d' in subject.jwk) throw new UnfitKey('the key is a private one');
  try {
    return createPublicKey({ key: subject.jwk as JsonWebKey, format: 'jwk' });
  } catch {
    throw new UnfitKey('the key is not a public JWK');
  }
}

async function openRequest(csr: string): Promise<KeyObject> {
  if (csr.length > LONGEST_REQUEST) throw new UnfitKey('the certificate request is too long');
  let request: Pkcs10CertificateRequest;
  let key: KeyObject;
  try {
    request = new Pkcs10CertificateRequest(csr);
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), type: 'spki', format: 'der' });
  } catch {
    throw new UnfitKey('the certificate request is not PKCS #10');
  }
  if (!(await isSignedByItsKey(request)))
    throw new UnfitKey('the certificate request is not signed by the key it is for');
  return key;
}

async function isSignedByItsKey(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false;
  }
}
