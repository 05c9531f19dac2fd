import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { stringify } from 'yaml';
import { readAuthorizationProfiles } from '../../authorization/read-authorization-profiles.ts';
import { readCustomerFile } from '../../connectors/customer-file.ts';
import { hashPassword } from '../../connectors/password-hash.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { readConsentProfiles } from '../../consents/read-consent-profiles.ts';
import type { Operation } from '../../contract/operation.ts';
import { systemClock } from '../../kernel/clock.ts';
import {
  connectHolder,
  finishAuthorization,
  type HolderConnection,
  startAuthorization,
} from '../../receiver/connect-holder.ts';
import { createMtlsFetch } from '../../receiver/mtls-fetch.ts';
import { createConsent, refreshAccess } from '../../receiver/receiver-consents.ts';
import { loadMasterKeys } from '../../store/load-master-keys.ts';
import { openStore, type Store } from '../../store/open-store.ts';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import type { Configuration } from '../configuration/settings.ts';
import { createDataHolder, type DataHolder } from '../create-data-holder.ts';
import { CATALOG, loadService, type Service } from '../load-service.ts';
import { untilReady } from '../until-ready.ts';
import {
  createSandboxDirectory,
  RECEIVER_PAGE_PATH,
  type SandboxDirectory,
} from './create-sandbox-directory.ts';
import { describeDirectory, type HolderAddress } from './directory-description.ts';
import {
  readEcosystem,
  type SandboxEcosystem,
  type SandboxHolder,
  type SandboxReceiverPlan,
} from './read-ecosystem.ts';
import { openSandboxFiles, type SandboxFiles } from './sandbox-files.ts';
import { prepareReceiver, registerOnce, type SandboxReceiver } from './sandbox-receiver.ts';
import { approveAsCustomer } from './simulated-customer.ts';

/** The four ports of a sandbox: institutions and directory, each for everybody and for clients with certificates. */
export interface SandboxPorts {
  readonly public: number;
  readonly mtls: number;
  readonly directory: number;
  readonly directoryMtls: number;
}

export interface SandboxSettings {
  readonly stateFolder: string;
  readonly ports: SandboxPorts;
  readonly logger: FastifyBaseLogger;
  /** False leaves out the authorised consents. */
  readonly withConsents?: boolean;
  /** Told what is being done. */
  readonly onProgress?: (text: string) => void;
}

/** What a sandbox offers, as `guiche sandbox --format json` prints it. */
export interface SandboxDescription {
  readonly ready: true;
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

/** A running sandbox. */
export interface Sandbox {
  readonly description: SandboxDescription;
  readonly directory: SandboxDirectory;
  readonly holder: DataHolder;
  readonly receivers: readonly SandboxReceiver[];
  readonly store: Store;
  readonly configuration: Configuration;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CONSENT_DAYS = 180;
const DAY_MS = 86_400_000;
/** Nobody is to meet the limits of production on a laptop. */
const NO_LIMIT = 1_000_000;

/**
 * Starts a whole ecosystem on this machine: directory and certificate authority, both example institutions over TLS and
 * mTLS, two receivers that register themselves, and a consent that a simulated customer authorises for the first of them
 * at each institution. What an earlier start has made is used again. Rejects when a port is taken or the database does
 * not start.
 */
export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const { ports, logger, onProgress = () => {}, withConsents = true } = settings;
  const ground = await startGround(settings);
  const { ecosystem, files, store, directory, configuration, service, receivers, closing, close } = ground;

