import type { AuthorityKey } from './authority-key.ts';
import { AUTHORITY_ALGORITHM } from './authority-key.ts';
import type { Revocation } from './certificate-store.ts';
import { encodeDerInteger } from './encode-der.ts';
import { AuthorityKeyIdentifierExtension, Extension, X509CrlGenerator, X509CrlReason } from './x509.ts';

/** A signed list of revoked certificates (RFC 5280 §5). */
export interface Crl {
  readonly der: Uint8Array;
  /** In milliseconds since the epoch, whole seconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

/** Signs the list of an issuer. `now` and `nextUpdate` are in milliseconds since the epoch. */
export async function signCrl(
  issuer: AuthorityKey,
  revocations: readonly Revocation[],
  { now, nextUpdate }: { readonly now: number; readonly nextUpdate: number },
): Promise<Crl> {
  const crl = await X509CrlGenerator.create({
    issuer: issuer.certificate.subjectName,
    thisUpdate: new Date(now),
    nextUpdate: new Date(nextUpdate),
    signingAlgorithm: AUTHORITY_ALGORITHM,
    signingKey: issuer.signingKey,
    extensions: [
      await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
      // Nodes share no counter; the time in milliseconds grows just as well (RFC 5280 §5.2.3).
      new Extension('2.5.29.20', false, encodeDerInteger(now)),
    ],
    entries: revocations.map(({ serialNumber, revokedAt, reason }) => ({
      serialNumber,
      revocationDate: new Date(revokedAt),
      ...(reason !== 'unspecified' && { reason: X509CrlReason[reason] }),
    })),
  });
  const wholeSeconds = (ms: number) => Math.floor(ms / 1000) * 1000;
  return {
    der: new Uint8Array(crl.rawData),
    thisUpdate: wholeSeconds(now),
    nextUpdate: wholeSeconds(nextUpdate),
  };
}
