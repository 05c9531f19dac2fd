import type { CompetentAuthorityClaim, StatementSigner, StatementSubject } from '../software-statement.ts';
import type { TrustProfile } from '../trust-profile.ts';
import type { DirectoryRecords } from './directory-records.ts';
import type { DirectoryRecord, DirectoryStore } from './directory-store.ts';

/** One ecosystem that the directory vouches in. */
export interface DirectoryEcosystem {
  readonly profile: TrustProfile;
  readonly statements: StatementSigner;
}

export type Assertion =
  | { readonly isSigned: true; readonly jws: string }
  | { readonly isSigned: false; readonly reason: 'missing' | 'no-role' };

export interface SoftwareStatementsSettings {
  readonly records: DirectoryRecords;
  readonly store: DirectoryStore;
  readonly ecosystems: readonly DirectoryEcosystem[];
}

/**
 * Creates what signs the assertion of a software statement: all that the directory knows of it at this moment, its
 * status and its organisation's included. From then on the statement is locked until somebody unlocks it.
 */
export function createSoftwareStatements({ records, store, ecosystems }: SoftwareStatementsSettings) {
  return async (organisationId: string, softwareId: string): Promise<Assertion> => {
    const organisation = await records.read('organisation', [], organisationId);
    const software = await records.read('software-statement', [organisationId], softwareId);
    if (!organisation || !software) return { isSigned: false, reason: 'missing' };
    const roles = await store.list({ kinds: ['software-claim'], under: [organisationId, softwareId] });
    const ecosystem = chooseEcosystem(ecosystems, roles);
    if (!ecosystem) return { isSigned: false, reason: 'no-role' };
    const claims = await composeClaims(organisationId);
    const jws = await ecosystem.statements.sign(composeSubject(organisation, software, roles, claims));
    if (software.body.Locked !== true)
      await records.amend('software-statement', [organisationId], softwareId, { Locked: true });
    return { isSigned: true, jws };
  };

  async function composeClaims(organisationId: string): Promise<readonly CompetentAuthorityClaim[]> {
    const [claims, authorisations, authorities] = await Promise.all([
      store.list({ kinds: ['authority-claim'], under: [organisationId] }),
      store.list({ kinds: ['claim-authorisation'], under: [organisationId] }),
      store.list({ kinds: ['authority'] }),
    ]);
    return claims.map(({ id, body }) => {
      const authority = authorities.find((one) => one.id === body.AuthorityId);
      return {
        authorisationDomain: String(body.AuthorisationDomain),
        authorisationRole: String(body.Role),
        authorisations: authorisations
          .filter(({ parents }) => parents[1] === id)
          .map((one) => ({ memberState: String(one.body.MemberState), status: String(one.body.Status) })),
        registrationId: String(body.RegistrationId),
        authorityId: String(body.AuthorityId),
        authorityName: String(authority?.body.AuthorityName ?? ''),
        authorityCode: String(authority?.body.AuthorityCode ?? ''),
        status: String(body.Status),
      };
    });
  }
}

/** The ecosystem in which the software has an active role, or had one. */
function chooseEcosystem(ecosystems: readonly DirectoryEcosystem[], roles: readonly DirectoryRecord[]) {
  const active = roles.filter(({ body }) => body.Status === 'Active');
  const isIn = (some: readonly DirectoryRecord[], { profile }: DirectoryEcosystem) =>
    some.some(({ body }) => body.AuthorisationDomain === profile.authorisationDomain);
  return ecosystems.find((one) => isIn(active, one)) ?? ecosystems.find((one) => isIn(roles, one));
}

function composeSubject(
  organisation: DirectoryRecord,
  { id, body }: DirectoryRecord,
  roles: readonly DirectoryRecord[],
  competentAuthorityClaims: readonly CompetentAuthorityClaim[],
): StatementSubject {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const webhook = text(body.NotificationWebhook);
  return {
    organisation: {
      id: organisation.id,
      name: String(organisation.body.OrganisationName),
      number: String(organisation.body.RegistrationNumber),
      status: String(organisation.body.Status),
      competentAuthorityClaims,
    },
    software: {
      id,
      clientId: text(body.ClientId) ?? id,
      clientName: String(body.ClientName),
      clientDescription: text(body.Description) ?? '',
      version: String(body.Version),
      environment: text(body.Environment) ?? 'sandbox',
      mode: text(body.Mode) ?? 'Live',
      status: String(body.Status),
      clientUri: text(body.ClientUri),
      logoUri: text(body.LogoUri),
      tosUri: text(body.TermsOfServiceUri),
      policyUri: text(body.PolicyUri),
      redirectUris: (body.RedirectUri as string[] | undefined) ?? [],
      webhookUris: webhook === undefined ? [] : [webhook],
      roles: roles.map((role) => ({
        role: String(role.body.Role),
        authorisationDomain: String(role.body.AuthorisationDomain),
        status: String(role.body.Status),
      })),
    },
  };
}
