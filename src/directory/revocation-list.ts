import type { X509Certificate as NodeCertificate } from 'node:crypto';
import { X509Certificate, X509Crl } from './x509.ts';

const DAY_MS = 86_400_000;
const SKEW_MS = 60_000;
const CRL_NUMBER = '2.5.29.20';
const AUTHORITY_KEY = '2.5.29.35';

/** A revocation list whose signature is still to be verified by whoever knows its issuer. */
export interface RevocationList {
  /** In milliseconds since the epoch. */
  readonly thisUpdate: number;
  /** A list that does not say when the next one comes is good for a day. */
  readonly nextUpdate: number;
  /** Whether a certificate of the issuer is named, by its serial number in any notation of hexadecimal. */
  names(serialNumber: string): boolean;
  /** Verifies its issuer's name and signature. */
  isSignedBy(issuer: NodeCertificate): Promise<boolean>;
}

/**
 * Reads a revocation list in DER, or PEM (RFC 5280 §5). Throws for what is none, and for lists with a critical
 * extension, such as those that name only some of the certificates.
 */
export function readRevocationList(body: Buffer): RevocationList {
  const crl = new X509Crl(unwrapPem(body));
  const strange = crl.extensions.find(
    ({ critical, type }) => critical && type !== CRL_NUMBER && type !== AUTHORITY_KEY,
  );
  if (strange) throw new Error(`the revocation list has the critical extension ${strange.type}`);
  const serialNumbers = new Set(crl.entries.map(({ serialNumber }) => normalise(serialNumber)));
  const thisUpdate = crl.thisUpdate.getTime();
  const verified = new Map<string, Promise<boolean>>();

  function isSignedBy(issuer: NodeCertificate): Promise<boolean> {
    const known = verified.get(issuer.fingerprint256);
    if (known) return known;
    const verifying = verify(crl, issuer);
    if (verified.size < 8) verified.set(issuer.fingerprint256, verifying);
    return verifying;
  }

  return {
    thisUpdate,
    nextUpdate: crl.nextUpdate?.getTime() ?? thisUpdate + DAY_MS,
    names: (serialNumber) => serialNumbers.has(normalise(serialNumber)),
    isSignedBy,
  };
}

/** Whether a list speaks for an instant, in milliseconds since the epoch. */
export function isCurrent({ thisUpdate, nextUpdate }: RevocationList, now: number): boolean {
  return thisUpdate <= now + SKEW_MS && now <= nextUpdate;
}

async function verify(crl: X509Crl, issuer: NodeCertificate): Promise<boolean> {
  try {
    const certificate = new X509Certificate(issuer.raw);
    const names = [crl.issuerName, certificate.subjectName].map((name) => Buffer.from(name.toArrayBuffer()));
    return (names[0] as Buffer).equals(names[1] as Buffer) && (await crl.verify({ publicKey: certificate }));
  } catch {
    return false;
  }
}

function unwrapPem(body: Buffer): Buffer {
  if (!body.subarray(0, 10).toString('latin1').startsWith('-----BEGIN')) return body;
  return Buffer.from(body.toString('latin1').replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

function normalise(serialNumber: string): string {
  return serialNumber.toLowerCase().replace(/^0+(?=.)/, '');
}
