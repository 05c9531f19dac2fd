import type { X509Certificate } from 'node:crypto';
import { type CertificateConstraints, readConstraints } from './certificate-constraints.ts';
import { ExtendedKeyUsage, KeyUsageFlags } from './x509.ts';

/** Chains of ICP-Brasil have three or four certificates. */
const LONGEST_PATH = 6;
const MOST_INTERMEDIATES = 8;
/** Signatures that are verified to judge one certificate, at most. */
const MOST_SIGNATURES = 24;

/** A certificate with what it says of its use. */
export interface PathMember {
  readonly certificate: X509Certificate;
  readonly constraints: CertificateConstraints;
}

/** Reads a certificate for a path; undefined when it cannot be parsed. */
export function toPathMember(certificate: X509Certificate): PathMember | undefined {
  try {
    return { certificate, constraints: readConstraints(certificate) };
  } catch {
    return undefined;
  }
}

/**
 * A path from a certificate to one that is trusted, the certificate first: every signature verified by the next one's
 * key, names chained, issuers being authorities in their time that may sign certificates for clients, and no path
 * longer than they allow (RFC 5280 §6.1). The dates and use of the certificate itself are not looked at. Undefined when
 * there is none. `now` is in milliseconds since the epoch.
 */
export function buildPath(
  leaf: PathMember,
  intermediates: readonly X509Certificate[],
  anchors: readonly PathMember[],
  now: number,
): readonly PathMember[] | undefined {
  const candidates = intermediates
    .slice(0, MOST_INTERMEDIATES)
    .map(toPathMember)
    .filter((member) => member !== undefined);
  let signatures = 0;

  function extend(path: readonly PathMember[]): readonly PathMember[] | undefined {
    const last = path.at(-1) as PathMember;
    if (path.length >= LONGEST_PATH) return undefined;
    const anchor = anchors.find((issuer) => isIssuedBy(last, issuer, path.length));
    if (anchor) return [...path, anchor];
    for (const issuer of candidates) {
      if (path.includes(issuer) || !isIssuedBy(last, issuer, path.length)) continue;
      const whole = extend([...path, issuer]);
      if (whole) return whole;
    }
    return undefined;
  }

  /** `below` is the number of certificates under the issuer, the leaf among them. */
  function isIssuedBy(member: PathMember, issuer: PathMember, below: number): boolean {
    if (!mayIssue(issuer, below, now) || !member.certificate.checkIssued(issuer.certificate)) return false;
    signatures += 1;
    return signatures <= MOST_SIGNATURES && isSignedBy(member.certificate, issuer.certificate);
  }

  return leaf.constraints.isUsable ? extend([leaf]) : undefined;
}

function mayIssue({ certificate, constraints }: PathMember, below: number, now: number): boolean {
  const { keyUsage, extendedKeyUsage, isAuthority, pathLength, isUsable } = constraints;
  const purposes = extendedKeyUsage ?? [ExtendedKeyUsage.clientAuth];
  return (
    isUsable &&
    isAuthority &&
    (keyUsage === undefined || (keyUsage & KeyUsageFlags.keyCertSign) !== 0) &&
    (purposes.includes(ExtendedKeyUsage.clientAuth) || purposes.includes('2.5.29.37.0')) &&
    (pathLength === undefined || below - 1 <= pathLength) &&
    certificate.validFromDate.getTime() <= now &&
    now <= certificate.validToDate.getTime()
  );
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
