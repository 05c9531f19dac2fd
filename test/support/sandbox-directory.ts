import { generateKeyPairSync, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Answer, Call } from '../../src/contract/call.ts';
import { createCheckBody } from '../../src/contract/check-body.ts';
import { checkParameters } from '../../src/contract/check-parameters.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { createDirectory, type Directory } from '../../src/directory/api/create-directory.ts';
import type { DirectoryStore } from '../../src/directory/api/directory-store.ts';
import { type DirectorySeed, seedDirectory } from '../../src/directory/api/seed-directory.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../src/directory/certificate-authority.ts';
import { createKeyStore, type KeyStore } from '../../src/directory/key-store.ts';
import { readTrustProfiles } from '../../src/directory/read-trust-profiles.ts';
import { createStatementSigner, type StatementSigner } from '../../src/directory/software-statement.ts';
import { Pkcs10CertificateRequestGenerator } from '../../src/directory/x509.ts';
import type { ClientCertificate } from '../../src/kernel/client-certificate.ts';
import { createVirtualClock, type VirtualClock } from '../../src/kernel/clock.ts';
import { catalogOperations } from './catalog-operations.ts';
import { catalogFolder } from './contract-folder.ts';
import { createMemoryDirectoryStore } from './memory-directory-store.ts';
import {
  createMemoryCertificateStore,
  createMemoryHeldKeyStore,
  createMemoryParticipantKeyStore,
  OPEN_SEALER,
} from './memory-trust-stores.ts';

export const BANK = '11111111-1111-4111-8111-111111111111';
export const INSURER = '22222222-2222-4222-8222-222222222222';
export const SERVER = '33333333-3333-4333-8333-333333333333';
export const BANK_SOFTWARE = '44444444-4444-4444-8444-444444444444';
export const INSURER_SOFTWARE = '55555555-5555-4555-8555-555555555555';
export const AUTHORITY = '66666666-6666-4666-8666-666666666666';
export const BANK_DOMAIN = 'Open Banking';
export const INSURANCE_DOMAIN = 'Open Insurance';

export const ORGANISATION_MEMBERS = {
  OrganisationName: 'Banco de Exemplo',
  LegalEntityName: 'Banco de Exemplo S.A.',
  RegisteredName: 'Banco de Exemplo',
  CountryOfRegistration: 'BR',
  CompanyRegister: 'CNPJ',
  RegistrationNumber: '11222333000181',
  AddressLine1: 'Rua das Laranjeiras, 1',
  City: 'Recife',
  Postcode: '50000-000',
  Country: 'BR',
  Status: 'Active',
  Size: 'S1',
  Tags: ['sandbox'],
  RequiresParticipantTermsAndConditionsSigning: true,
};

export const SERVER_MEMBERS = {
  AutoRegistrationSupported: true,
  CustomerFriendlyName: 'Banco de Exemplo',
  CustomerFriendlyDescription: 'O banco dos exemplos',
  CustomerFriendlyLogoUri: 'https://127.0.0.1:8443/logo.svg',
  DeveloperPortalUri: 'https://127.0.0.1:8443/dev',
  TermsOfServiceUri: 'https://127.0.0.1:8443/terms',
  OpenIDDiscoveryDocument: 'https://127.0.0.1:8443/banco/.well-known/openid-configuration',
  PayloadSigningCertLocationUri: 'https://127.0.0.1:8443/keys',
  NotificationWebhook: 'https://127.0.0.1:8443/hook',
};

export const SOFTWARE_MEMBERS = {
  ClientName: 'Receptor',
  ClientUri: 'https://receptor.example.com',
  LogoUri: 'https://receptor.example.com/logo.svg',
  PolicyUri: 'https://receptor.example.com/policy',
  TermsOfServiceUri: 'https://receptor.example.com/terms',
  RedirectUri: ['https://127.0.0.1:9443/callback'],
  Version: 1,
};

export const CONTACT_MEMBERS = {
  ContactType: 'Technical',
  EmailAddress: 'plantao@example.com',
  FirstName: 'Ana',
  PhoneNumber: '+5581999990000',
};

