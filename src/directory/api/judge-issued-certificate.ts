import type { ClientCertificate } from '../../kernel/client-certificate.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { CertificateAuthority } from '../certificate-authority.ts';
import type { CertificateVerdict } from '../directory-trust.ts';

/**
 * Creates the directory's own judge of client certificates. It has issued them, so that it needs neither chain nor
 * revocation list: what it did not issue, or has revoked, is not believed from that moment on.
 */
export function createIssuedCertificateJudge(
  authority: Pick<CertificateAuthority, 'find'>,
  clock: Pick<Clock, 'now'>,
): (presented: ClientCertificate) => Promise<CertificateVerdict> {
  return async ({ leaf, thumbprint }) => {
    const issued = await authority.find(leaf.serialNumber.toLowerCase());
    // Anybody can make a certificate with that number; only one has this digest.
    if (!issued || issued.thumbprint !== thumbprint) return { isTrusted: false, fault: 'untrusted-issuer' };
    if (issued.revokedAt !== undefined) return { isTrusted: false, fault: 'revoked' };
    if (clock.now() >= issued.notAfter) return { isTrusted: false, fault: 'expired' };
    if (clock.now() < issued.notBefore) return { isTrusted: false, fault: 'not-yet-valid' };
    if (issued.use !== 'client') return { isTrusted: false, fault: 'wrong-use' };
    const { organisationId, softwareId } = issued;
    if (organisationId === undefined || softwareId === undefined)
      return { isTrusted: false, fault: 'no-participant' };
    return { isTrusted: true, software: { organisationId, softwareId } };
  };
}
