import { createHash, type X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '../../kernel/client-certificate.ts';

/** A chain of a participant has one or two; more is somebody trying something. */
export const MOST_INTERMEDIATES = 4;

/** A client certificate with the thumbprint that tokens are bound to. */
export function describeCertificate(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
): ClientCertificate {
  return { leaf, intermediates, thumbprint: createHash('sha256').update(leaf.raw).digest('base64url') };
}
