import type { X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsageExtension,
  type KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
} from './x509.ts';

const UNDERSTOOD = new Set([
  '2.5.29.14', // subject key identifier
  '2.5.29.15', // key usage
  '2.5.29.17', // subject alternative name
  '2.5.29.19', // basic constraints
  '2.5.29.31', // revocation list distribution points
  '2.5.29.32', // certificate policies
  '2.5.29.35', // authority key identifier
  '2.5.29.37', // extended key usage
]);

const STRONG_HASHES = new Set(['SHA-256', 'SHA-384', 'SHA-512']);

/** What a certificate says about the use that may be made of it (RFC 5280 §4.2.1). */
export interface CertificateConstraints {
  /** Undefined when it does not restrict it. */
  readonly keyUsage: KeyUsageFlags | undefined;
  /** Object identifiers; undefined when it does not restrict it. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
  /** Where its issuer's revocation list is, `https:` and `http:` only. */
  readonly crlUrls: readonly string[];
  /** False when it has a critical extension that is not understood here, or a signature over a weak hash. */
  readonly isUsable: boolean;
}

/** Reads the constraints of a certificate. Throws when it cannot be parsed. */
export function readConstraints(certificate: NodeCertificate): CertificateConstraints {
  const parsed = new X509Certificate(certificate.raw);
  const basic = parsed.getExtension(BasicConstraintsExtension);
  const { hash } = parsed.signatureAlgorithm;
  const isUnderstood = parsed.extensions.every(({ critical, type }) => !critical || UNDERSTOOD.has(type));
  return {
    keyUsage: parsed.getExtension(KeyUsagesExtension)?.usages,
    extendedKeyUsage: parsed.getExtension(ExtendedKeyUsageExtension)?.usages.map(String),
    isAuthority: basic?.ca ?? false,
    pathLength: basic?.pathLength,
    crlUrls: readCrlUrls(parsed),
    isUsable: isUnderstood && STRONG_HASHES.has(hash?.name ?? ''),
  };
}

function readCrlUrls(certificate: X509Certificate): readonly string[] {
  const points = certificate.getExtension(CRLDistributionPointsExtension)?.distributionPoints ?? [];
  return points
    .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
    .map(({ uniformResourceIdentifier }) => uniformResourceIdentifier)
    .filter((url): url is string => url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url));
}
