import type { Operation } from '../../contract/operation.ts';
import type { DirectorySeed, SeededOrganisation } from '../../directory/api/seed-directory.ts';
import type { TrustProfile } from '../../directory/trust-profile.ts';
import type {
  SandboxEcosystem,
  SandboxHolder,
  SandboxOrganisation,
  SandboxReceiverPlan,
} from './read-ecosystem.ts';

/** Where an institution of the sandbox is reached. */
export interface HolderAddress {
  readonly issuer: string;
  readonly publicBase: string;
  readonly mtlsBase: string;
}

export interface DescriptionSettings {
  readonly ecosystem: SandboxEcosystem;
  readonly profiles: readonly TrustProfile[];
  /** Operations that institutions serve, for the list of their APIs. */
  readonly operations: readonly Operation[];
  readonly addressOf: (holder: SandboxHolder) => HolderAddress;
  readonly redirectUrisOf: (receiver: SandboxReceiverPlan) => readonly string[];
}

/** The role in which institutions share and read data, in both ecosystems. */
const DATA_ROLE = 'DADOS';
const AUTHORITIES = [
  { id: '6b1d4f0a-53c7-4e28-9a41-0f8e2d7c9b30', code: 'BCB', name: 'Banco Central do Brasil' },
  { id: 'c9a7e214-8d06-4b5f-b3e2-71f4a6d05c18', code: 'SUSEP', name: 'Superintendência de Seguros Privados' },
] as const;

/** Describes everybody of the sandbox as the directory is to hold them. */
export function describeDirectory(settings: DescriptionSettings): DirectorySeed {
  const { ecosystem, profiles, redirectUrisOf } = settings;
  return {
    authorities: profiles.map(({ authorisationDomain }, index) =>
      describeAuthority(authorisationDomain, index),
    ),
    terms: [
      {
        Type: 'Directory',
        Version: 1,
        Name: 'Uso do diretório',
        Content: 'Diretório de sandbox, sem efeito jurídico.',
      },
    ],
    organisations: [
      ...ecosystem.holders.map((holder) => describeHolder(holder, settings)),
      ...ecosystem.receivers.map((receiver) =>
        describeReceiver(receiver, profiles, redirectUrisOf(receiver)),
      ),
    ],
  };
}

function describeAuthority(domain: string, index: number): DirectorySeed['authorities'][number] {
  const { id, code, name } = AUTHORITIES[index] as (typeof AUTHORITIES)[number];
  return {
    id,
    members: {
      AuthorityName: name,
      AuthorityCode: code,
      AuthorityUri: `https://${code.toLowerCase()}.sandbox.example`,
      AuthorityCountry: 'BR',
    },
    domains: [
      {
        members: {
          AuthorisationDomainName: domain,
          AuthorisationDomainRegion: 'BR',
          AuthorisationDomainDescription: domain,
        },
        // A role is one record for all domains, so only the first of them names it.
        roles:
          index === 0
            ? [{ AuthorisationDomainRoleName: DATA_ROLE, AuthorisationDomainRoleDescription: DATA_ROLE }]
            : [],
      },
    ],
  };
}

function describeHolder(
  holder: SandboxHolder,
  { profiles, operations, addressOf }: DescriptionSettings,
): SeededOrganisation {
  const { organisation, ecosystem } = holder;
  const index = profiles.findIndex((profile) => profile.ecosystem === ecosystem);
  const { issuer, publicBase, mtlsBase } = addressOf(holder);
  return {
    ...describeOrganisation(organisation),
    claims: [claimOf(index, profiles, organisation)],
    authorisationServers: [
      {
        id: serverIdOf(organisation.id),
        members: {
          AutoRegistrationSupported: true,
          CustomerFriendlyName: organisation.name,
          CustomerFriendlyDescription: organisation.name,
          CustomerFriendlyLogoUri: `${issuer}/consentimento.svg`,
          DeveloperPortalUri: 'https://github.com/',
          OpenIDDiscoveryDocument: `${issuer}/.well-known/openid-configuration`,
          PayloadSigningCertLocationUri: `${issuer}/jwks`,
        },
        apiResources: describeApis(
          operations.filter((operation) => operation.ecosystem === ecosystem),
          {
            publicBase,
            mtlsBase,
          },
        ),
      },
    ],
  };
}

/** One resource per API and version, with the endpoints that it has. */
function describeApis(
  operations: readonly Operation[],
  { publicBase, mtlsBase }: Pick<HolderAddress, 'publicBase' | 'mtlsBase'>,
) {
  const byApi = Map.groupBy(operations, ({ api, version }) => `${api} ${version}`);
  return [...byApi.values()].map((endpoints) => {
    const [first] = endpoints as [Operation, ...Operation[]];
    const base = first.open ? publicBase : mtlsBase;
    return {
      members: { ApiFamilyType: first.api, ApiVersion: first.version, CertificationStatus: 'Self-Certified' },
      endpoints: [...new Set(endpoints.map(({ path }) => `${base}${path}`))],
    };
  });
}

function describeReceiver(
  receiver: SandboxReceiverPlan,
  profiles: readonly TrustProfile[],
  redirectUris: readonly string[],
): SeededOrganisation {
  const { organisation, name, host, software } = receiver;
  return {
    ...describeOrganisation(organisation),
    claims: profiles.map((_, index) => claimOf(index, profiles, organisation)),
    softwareStatements: [
      {
        id: software,
        members: {
          ClientName: name,
          ClientUri: `https://${host}`,
          LogoUri: `https://${host}/logo.svg`,
          PolicyUri: `https://${host}/privacidade`,
          TermsOfServiceUri: `https://${host}/termos`,
          RedirectUri: redirectUris,
          Version: 1,
        },
        roles: profiles.map(({ authorisationDomain }) => ({ domain: authorisationDomain, role: DATA_ROLE })),
      },
    ],
  };
}

function describeOrganisation({ id, name, legalName, cnpj, city }: SandboxOrganisation): SeededOrganisation {
  return {
    id,
    members: {
      OrganisationName: name,
      LegalEntityName: legalName,
      RegisteredName: legalName,
      CountryOfRegistration: 'BR',
      CompanyRegister: 'CNPJ',
      RegistrationNumber: cnpj,
      AddressLine1: 'Avenida do Sandbox, 1',
      City: city,
      Postcode: '01000-000',
      Country: 'BR',
      Status: 'Active',
      Size: 'S1',
      Tags: ['sandbox'],
      RequiresParticipantTermsAndConditionsSigning: false,
    },
  };
}

function claimOf(index: number, profiles: readonly TrustProfile[], { cnpj }: SandboxOrganisation) {
  const authority = AUTHORITIES[index] as (typeof AUTHORITIES)[number];
  return {
    members: {
      AuthorityId: authority.id,
      AuthorisationDomain: profiles[index]?.authorisationDomain ?? '',
      Role: DATA_ROLE,
      RegistrationId: cnpj.slice(0, 8),
    },
    states: ['BR'],
  };
}

/** One authorisation server an institution, whose id follows from the institution's. */
function serverIdOf(organisationId: string): string {
  return `${organisationId.slice(0, -1)}0`;
}
