import type { Operation } from '../../contract/operation.ts';
import type { Service } from '../load-service.ts';
import type { SandboxDirectory } from './create-sandbox-directory.ts';
import type { HolderAddress } from './directory-description.ts';
import type { SandboxHolder } from './read-ecosystem.ts';
import { originOf, type SandboxPorts } from './sandbox-addresses.ts';
import type { SandboxReceiver } from './sandbox-receiver.ts';

/** What a sandbox offers, as `guiche sandbox --format json` prints it. */
export interface SandboxDescription {
  readonly ready: true;
  /** Configuration of the institutions, which commands such as `guiche explain` take. */
  readonly configurationFile: string;
  readonly directory: Readonly<Record<string, string>>;
  readonly institutions: readonly SandboxInstitution[];
  readonly receivers: readonly DescribedReceiver[];
  readonly customers: readonly SandboxCustomer[];
  readonly consents: readonly SandboxConsent[];
}

export interface SandboxInstitution {
  readonly name: string;
  readonly ecosystem: string;
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly consentsUrl: string;
  readonly resourcesUrl: string;
  readonly apiBase: string;
  readonly mtlsBase: string;
  readonly caFile: string;
}

export interface DescribedReceiver {
  readonly name: string;
  /** The client id at the first institution. */
  readonly clientId: string;
  /** Client ids by ecosystem. */
  readonly clientIds: Readonly<Record<string, string>>;
  readonly organisationId: string;
  readonly softwareId: string;
  readonly jwksFile: string;
  readonly jwksUri: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly redirectUris: readonly string[];
}

export interface SandboxCustomer {
  readonly ecosystem: string;
  readonly document: string;
  readonly businessDocument: string | undefined;
  readonly login: string;
  readonly password: string;
}

export interface SandboxConsent {
  readonly ecosystem: string;
  readonly receiver: string;
  readonly consentId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Describes an institution, with the newest version of what a receiver begins with. */
export function describeInstitution(
  { ecosystem, organisation, path }: SandboxHolder,
  { issuer, publicBase, mtlsBase }: HolderAddress,
  service: Service,
  directory: SandboxDirectory,
): SandboxInstitution {
  const newest = (kind: Operation['kind'], method: string) =>
    service.routes
      .map(({ operation }) => operation)
      .filter(
        (operation) =>
          operation.ecosystem === ecosystem &&
          operation.kind === kind &&
          operation.method === method &&
          !operation.path.includes('{'),
      )
      .toSorted((a, b) => b.version.localeCompare(a.version, undefined, { numeric: true }))[0]?.path;
  return {
    name: organisation.name,
    ecosystem,
    issuer,
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    consentsUrl: `${mtlsBase}${newest('consents', 'POST')}`,
    resourcesUrl: `${mtlsBase}${newest('resources', 'GET')}`,
    apiBase: publicBase,
    mtlsBase: `${mtlsBase}/${path}`,
    caFile: directory.authoritiesFile,
  };
}

/** Describes a receiver by its client ids and the files that it has. */
export function describeReceiver(
  { plan, certificate, jwksFile, jwksUri, redirectUris }: SandboxReceiver,
  clientIds: Readonly<Record<string, string>>,
  caFile: string,
): DescribedReceiver {
  return {
    name: plan.name,
    clientId: Object.values(clientIds)[0] ?? '',
    clientIds,
    organisationId: plan.organisation.id,
    softwareId: plan.software,
    jwksFile,
    jwksUri,
    certFile: certificate.certificateFile,
    keyFile: certificate.keyFile,
    caFile,
    redirectUris,
  };
}

/** Where the directory is, and what its operator has. */
export function describeAddress(directory: SandboxDirectory, ports: SandboxPorts): Record<string, string> {
  return {
    participantsUrl: `${originOf(ports.directory)}/participants`,
    keystoreUrl: directory.keyStoreUrl,
    apiBase: originOf(ports.directoryMtls),
    tokenUrl: `${originOf(ports.directoryMtls)}/token`,
    caFile: directory.authoritiesFile,
    operatorCertFile: directory.operator.certificateFile,
    operatorKeyFile: directory.operator.keyFile,
  };
}