/** A directory as the sandbox has it: two institutions, one receiver software each, and somebody in every role. */
export const SEED: DirectorySeed = {
  authorities: [
    {
      id: AUTHORITY,
      members: {
        AuthorityName: 'Autoridade',
        AuthorityCode: 'BCB',
        AuthorityUri: 'https://authority.example.com',
        AuthorityCountry: 'BR',
      },
      domains: [BANK_DOMAIN, INSURANCE_DOMAIN].map((name, index) => ({
        members: {
          AuthorisationDomainName: name,
          AuthorisationDomainRegion: 'BR',
          AuthorisationDomainDescription: name,
        },
        roles: ['DADOS', 'CONTA'].map((role) => ({
          AuthorisationDomainRoleName: index === 0 ? role : `${role}-SEGUROS`,
          AuthorisationDomainRoleDescription: role,
        })),
      })),
    },
  ],
  terms: [
    { Type: 'Directory', Version: 1, Name: 'Uso do diretório', Content: 'Texto dos termos' },
    { Type: 'Participant', Version: 1, Name: 'Participação', Content: 'Texto dos termos' },
  ],
  organisations: [
    {
      id: BANK,
      members: ORGANISATION_MEMBERS,
      domainClaims: [
        { AuthorityId: AUTHORITY, AuthorisationDomainName: BANK_DOMAIN, RegistrationId: '11222333' },
      ],
      claims: [claim(BANK_DOMAIN, 'DADOS'), claim(BANK_DOMAIN, 'CONTA')],
      contacts: [CONTACT_MEMBERS],
      authorisationServers: [
        {
          id: SERVER,
          members: SERVER_MEMBERS,
          certifications: [
            {
              Status: 'Certified',
              ProfileVariant: 'FAPI Adv. OP w/ MTLS, PAR',
              ProfileType: 'Redirect',
              ProfileVersion: 1,
              CertificationStartDate: '01/02/2026',
              CertificationExpirationDate: '01/02/2027',
              CertificationURI: 'https://example.com/certification.zip',
            },
          ],
          apiResources: [
            {
              members: {
                ApiFamilyType: 'consents',
                ApiVersion: '3.0.0',
                CertificationStatus: 'Certified',
                CertificationStartDate: '01/02/2026',
                ApiCertificationUri: 'https://example.com/api.zip',
              },
              endpoints: ['https://127.0.0.1:8444/open-banking/consents/v3/consents'],
            },
          ],
        },
      ],
      softwareStatements: [
        { id: BANK_SOFTWARE, members: SOFTWARE_MEMBERS, roles: [{ domain: BANK_DOMAIN, role: 'DADOS' }] },
      ],
    },
    {
      id: INSURER,
      members: {
        ...ORGANISATION_MEMBERS,
        OrganisationName: 'Seguradora de Exemplo',
        RegistrationNumber: '12ABC34501DE35',
      },
      claims: [claim(INSURANCE_DOMAIN, 'DADOS-SEGUROS')],
      softwareStatements: [
        {
          id: INSURER_SOFTWARE,
          members: SOFTWARE_MEMBERS,
          roles: [{ domain: INSURANCE_DOMAIN, role: 'DADOS-SEGUROS' }],
        },
      ],
    },
  ],
  users: [
    { email: 'operador@example.com', isSuperUser: true, client: client('super-user') },
    { email: 'admin@example.com', administers: [BANK], client: client('organisation-administrator') },
    { email: 'Tecnica@example.com', contactFor: [contactFor('PTC')], client: client('technical-contact') },
    { email: 'negocio@example.com', contactFor: [contactFor('PBC')], client: client('business-contact') },
  ],
};

function claim(domain: string, role: string) {
  const members = {
    AuthorityId: AUTHORITY,
    AuthorisationDomain: domain,
    Role: role,
    RegistrationId: '11222333',
    UniqueTechnicalIdenifier: ['id-1'],
  };
  return { members, states: ['BR'] };
}

function client(name: string) {
  return { id: `${name}-client`, thumbprint: `thumbprint-of-${name}` };
}

function contactFor(ContactRole: string) {
  const members = { AuthorisationDomainRole: 'DADOS', ContactRole, System: 'Directory' };
  return { organisationId: BANK, domain: BANK_DOMAIN, members };
}

const operations = new Map(
  catalogOperations
    .filter(({ ecosystem }) => ecosystem === 'directory')
    .map((operation) => [`${operation.method} ${operation.path}`, operation]),
);

/** Every operation of the directory's own contracts. */
export const directoryOperations: readonly Operation[] = [...operations.values()];

/** One key for all certificates of a test file: making one takes long. */
export const subscriberKeys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =
  generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A PKCS #10 request of the shared key, as PEM. */
export async function certificateRequest(): Promise<string> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const read = (key: KeyObject, usage: 'sign' | 'verify') =>
    webcrypto.subtle.importKey(
      usage === 'sign' ? 'pkcs8' : 'spki',
      key.export({ type: usage === 'sign' ? 'pkcs8' : 'spki', format: 'der' } as never) as Buffer,
      algorithm,
      true,
      [usage],
    );
  const keys = {
    privateKey: await read(subscriberKeys.privateKey, 'sign'),
    publicKey: await read(subscriberKeys.publicKey, 'verify'),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=anything',
    keys: keys as never,
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}

