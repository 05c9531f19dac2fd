import type { KeyObject } from 'node:crypto';
import type { Consent, ConsentExtension, ConsentStatus, Rejection, Selection } from '../consents/consent.ts';
import type { Idempotency, NewConsent } from '../consents/consent-store.ts';
import { decrypt, encrypt } from './authenticated-encryption.ts';
import type { Person } from './person-keys.ts';
import type { Tables } from './tables.ts';

export type ConsentRow = Tables['consents'];
export type ExtensionRow = Tables['consent_extensions'];

/** Members that one ciphertext holds. */
type PersonalMembers = Pick<Consent, 'loggedUser' | 'businessEntity' | 'details'>;
type PersonalExtension = Pick<ConsentExtension, 'loggedUser' | 'customerIpAddress' | 'customerUserAgent'>;

/** Makes a row of a consent that has just been asked for, its personal members encrypted for its person. */
export function newConsentRow(
  consent: NewConsent,
  person: Person,
  idempotency: Idempotency | undefined,
): ConsentRow {
  const { loggedUser, businessEntity, details } = consent;
  return {
    id: consent.id,
    ecosystem: consent.ecosystem,
    client_id: consent.clientId,
    organisation_id: consent.organisationId,
    status: consent.status,
    created_at: consent.createdAt,
    status_updated_at: consent.statusUpdatedAt,
    expires_at: consent.expiresAt ?? null,
    permissions: [...consent.permissions],
    is_linked: consent.isLinked ?? null,
    rejection: null,
    subject: null,
    grant_id: null,
    person: person.id,
    personal: lock(person.key, { loggedUser, businessEntity, details }, `consent ${consent.id}`),
    selection: null,
    idempotency_key: idempotency?.key ?? null,
    fingerprint: idempotency?.fingerprint ?? null,
    revision: 1,
    resources_revision: 0,
  };
}

/** Reads a row but for its selection. Without its person's key the personal members are undefined. */
export function toConsent(row: ConsentRow, key: KeyObject | undefined): Consent {
  const personal: Partial<PersonalMembers> = key
    ? unlock<PersonalMembers>(key, row.personal, `consent ${row.id}`)
    : {};
  return {
    id: row.id,
    ecosystem: row.ecosystem,
    clientId: row.client_id,
    organisationId: row.organisation_id,
    status: row.status as ConsentStatus,
    createdAt: row.created_at,
    statusUpdatedAt: row.status_updated_at,
    expiresAt: row.expires_at ?? undefined,
    permissions: row.permissions,
    loggedUser: personal.loggedUser,
    businessEntity: personal.businessEntity,
    details: personal.details,
    isLinked: row.is_linked ?? undefined,
    rejection: (row.rejection as Rejection | null) ?? undefined,
    selection: undefined,
    subject: row.subject ?? undefined,
    grantId: row.grant_id ?? undefined,
    revision: row.revision,
    resourcesRevision: row.resources_revision,
  };
}

/** Encrypts a selection. Documents in it have been replaced by their persons' ids, so that those can be erased alone. */
export function lockSelection(selection: Selection, consent: string, key: KeyObject): Buffer {
  return lock(key, selection, `selection ${consent}`);
}

/** A row's selection, with ids of persons in the place of documents. */
export function openSelection(row: ConsentRow, key: KeyObject | undefined): Selection | undefined {
  if (!key || !row.selection) return undefined;
  return unlock<Selection>(key, row.selection, `selection ${row.id}`);
}

/** Replaces each person in a selection. */
export function mapPersons(selection: Selection, replace: (person: string) => string): Selection {
  return {
    ...selection,
    resources: selection.resources.map((resource) => ({
      ...resource,
      awaiting: resource.awaiting.map(replace),
    })),
    approvals: selection.approvals.map((approval) => ({
      ...approval,
      approver: replace(approval.approver),
    })),
  };
}

/** Every person that a selection names, some more than once. */
export function personsOf(selection: Selection): string[] {
  return [
    ...selection.resources.flatMap(({ awaiting }) => awaiting),
    ...selection.approvals.map(({ approver }) => approver),
  ];
}

/** Makes a row of a renewal, encrypted for the consent's person. */
export function toExtensionRow(
  extension: ConsentExtension,
  consent: string,
  revision: number,
  key: KeyObject,
): ExtensionRow {
  const { loggedUser, customerIpAddress, customerUserAgent } = extension;
  return {
    consent,
    revision,
    requested_at: extension.requestedAt,
    expires_at: extension.expiresAt ?? null,
    previous_expires_at: extension.previousExpiresAt ?? null,
    personal: lock(
      key,
      { loggedUser, customerIpAddress, customerUserAgent },
      `extension ${consent} ${revision}`,
    ),
  };
}

/** Reads a renewal. Without the person's key there is no logged user, and address and agent are empty. */
export function toExtension(row: ExtensionRow, key: KeyObject | undefined): ConsentExtension {
  const personal: Partial<PersonalExtension> = key
    ? unlock<PersonalExtension>(key, row.personal, `extension ${row.consent} ${row.revision}`)
    : {};
  return {
    requestedAt: row.requested_at,
    expiresAt: row.expires_at ?? undefined,
    previousExpiresAt: row.previous_expires_at ?? undefined,
    loggedUser: personal.loggedUser,
    customerIpAddress: personal.customerIpAddress ?? '',
    customerUserAgent: personal.customerUserAgent ?? '',
  };
}

function lock(key: KeyObject, content: unknown, context: string): Buffer {
  return encrypt(key, Buffer.from(JSON.stringify(content)), context);
}

function unlock<T>(key: KeyObject, encrypted: Uint8Array, context: string): T {
  return JSON.parse(decrypt(key, encrypted, context).toString()) as T;
}
