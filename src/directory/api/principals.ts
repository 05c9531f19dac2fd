import type { ClientCertificate } from '../../kernel/client-certificate.ts';
import type { CertificateVerdict } from '../directory-trust.ts';
import { type Area, may, type Role, type Verb } from './access.ts';
import type { DirectoryRecord, DirectoryStore } from './directory-store.ts';

/** A role and where it holds: a super user's and a person's own everywhere, the others' in one organisation or software. */
export interface HeldRole {
  readonly role: Role;
  readonly organisationId?: string;
  readonly softwareId?: string;
}

/** A client of the directory and whom it acts for. */
export interface Principal {
  readonly clientId: string;
  /** The person it acts for; undefined for a software that acts for itself. */
  readonly email?: string;
  readonly roles: readonly HeldRole[];
}

/** What a call is about, by the ids in its path. */
export interface Target {
  readonly organisationId?: string | undefined;
  readonly softwareId?: string | undefined;
  readonly email?: string | undefined;
}

/** A client that a certificate proves, before anything is known of its roles. */
export interface CertifiedClient {
  readonly clientId: string;
  readonly isSoftware: boolean;
  readonly organisationId: string;
}

/** Who calls, from the directory's own records of this moment: a role that ended is gone with the next call. */
export interface Principals {
  /** The client that presented a certificate; undefined when it is nobody's, or no longer. */
  recognise(presented: ClientCertificate | undefined): Promise<CertifiedClient | undefined>;
  /** Undefined when the client, its software or its person is no longer active. */
  resolve(clientId: string): Promise<Principal | undefined>;
}

export interface PrincipalsSettings {
  readonly store: DirectoryStore;
  /** Judges chain, dates, use, revocation and subject of a participant's certificate. */
  readonly judge: (presented: ClientCertificate) => Promise<CertificateVerdict>;
}

/** The kind of the records that say which certificate acts for which person; no operation of the API shows them. */
export const PERSONAL_CLIENT = 'personal-client';

/** Contact roles that are about machines, primary and secondary. */
const TECHNICAL_ROLES: ReadonlySet<unknown> = new Set(['PTC', 'STC']);

/** The system that a contact has to be named for to have any right here; the others are other people's. */
const THIS_SYSTEM = 'Directory';

/** Creates the look-up over a store. */
export function createPrincipals({ store, judge }: PrincipalsSettings): Principals {
  const isActive = (record: DirectoryRecord | undefined) => record?.body.Status === 'Active';

  async function recognise(presented: ClientCertificate | undefined): Promise<CertifiedClient | undefined> {
    if (!presented) return undefined;
    const [person] = await store.list({
      kinds: [PERSONAL_CLIENT],
      where: { Thumbprint: presented.thumbprint },
    });
    if (person) return { clientId: person.id, isSoftware: false, organisationId: '' };
    const verdict = await judge(presented);
    if (!verdict.isTrusted) return undefined;
    const { organisationId, softwareId } = verdict.software;
    const software = await store.read({
      kind: 'software-statement',
      parents: [organisationId],
      id: softwareId,
    });
    return software ? { clientId: softwareId, isSoftware: true, organisationId } : undefined;
  }

  async function resolve(clientId: string): Promise<Principal | undefined> {
    const person = await store.read({ kind: PERSONAL_CLIENT, parents: [], id: clientId });
    return person ? resolvePerson(clientId, String(person.body.Email)) : resolveSoftware(clientId);
  }

  async function resolveSoftware(clientId: string): Promise<Principal | undefined> {
    const [software] = await store.list({ kinds: ['software-statement'], ids: [clientId] });
    const organisationId = software?.parents[0];
    if (!isActive(software) || organisationId === undefined) return undefined;
    const organisation = await store.read({ kind: 'organisation', parents: [], id: organisationId });
    if (!isActive(organisation)) return undefined;
    return { clientId, roles: [{ role: 'software', organisationId, softwareId: clientId }] };
  }

  async function resolvePerson(clientId: string, email: string): Promise<Principal | undefined> {
    const user = await store.read({ kind: 'user', parents: [], id: email });
    if (!isActive(user)) return undefined;
    const [persons, contacts] = await Promise.all([
      store.list({ kinds: ['super-user', 'organisation-administrator'], ids: [email] }),
      store.list({ kinds: ['domain-user'], where: { Email: email } }),
    ]);
    const here = contacts.filter(({ body }) => body.System === undefined || body.System === THIS_SYSTEM);
    const roles = [...persons, ...here].filter(isActive).map(heldRole);
    const organisations = await store.list({
      kinds: ['organisation'],
      ids: roles.flatMap(({ organisationId }) => organisationId ?? []),
    });
    const active = new Set(organisations.filter(isActive).map(({ id }) => id));
    const held = roles.filter(
      ({ organisationId }) => organisationId === undefined || active.has(organisationId),
    );
    return { clientId, email, roles: held };
  }

  return { recognise, resolve };
}

function heldRole({ kind, parents, body }: DirectoryRecord): HeldRole {
  const organisationId = parents[0];
  if (kind === 'super-user') return { role: 'super-user' };
  if (kind === 'organisation-administrator') return { role: kind, organisationId: organisationId as string };
  const role = TECHNICAL_ROLES.has(body.ContactRole) ? 'technical-contact' : 'business-contact';
  return { role, organisationId: organisationId as string };
}

/** Areas in which a software's own are the records of that software, not of its organisation. */
const SOFTWARE_AREAS: ReadonlySet<Area> = new Set(['software', 'software-claim', 'assertion', 'certificate']);

/** Whether a principal may do something with what a call is about, in any of its roles. */
export function isAllowed({ email, roles }: Principal, verb: Verb, area: Area, target: Target): boolean {
  return roles.some((held) => may(held.role, verb, area, isOwn(held, area, target, email)));
}

function isOwn(held: HeldRole, area: Area, target: Target, email: string | undefined): boolean {
  if (target.organisationId === undefined)
    return email !== undefined && target.email?.toLowerCase() === email;
  if (held.organisationId !== target.organisationId) return false;
  if (held.role !== 'software') return true;
  return !SOFTWARE_AREAS.has(area) || held.softwareId === target.softwareId;
}

/** Whether a principal is the directory's operator. */
export function isSuperUser({ roles }: Principal): boolean {
  return roles.some(({ role }) => role === 'super-user');
}
