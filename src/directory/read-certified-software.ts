import type { X509Certificate } from 'node:crypto';
import type { CertifiedSoftware } from './directory-trust.ts';
import { readParticipantId } from './participant-id.ts';

/** Certificates issued before this day name the organisation in `OU`. */
const OLD_FORM_UNTIL = Date.UTC(2022, 7, 31);

/**
 * Whose a client certificate is, by its subject: organisation from `organizationIdentifier` with the ecosystem's prefix
 * — or `OU`, in a certificate of the old form — and software from `UID`. Undefined when either is missing, there twice,
 * or of another form (Open Finance Brasil certificate standard, §5.2.2).
 */
export function readCertifiedSoftware(
  certificate: X509Certificate,
  prefix: string,
): CertifiedSoftware | undefined {
  const subject = certificate.toLegacyObject().subject as unknown as Readonly<Record<string, unknown>>;
  const identifier = subject.organizationIdentifier;
  const isOldForm = identifier === undefined && certificate.validFromDate.getTime() < OLD_FORM_UNTIL;
  const organisation = isOldForm ? subject.OU : withoutPrefix(identifier, prefix);
  const organisationId = readParticipantId(organisation);
  const softwareId = readParticipantId(subject.UID);
  if (organisationId === undefined || softwareId === undefined) return undefined;
  return { organisationId, softwareId };
}

/** An identifier with the prefixes of other ecosystems beside it says nothing here; two with this one contradict. */
function withoutPrefix(identifier: unknown, prefix: string): string | undefined {
  const [own, ...others] = [identifier].flat().filter((one) => String(one).startsWith(prefix));
  return typeof own === 'string' && others.length === 0 ? own.slice(prefix.length) : undefined;
}
