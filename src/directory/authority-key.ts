import { webcrypto } from 'node:crypto';
import type { Sealer } from '../kernel/sealer.ts';
import { type HeldKey, heldKeyContext } from './held-key-store.ts';
import { X509Certificate } from './x509.ts';

/** RSA of 2048 bits with SHA-256, as ICP-Brasil has it for this kind of certificate. */
export const AUTHORITY_ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

/** A key of the authority that signs certificates and revocation lists. */
export interface AuthorityKey {
  /** Its certificate's key identifier, in hexadecimal: names its revocation list. */
  readonly id: string;
  readonly certificate: X509Certificate;
  readonly signingKey: webcrypto.CryptoKey;
}

/** A pair for a new authority; its private key can still be taken out, to be sealed. */
export function generateAuthorityPair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(AUTHORITY_ALGORITHM, true, ['sign', 'verify']);
}

/** Seals the private key of a new generation. */
export async function sealAuthorityKey(
  sealer: Sealer,
  place: Pick<HeldKey, 'purpose' | 'generation'>,
  key: webcrypto.CryptoKey,
): Promise<Uint8Array> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return sealer.seal(new Uint8Array(pkcs8), heldKeyContext(place));
}

/** Opens a held key whose public side is a certificate. Throws what the sealer throws. */
export async function openAuthorityKey(sealer: Sealer, held: HeldKey): Promise<AuthorityKey> {
  const pkcs8 = new Uint8Array(sealer.open(held.sealed, heldKeyContext(held)));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, AUTHORITY_ALGORITHM, false, ['sign']);
  const certificate = new X509Certificate(held.published);
  return { id: await keyIdentifier(certificate), certificate, signingKey };
}

async function keyIdentifier(certificate: X509Certificate): Promise<string> {
  return Buffer.from(await certificate.publicKey.getKeyIdentifier()).toString('hex');
}
