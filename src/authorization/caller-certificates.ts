import type { IncomingMessage } from 'node:http';
import type { CertificateVerdict, CertifiedSoftware, DirectoryTrust } from '../directory/directory-trust.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';

/** A certificate that the directory vouches for, and whose it is. */
export interface TrustedCertificate {
  readonly certificate: ClientCertificate;
  readonly software: CertifiedSoftware;
}

/** Who calls on the mTLS listener, by request. A request that was not judged, or badly, has nobody. */
export interface CallerCertificates {
  /** Judges the certificate of a request. Rejects when the directory's word cannot be had. */
  judge(request: IncomingMessage): Promise<CertificateVerdict>;
  of(request: IncomingMessage): TrustedCertificate | undefined;
  /** Lets one request stand for another, whose caller it has. */
  transfer(from: IncomingMessage, to: IncomingMessage): void;
}

/** Creates the memory of who calls; it lasts as long as the requests. */
export function createCallerCertificates(
  certificateOf: (request: IncomingMessage) => ClientCertificate | undefined,
  trust: Pick<DirectoryTrust, 'certificate'>,
): CallerCertificates {
  const callers = new WeakMap<IncomingMessage, TrustedCertificate>();
  return {
    async judge(request) {
      const certificate = certificateOf(request);
      const verdict = await trust.certificate(certificate);
      if (certificate && verdict.isTrusted) callers.set(request, { certificate, software: verdict.software });
      return verdict;
    },
    of: (request) => callers.get(request),
    transfer(from, to) {
      const caller = callers.get(from);
      if (caller) callers.set(to, caller);
    },
  };
}

/** Whether a certificate is of the software that a client was registered for. */
export function isOfClient(
  { organisationId, softwareId }: CertifiedSoftware,
  client: Readonly<Record<string, unknown>>,
): boolean {
  return client.org_id === organisationId && client.software_id === softwareId;
}
