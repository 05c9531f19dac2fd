import type { RecordBody } from './directory-store.ts';

const WELL_KNOWN = '/.well-known/openid-configuration';

/** An authorisation server with what follows from its request: issuer, support of registration, webhook status. */
export function completeAuthorisationServer(body: RecordBody): RecordBody {
  const { NotificationWebhookStatus: _, ...members } = body;
  const document = members.OpenIDDiscoveryDocument;
  const issuer =
    typeof document === 'string' && document.endsWith(WELL_KNOWN)
      ? { Issuer: document.slice(0, -WELL_KNOWN.length) }
      : {};
  const webhook = members.NotificationWebhook === undefined ? {} : { NotificationWebhookStatus: 'Pending' };
  return {
    ...members,
    ...issuer,
    ...webhook,
    SupportsCiba: members.SupportsCiba === true,
    SupportsDCR: members.AutoRegistrationSupported === true,
  };
}

/** An API resource with the end of its certification, a year after its start. Days are written dd/mm/yyyy. */
export function completeApiResource(body: RecordBody): RecordBody {
  const { CertificationExpirationDate: _, ...members } = body;
  const start = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(String(members.CertificationStartDate ?? ''));
  if (!start) return members;
  const [, day = '', month = '', year = ''] = start;
  // 29 February has no anniversary in the next year.
  const lastDay = day === '29' && month === '02' ? '28' : day;
  return { ...members, CertificationExpirationDate: `${lastDay}/${month}/${Number(year) + 1}` };
}

const SIGNING_MEMBERS = [
  'ExternalSigningServiceName',
  'ExternalSigningServiceSignerTemplateConfig',
  'ExternalSigningServiceSubject',
] as const;

/** Terms and conditions with the members about their signing in one place: requests may have them in either. */
export function completeTerms(body: RecordBody): RecordBody {
  const members: Record<string, unknown> = { ...body };
  const service: Record<string, unknown> = { ...(members.ExternalSigningService as object | undefined) };
  for (const name of SIGNING_MEMBERS) {
    if (members[name] !== undefined) service[name] = members[name];
    delete members[name];
  }
  return Object.keys(service).length === 0 ? members : { ...members, ExternalSigningService: service };
}