export interface SandboxDirectory {
  readonly directory: Directory;
  readonly store: DirectoryStore;
  readonly clock: VirtualClock;
  readonly authority: CertificateAuthority;
  readonly keyStore: KeyStore;
  readonly signers: readonly StatementSigner[];
  seed(seed?: DirectorySeed): Promise<void>;
  /** Gets a token with a certificate. */
  token(presented: ClientCertificate | undefined, form?: Readonly<Record<string, string>>): Promise<string>;
  /** Sends a call through all its steps: who calls is a name of a seeded client, or a certificate. */
  ask(
    who: string | ClientCertificate | undefined,
    key: string,
    path?: string,
    body?: unknown,
  ): Promise<Answer>;
  /** Issues a client certificate to a software and gives it as it would be presented. */
  certify(organisationId: string, softwareId: string): Promise<ClientCertificate>;
}

/** What a client with a seeded thumbprint presents. */
export function presentedBy(name: string): ClientCertificate {
  return { leaf: {} as X509Certificate, intermediates: [], thumbprint: `thumbprint-of-${name}` };
}

export function createSandboxDirectory(
  store: DirectoryStore = createMemoryDirectoryStore(),
): SandboxDirectory {
  const clock = createVirtualClock(Date.now());
  const held = createMemoryHeldKeyStore();
  const authority = createCertificateAuthority({
    name: 'Guiche Sandbox',
    certificates: createMemoryCertificateStore(),
    keys: held,
    sealer: OPEN_SEALER,
    clock,
    crlUrl: 'http://127.0.0.1/crl',
  });
  const keyStore = createKeyStore({ store: createMemoryParticipantKeyStore(), clock });
  const keyStoreUrl = 'https://127.0.0.1:8445/keystore';
  const ecosystems = readTrustProfiles(join(catalogFolder)).map((profile) => ({
    profile,
    statements: createStatementSigner({
      profile,
      environment: 'sandbox',
      keyStoreUrl,
      keys: held,
      sealer: OPEN_SEALER,
      clock,
    }),
  }));
  const directory = createDirectory({
    store,
    clock,
    authority,
    keyStore,
    ecosystems,
    keyStoreUrl,
    certificatesUrl: 'https://127.0.0.1:8445/certificates',
  });
  const checkBody = createCheckBody();
  const steps = [directory.authenticate, directory.authorize, checkParameters, checkBody, directory.serve];

  async function token(presented: ClientCertificate | undefined, form = {}): Promise<string> {
    const request = new Map(Object.entries({ grant_type: 'client_credentials', ...form }));
    return String((await directory.tokens.issue(request, presented)).body.access_token);
  }

  async function ask(who: string | ClientCertificate | undefined, key: string, path = '', body?: unknown) {
    const operation = operations.get(key) as Operation;
    const certificate = typeof who === 'string' ? presentedBy(who) : who;
    const headers = certificate ? { authorization: `Bearer ${await token(certificate)}` } : {};
    const url = new URL(path, 'https://directory.example.com');
    const call: Call = {
      operation,
      path: readPath(operation, url.pathname),
      query: Object.fromEntries(url.searchParams),
      headers,
      certificate,
      // As a body is after its way over the wire.
      ...(body !== undefined && { body: JSON.parse(JSON.stringify(body)) }),
    };
    for (const step of steps) {
      const answer = await step(call);
      if (answer) return answer;
    }
    throw new Error(`no step answered ${key}`);
  }

  return {
    directory,
    store,
    clock,
    authority,
    keyStore,
    signers: ecosystems.map(({ statements }) => statements),
    seed: (seed = SEED) => seedDirectory({ records: directory.records, store, now: () => clock.now() }, seed),
    token,
    ask,
    async certify(organisationId, softwareId) {
      const issued = await directory.keys.issue(
        { organisationId, softwareId },
        'brcac',
        await certificateRequest(),
      );
      if (!issued.isIssued) throw new Error(issued.detail);
      const record = await authority.find(String(issued.record.body.SerialNumber));
      const leaf = new X509Certificate(record?.certificate ?? '');
      return { leaf, intermediates: [], thumbprint: record?.thumbprint ?? '' };
    },
  };
}

/** Path parameters of an operation, from the segments after the first ones of a URL or from the URL itself. */
function readPath(operation: Operation, path: string): Record<string, string> {
  const names = operation.path.split('/');
  const values = path.split('/').map(decodeURIComponent);
  return Object.fromEntries(
    names.flatMap((name, index) => (name.startsWith('{') ? [[name.slice(1, -1), values[index] ?? '']] : [])),
  );
}
