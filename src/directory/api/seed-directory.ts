import type { DirectoryRecords, Kept } from './directory-records.ts';
import type { DirectoryRecord, DirectoryStore, RecordBody } from './directory-store.ts';
import { PERSONAL_CLIENT } from './principals.ts';

/** What a directory is to hold. Members are those of the contract's requests; ids are the caller's, the same at each start. */
export interface DirectorySeed {
  readonly authorities: readonly SeededAuthority[];
  readonly terms?: readonly RecordBody[];
  readonly organisations: readonly SeededOrganisation[];
  readonly users?: readonly SeededUser[];
}

export interface SeededAuthority {
  readonly id: string;
  readonly members: RecordBody;
  readonly domains: readonly { readonly members: RecordBody; readonly roles: readonly RecordBody[] }[];
}

export interface SeededOrganisation {
  readonly id: string;
  readonly members: RecordBody;
  readonly domainClaims?: readonly RecordBody[];
  /** Roles in which the organisation takes part, each with the states it holds for. */
  readonly claims?: readonly { readonly members: RecordBody; readonly states: readonly string[] }[];
  readonly contacts?: readonly RecordBody[];
  readonly authorisationServers?: readonly SeededServer[];
  readonly softwareStatements?: readonly SeededSoftware[];
}

export interface SeededServer {
  readonly id: string;
  readonly members: RecordBody;
  readonly certifications?: readonly RecordBody[];
  readonly apiResources: readonly { readonly members: RecordBody; readonly endpoints: readonly string[] }[];
}

export interface SeededSoftware {
  readonly id: string;
  readonly members: RecordBody;
  readonly roles: readonly { readonly domain: string; readonly role: string }[];
}

export interface SeededUser {
  readonly email: string;
  readonly isSuperUser?: boolean;
  /** Organisations that the user administers. */
  readonly administers?: readonly string[];
  readonly contactFor?: readonly {
    readonly organisationId: string;
    readonly domain: string;
    readonly members: RecordBody;
  }[];
  /** The client that acts for the user, by the certificate that it will present: `x5t#S256`. */
  readonly client?: { readonly id: string; readonly thumbprint: string };
}

/** What kept a seed from being as described. */
export class SeedFailure extends Error {
  override readonly name = 'SeedFailure';
}

export interface SeedSettings {
  readonly records: DirectoryRecords;
  readonly store: DirectoryStore;
  readonly now: () => number;
}

const OPERATOR = { isSuperUser: true };

/**
 * Makes a directory hold what is described, by the rules that hold for everybody. What is there already stays and is
 * changed where it differs; of the APIs of a server and their endpoints, what is not described goes. What was ended by
 * hand stays ended. Throws {@link SeedFailure} for a description that breaks a rule.
 */