  try {
    const customers = await keepCustomers(ecosystem, files);
    const addressOf = (holder: SandboxHolder) => holderAddress(holder, ports);
    onProgress('starting the institutions');
    const holder = await createDataHolder({ configuration, service, logger, store });
    closing.push(() => holder.close());
    await listen(holder.server, ports.public, closing);
    if (holder.mtlsServer) await listen(holder.mtlsServer, ports.mtls, closing);
    await holder.consentSide?.ready();
    directory.start();

    onProgress('registering the receivers');
    const registered = await Promise.all(
      receivers.map((receiver) =>
        registerEverywhere(receiver, ecosystem, directory, files, store, addressOf),
      ),
    );
    const institutions = ecosystem.holders.map((one) =>
      describeInstitution(one, addressOf(one), service, directory),
    );
    if (withConsents) onProgress('asking a simulated customer for consent');
    const consents = withConsents
      ? await Promise.all(
          institutions.map((institution) =>
            keepConsent(
              institution,
              receivers[0] as SandboxReceiver,
              registered[0]?.[institution.ecosystem] ?? '',
              customers,
              files,
            ),
          ),
        )
      : [];

    return {
      directory,
      holder,
      receivers,
      store,
      configuration,
      close,
      description: {
        ready: true,
        directory: describeAddress(directory, ports),
        institutions,
        receivers: receivers.map((receiver, index) =>
          describeReceiver(receiver, registered[index] ?? {}, directory.authoritiesFile),
        ),
        customers,
        consents,
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A running directory. */
export interface RunningDirectory {
  readonly address: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts the directory alone, with everybody of the sandbox in it; institutions are described where a sandbox with the
 * same ports would have them. Rejects as {@link startSandbox} does.
 */
export async function startDirectory(
  settings: Pick<SandboxSettings, 'stateFolder' | 'ports' | 'logger'>,
): Promise<RunningDirectory> {
  const { directory, close } = await startGround(settings);
  directory.start();
  return { address: describeAddress(directory, settings.ports), close };
}

/** What institutions and receivers of a sandbox stand on. */
interface Ground {
  readonly ecosystem: SandboxEcosystem;
  readonly files: SandboxFiles;
  readonly store: Store;
  readonly directory: SandboxDirectory;
  readonly configuration: Configuration;
  readonly service: Service;
  readonly receivers: readonly SandboxReceiver[];
  /** What `close` ends, the newest first. */
  readonly closing: (() => unknown)[];
  close(): Promise<void>;
}

/** Starts database and directory, and makes the directory hold everybody; ends them again when that fails. */
async function startGround(
  settings: Pick<SandboxSettings, 'stateFolder' | 'ports' | 'logger' | 'onProgress'>,
): Promise<Ground> {
  const { stateFolder, ports, logger, onProgress = () => {} } = settings;
  const ecosystem = readEcosystem();
  const files = openSandboxFiles(stateFolder);
  const closing: (() => unknown)[] = [];
  async function close(): Promise<void> {
    for (const end of closing.splice(0).reverse()) await end();
  }

  try {
    onProgress('starting the database');
    const store = openStore({ stateFolder, masterKeys: loadMasterKeys({ stateFolder }), log: logger });
    closing.push(() => store.close());
    await untilReady(store);

    onProgress('starting the directory');
    const directory = await openDirectory(settings, store, files);
    closing.push(directory.close);
    await listen(directory.publicServer, ports.directory, closing);
    await listen(directory.mtlsServer, ports.directoryMtls, closing);
    const configuration = await configure(settings, ecosystem, directory, files);
    const service = loadService(configuration);
    await seed(directory, ecosystem, service, ports);
    const receivers = await Promise.all(
      ecosystem.receivers.map((plan) => prepareReceiver(plan, redirectUrisOf(plan, ports), directory, files)),
    );
    return { ecosystem, files, store, directory, configuration, service, receivers, closing, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the directory hold everybody of the sandbox. */
function seed(
  directory: SandboxDirectory,
  ecosystem: SandboxEcosystem,
  service: Service,
  ports: SandboxPorts,
): Promise<void> {
  return directory.seed(
    describeDirectory({
      ecosystem,
      profiles: directory.profiles,
      operations: service.routes.map(({ operation }) => operation),
      addressOf: (holder) => holderAddress(holder, ports),
      redirectUrisOf: (plan) => redirectUrisOf(plan, ports),
    }),
  );
}

async function openDirectory(
  { ports, logger }: Pick<SandboxSettings, 'ports' | 'logger'>,
  store: Store,
  files: SandboxFiles,
): Promise<SandboxDirectory> {
  const { configuration } = await loadConfiguration({ flags: {}, env: {}, cwd: files.path('.') });
  if (!configuration) throw new Error('the sandbox folder holds a configuration that cannot be read');
  return createSandboxDirectory({
    store,
    service: loadService(configuration, 'directory'),
    files,
    address: { publicBase: origin(ports.directory), mtlsBase: origin(ports.directoryMtls) },
    clock: systemClock,
    logger,
  });
}

async function listen(server: DataHolder['server'], port: number, closing: (() => unknown)[]): Promise<void> {
  await server.app.listen({ host: HOST, port });
  closing.push(() => {
    server.drain();
    server.app.server.closeAllConnections();
    return server.app.close();
  });
}

function origin(port: number): string {
  return `https://${HOST}:${port}`;
}

function holderAddress({ path }: SandboxHolder, ports: SandboxPorts): HolderAddress {
  return {
    issuer: `${origin(ports.public)}/${path}`,
    publicBase: origin(ports.public),
    mtlsBase: origin(ports.mtls),
  };
}

/**
 * The second one is what conformance suites use: the query is part of what must match. The third one shows a person who
 * confirms in a browser what has arrived.
 */
function redirectUrisOf({ host }: SandboxReceiverPlan, ports: SandboxPorts): readonly string[] {
  const callback = `https://${host}/callback`;
  return [
    callback,
    `${callback}?dummy1=lorem&dummy2=ipsum`,
    `${origin(ports.directory)}${RECEIVER_PAGE_PATH}`,
  ];
}

/** Writes the configuration of the institutions, for whoever wants to read or copy it, and loads it. */
async function configure(
  { stateFolder, ports }: Pick<SandboxSettings, 'stateFolder' | 'ports'>,
  { holders }: SandboxEcosystem,
  directory: SandboxDirectory,
  files: SandboxFiles,
): Promise<Configuration> {
  const server = await directory.serverCertificate('institutions');
  const tls = { certificate: server.certificateFile, key: server.keyFile };
  const written = {
    listen: { host: HOST, port: ports.public },
    tls,
    mtls: { host: HOST, port: ports.mtls, ...tls },
    baseUrl: origin(ports.public),
    state: stateFolder,
    data: holders.map(({ data }) => data),
    limits: { perMinutePerIp: NO_LIMIT, perSecond: NO_LIMIT },
    institutions: Object.fromEntries(
      holders.map((holder) => {
        const { issuer, mtlsBase } = holderAddress(holder, ports);
        const profile = directory.profiles.find((candidate) => candidate.ecosystem === holder.ecosystem);
        return [
          holder.ecosystem,
          {
            name: holder.organisation.name,
            organisationId: holder.organisation.id,
            namespace: holder.namespace,
            ...(holder.accent && { accent: holder.accent }),
            issuer,
            mtlsBase: `${mtlsBase}/${holder.path}`,
            customers: holder.customers,
            passwords: files.path('passwords.json'),
            directory: {
              keystore: directory.keyStoreUrl,
              participants: `${origin(ports.directory)}/participants`,
              anchors: directory.authoritiesFile,
              authorities: directory.authoritiesFile,
              statementIssuer: profile?.statementIssuer.sandbox,
            },
          },
        ];
      }),
    ),
  };
  files.write('guiche.yaml', `# Written at every start of the sandbox.\n${stringify(written)}`);
  const { configuration, diagnostics } = await loadConfiguration({
    file: files.path('guiche.yaml'),
    flags: {},
    env: {},
    cwd: files.path('.'),
  });
  if (!configuration) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return configuration;
}

/** Customers with passwords that are made once and never leave the machine. */
async function keepCustomers(
  { holders }: SandboxEcosystem,
  files: SandboxFiles,
): Promise<readonly SandboxCustomer[]> {
  const known = files.readJson<Record<string, string>>('customers.json') ?? {};
  const customers = holders.flatMap((holder) => readCustomers(holder));
  const passwords = Object.fromEntries(
    customers.map(({ login }) => [login, known[login] ?? randomBytes(9).toString('base64url')]),
  );
  if (customers.some(({ login }) => known[login] === undefined)) {
    const hashes = await Promise.all(
      Object.entries(passwords).map(async ([login, password]) => [login, await hashPassword(password)]),
    );
    files.writeJson('passwords.json', Object.fromEntries(hashes));
    files.writeJson('customers.json', passwords);
  }
  return customers.map((customer) => ({ ...customer, password: passwords[customer.login] as string }));
}

function readCustomers({ customers, ecosystem }: SandboxHolder): Omit<SandboxCustomer, 'password'>[] {
  return readdirSync(customers)
    .map((folder) => join(customers, folder, 'customer.yaml'))
    .flatMap((file) => {
      const text = readIfThere(file);
      return text === undefined ? [] : [readCustomerFile(text)];
    })
    .toSorted((a, b) => b.resources.length - a.resources.length)
    .map(({ cpf, companies, login }) => ({
      ecosystem,
      document: cpf,
      businessDocument: companies[0],
      login,
    }));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function registerEverywhere(
  receiver: SandboxReceiver,
  { holders }: SandboxEcosystem,
  directory: SandboxDirectory,
  files: SandboxFiles,
  store: Store,
  addressOf: (holder: SandboxHolder) => HolderAddress,
): Promise<Readonly<Record<string, string>>> {
  const clientIds: Record<string, string> = {};
  for (const holder of holders) {
    const { issuer } = addressOf(holder);
    const isRegistered = async (clientId: string) =>
      (await store.artifacts(issuer).find('Client', clientId)) !== undefined;
    clientIds[holder.ecosystem] = await registerOnce(
      receiver,
      holder,
      issuer,
      directory,
      files,
      isRegistered,
    );
  }
  return clientIds;
}

function describeInstitution(
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

function describeReceiver(
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

function describeAddress(directory: SandboxDirectory, ports: SandboxPorts): Record<string, string> {
  return {
    participantsUrl: `${origin(ports.directory)}/participants`,
    keystoreUrl: directory.keyStoreUrl,
    apiBase: origin(ports.directoryMtls),
    tokenUrl: `${origin(ports.directoryMtls)}/token`,
    caFile: directory.authoritiesFile,
    operatorCertFile: directory.operator.certificateFile,
    operatorKeyFile: directory.operator.keyFile,
  };
}

/** The consent of an earlier start while it can be refreshed, else a new one. */
async function keepConsent(
  institution: SandboxInstitution,
  receiver: SandboxReceiver,
  clientId: string,
  customers: readonly SandboxCustomer[],
  files: SandboxFiles,
): Promise<SandboxConsent> {
  const name = `consents/${institution.ecosystem}.json`;
  const connection = await connectHolder({ issuer: institution.issuer, clientId, keys: receiver.keys });
  try {
    const known = files.readJson<SandboxConsent & { clientId: string }>(name);
    const refreshed =
      known?.clientId === clientId
        ? await refreshAccess(connection, known.refreshToken).catch(() => undefined)
        : undefined;
    if (known && refreshed !== undefined) return { ...known, accessToken: refreshed };
    const customer = customers.find(({ ecosystem }) => ecosystem === institution.ecosystem);
    if (!customer) throw new Error(`no customer of ${institution.ecosystem}`);
    const made = await authoriseNew(connection, institution, receiver, customer);
    files.writeJson(name, { ...made, clientId });
    return made;
  } finally {
    await connection.close();
  }
}

async function authoriseNew(
  connection: HolderConnection,
  institution: SandboxInstitution,
  receiver: SandboxReceiver,
  customer: SandboxCustomer,
): Promise<SandboxConsent> {
  const profile = readConsentProfiles(CATALOG).find(
    ({ ecosystem }) => ecosystem === institution.ecosystem,
  ) as ConsentProfile;
  const permissions = readablePermissions(profile);
  const { consentId } = await createConsent(connection, institution.consentsUrl, {
    permissions,
    loggedUser: { document: { identification: customer.document, rel: 'CPF' } },
    expirationDateTime: new Date(Date.now() + CONSENT_DAYS * DAY_MS).toISOString().replace(/\.\d+/, ''),
  });
  const redirectUri = receiver.redirectUris[0] as string;
  const started = await startAuthorization(connection, {
    redirectUri,
    scope: ['openid', `consent:${consentId}`, ...apiScopes(profile, permissions)].join(' '),
  });
  const browser = createMtlsFetch({ authorities: receiver.keys.authorities });
  try {
    const callback = await approveAsCustomer(started.url, redirectUri, { ...customer, fetch: browser.fetch });
    const tokens = await finishAuthorization(connection, callback, started);
    return {
      ecosystem: institution.ecosystem,
      receiver: receiver.plan.name,
      consentId,
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? '',
    };
  } finally {
    await browser.close();
  }
}

/** Everything that a natural person can share. */
function readablePermissions({ groups, permissions, companion }: ConsentProfile): string[] {
  const shared = groups
    .filter(({ rule }) => rule !== 'exclusive')
    .flatMap((group) => group.permissions)
    .filter((name) => permissions.get(name)?.person !== 'legal');
  return [...new Set([...shared, companion])];
}

/** Scopes of the APIs that the permissions open, as far as receivers of data may have them. */
function apiScopes(profile: ConsentProfile, names: readonly string[]): string[] {
  const known = readAuthorizationProfiles(CATALOG).find(({ ecosystem }) => ecosystem === profile.ecosystem);
  const scopes = names.flatMap((name) => profile.permissions.get(name)?.scope ?? []);
  return [...new Set(scopes)].filter((scope) => known?.scopes.includes(scope));
}
