import { isIP } from 'node:net';
import type { CertificateUse } from './certificate-store.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
} from './x509.ts';

const ENCIPHERING = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;

const KEY_USAGE: Readonly<Record<CertificateUse, number>> = {
  client: ENCIPHERING,
  server: ENCIPHERING,
  signing: KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation,
};

const EXTENDED_KEY_USAGE: Readonly<Record<CertificateUse, readonly ExtendedKeyUsage[]>> = {
  client: [ExtendedKeyUsage.clientAuth],
  server: [ExtendedKeyUsage.serverAuth],
  signing: [],
};

/** The extensions that say what a certificate may be used for (Open Finance Brasil certificate standard, §5.2). */
export function usageExtensions(use: CertificateUse): Extension[] {
  const purposes = EXTENDED_KEY_USAGE[use];
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KEY_USAGE[use], true),
    ...(purposes.length > 0 ? [new ExtendedKeyUsageExtension([...purposes])] : []),
  ];
}

/** The extension that lists the hosts of a certificate: host names and IP addresses. */
export function hostExtension(names: readonly string[]): Extension {
  return new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
  );
}