export async function seedDirectory(
  { records, store, now }: SeedSettings,
  seed: DirectorySeed,
): Promise<void> {
  for (const authority of seed.authorities) await seedAuthority(authority);
  for (const terms of seed.terms ?? []) await ensureSame('terms', [], terms, ['Type', 'Name', 'Version']);
  for (const organisation of seed.organisations) await seedOrganisation(organisation);
  for (const user of seed.users ?? []) await seedUser(user);

  async function seedAuthority({ id, members, domains }: SeededAuthority): Promise<void> {
    await ensure('authority', [], id, members);
    for (const domain of domains) {
      const name = String(domain.members.AuthorisationDomainName);
      await ensure('authorisation-domain', [], name, domain.members);
      await ensureSame('authority-domain', [id], { AuthorisationDomainName: name });
      for (const role of domain.roles)
        await ensure('authorisation-domain-role', [], String(role.AuthorisationDomainRoleName), {
          ...role,
          AuthorisationDomainName: name,
        });
    }
  }

  async function seedOrganisation(organisation: SeededOrganisation): Promise<void> {
    const { id, members } = organisation;
    await ensure('organisation', [], id, { ...members, OrganisationId: id });
    for (const claim of organisation.domainClaims ?? [])
      await ensureSame('authority-domain-claim', [id], claim, ['AuthorityId', 'AuthorisationDomainName']);
    for (const claim of organisation.claims ?? []) await seedClaim(id, claim);
    for (const contact of organisation.contacts ?? [])
      await ensureSame('contact', [id], contact, ['ContactType', 'EmailAddress']);
    for (const server of organisation.authorisationServers ?? []) await seedServer(id, server);
    for (const software of organisation.softwareStatements ?? []) await seedSoftware(id, software);
  }

  async function seedClaim(
    id: string,
    { members, states }: { members: RecordBody; states: readonly string[] },
  ) {
    const body = { Status: 'Active', ...members };
    const claim = await ensureSame('authority-claim', [id], body, [
      'AuthorityId',
      'AuthorisationDomain',
      'Role',
    ]);
    for (const MemberState of states)
      await ensureSame('claim-authorisation', [id, claim.id], { Status: 'Active', MemberState }, [
        'MemberState',
      ]);
  }

  async function seedServer(organisationId: string, server: SeededServer): Promise<void> {
    await ensure('authorisation-server', [organisationId], server.id, server.members);
    const parents = [organisationId, server.id];
    for (const certification of server.certifications ?? [])
      await ensureSame('server-certification', parents, certification, ['ProfileVariant', 'ProfileVersion']);
    const kept = new Set<string>();
    for (const { members, endpoints } of server.apiResources) {
      const resource = await ensureSame('api-resource', parents, members, ['ApiFamilyType', 'ApiVersion']);
      kept.add(resource.id);
      for (const ApiEndpoint of endpoints)
        kept.add((await ensureSame('api-discovery-endpoint', [...parents, resource.id], { ApiEndpoint })).id);
    }
    await prune(parents, kept);
  }

  async function prune(parents: readonly string[], kept: ReadonlySet<string>): Promise<void> {
    const found = await store.list({ kinds: ['api-resource', 'api-discovery-endpoint'], under: parents });
    for (const record of found)
      if (!kept.has(record.id)) await records.remove(record.kind, record.parents, record.id);
  }

  async function seedSoftware(organisationId: string, { id, members, roles }: SeededSoftware): Promise<void> {
    const known = await records.read('software-statement', [organisationId], id);
    if (known && isEnded(known)) return;
    // An assertion locks its statement, and the addresses in it may be others at each start.
    if (known?.body.Locked === true && !isLike(known, members))
      await records.amend('software-statement', [organisationId], id, { Locked: false });
    await ensure('software-statement', [organisationId], id, members);
    for (const { domain, role } of roles)
      await ensureSame(
        'software-claim',
        [organisationId, id],
        { Status: 'Active', AuthorisationDomain: domain, Role: role },
        ['AuthorisationDomain', 'Role'],
      );
  }

  async function seedUser({ email, isSuperUser, administers = [], contactFor = [], client }: SeededUser) {
    const [terms] = await store.list({ kinds: ['terms'], where: { Type: 'Directory', Status: 'Active' } });
    const id = email.toLowerCase();
    if (!(await records.read('user', [], id)))
      await ensure('user', [], id, { UserEmail: email, TermsAndConditionsId: terms?.body.TnCId });
    if (isSuperUser) await ensure('super-user', [], id, { Email: id });
    for (const organisationId of administers)
      await ensure('organisation-administrator', [organisationId], id, { UserEmail: id });
    for (const { organisationId, domain, members } of contactFor)
      await ensureSame('domain-user', [organisationId, domain], { ...members, Email: id }, [
        'Email',
        'AuthorisationDomainRole',
        'ContactRole',
      ]);
    if (client) await seedClient(client, id);
  }

  async function seedClient({ id, thumbprint }: NonNullable<SeededUser['client']>, email: string) {
    const key = { kind: PERSONAL_CLIENT, parents: [], id };
    const known = await store.read(key);
    const body = { Email: email, Thumbprint: thumbprint };
    if (known && isLike(known, body)) return;
    const at = now();
    const put = { ...key, body, unique: thumbprint, createdAt: known?.createdAt ?? at, updatedAt: at };
    const outcome = await store.write([{ put, expected: known?.revision ?? 0 }]);
    if (outcome !== 'written') throw new SeedFailure(`client ${id}: ${outcome}`);
  }

  /** The record with an id, made or changed so that it has the members. */
  async function ensure(
    kind: string,
    parents: readonly string[],
    id: string,
    members: RecordBody,
  ): Promise<DirectoryRecord> {
    const known = await records.read(kind, parents, id);
    if (known && (isEnded(known) || isLike(known, members))) return known;
    const kept = known
      ? await records.update(kind, parents, known.id, members, OPERATOR)
      : await records.create(
          kind,
          parents,
          members,
          OPERATOR,
          records.kind(kind).idFrom === 'count' ? undefined : id,
        );
    if (kept.isKept) return kept.record;
    // Another node may have made the same at the same time.
    const there = kept.fault.reason === 'taken' ? await records.read(kind, parents, id) : undefined;
    return there ?? fail(kind, id, kept);
  }

  /** The record that has these members in common with what is described, made or changed like {@link ensure}. */
  async function ensureSame(
    kind: string,
    parents: readonly string[],
    members: RecordBody,
    names: readonly string[] = Object.keys(members),
  ): Promise<DirectoryRecord> {
    const where = Object.fromEntries(names.map((name) => [name, String(members[name])]));
    const [known] = (await records.list(kind, parents, where)) ?? [];
    if (known && (isEnded(known) || isLike(known, members))) return known;
    const kept = known
      ? await records.update(kind, parents, known.id, members, OPERATOR)
      : await records.create(kind, parents, members, OPERATOR);
    if (kept.isKept) return kept.record;
    const [there] = (kept.fault.reason === 'taken' && (await records.list(kind, parents, where))) || [];
    return there ?? fail(kind, names.join(), kept);
  }
}

function isEnded({ body }: DirectoryRecord): boolean {
  return body.Status === 'Inactive' || body.Status === 'Withdrawn';
}

function isLike({ body }: DirectoryRecord, members: RecordBody): boolean {
  return Object.entries(members).every(([name, value]) => isSame(body[name], value));
}

/** The order of an object's members does not survive being stored. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => isSame((one as RecordBody)[name], (other as RecordBody)[name]))
  );
}

function fail(kind: string, what: string, kept: Kept): never {
  throw new SeedFailure(`${kind} ${what}: ${kept.isKept ? 'kept' : kept.fault.detail}`);
}
