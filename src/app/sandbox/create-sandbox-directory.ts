import type { X509Certificate } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { createCheckBody } from '../../contract/check-body.ts';
import { createCertificateFiles } from '../../directory/api/certificate-files.ts';
import { createDirectory, type Directory } from '../../directory/api/create-directory.ts';
import { type DirectorySeed, seedDirectory } from '../../directory/api/seed-directory.ts';
import { createSoftwareStatements } from '../../directory/api/software-statements.ts';
import { createTokenEndpoint } from '../../directory/api/token-endpoint.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../directory/certificate-authority.ts';
import { createKeyStore, type KeyStore } from '../../directory/key-store.ts';
import { createKeyStoreHandler } from '../../directory/key-store-handler.ts';
import { readTrustProfiles } from '../../directory/read-trust-profiles.ts';
import { createStatementSigner } from '../../directory/software-statement.ts';
import type { TrustProfile } from '../../directory/trust-profile.ts';
import { createClientCertificate } from '../../http/client-certificate.ts';
import { createServer, type HttpServer } from '../../http/create-server.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Store } from '../../store/open-store.ts';
import { CATALOG, type Service } from '../load-service.ts';
import { createDirectoryPipelines } from '../pipelines.ts';
import { createReceiverPage } from './receiver-page.ts';
import { type CertificateInFiles, keepCertificate } from './sandbox-certificates.ts';
import type { SandboxFiles } from './sandbox-files.ts';

/** Where the directory is reached. */
export interface DirectoryAddress {
  /** Origin of the listener for everybody: participants, key store, certificates. */
  readonly publicBase: string;
  /** Origin of the listener for clients with certificates: token and API. */
  readonly mtlsBase: string;
}

export interface SandboxDirectorySettings {
  readonly store: Pick<Store, 'directory' | 'sealer'>;
  readonly service: Service;
  readonly files: SandboxFiles;
  readonly address: DirectoryAddress;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
}

/** The sandbox directory, not listening yet. */
export interface SandboxDirectory {
  readonly directory: Directory;
  readonly authority: CertificateAuthority;
  readonly keyStore: KeyStore;
  readonly publicServer: HttpServer;
  readonly mtlsServer: HttpServer;
  readonly keyStoreUrl: string;
  readonly profiles: readonly TrustProfile[];
  /** PEM file with the root certificates. */
  readonly authoritiesFile: string;
  /** PEM of the root certificates. */
  readonly authorities: string;
  /** Whoever has this certificate may do everything. */
  readonly operator: CertificateInFiles;
  seed(seed: DirectorySeed): Promise<void>;
  /** A fresh software statement assertion for one ecosystem. */
  statement(ecosystem: string, organisationId: string, softwareId: string): Promise<string>;
  /** A certificate for a server on this machine. */
  serverCertificate(name: string): Promise<CertificateInFiles>;
  /** Begins to renew what is due. */
  start(): void;
  close(): void;
}

/** Where a browser lands that comes back to a simulated receiver. */
export const RECEIVER_PAGE_PATH = '/receiver/callback';

const KEY_STORE_PATH = '/keystore';
const CERTIFICATES_PATH = '/certificates';
const AUTHORITY_NAME = 'guiche sandbox';
const LOCAL_NAMES = ['localhost', '127.0.0.1'] as const;
const RENEW_EVERY_MS = 3_600_000;
/** E-mail of the person on whose behalf the sandbox itself acts. */
const OPERATOR_EMAIL = 'operador@sandbox.example';
const OPERATOR_CLIENT = 'sandbox-operator';

/** Creates the directory with its certificate authority over a store that is ready. */
export async function createSandboxDirectory(settings: SandboxDirectorySettings): Promise<SandboxDirectory> {
  const { store, service, files, address, clock, logger } = settings;
  const sealer = store.sealer();
  const keyStoreUrl = `${address.publicBase}${KEY_STORE_PATH}`;
  const certificatesUrl = `${address.publicBase}${CERTIFICATES_PATH}`;
  const profiles = readTrustProfiles(CATALOG);
  const onFault = (error: unknown) => logger.error({ err: error }, 'unexpected error of the directory');

  const authority = createCertificateAuthority({
    name: AUTHORITY_NAME,
    certificates: store.directory.certificates,
    keys: store.directory.heldKeys,
    sealer,
    clock,
    crlUrl: `${keyStoreUrl}/crl`,
  });
  const keyStore = createKeyStore({ store: store.directory.participantKeys, clock });
  const ecosystems = profiles.map((profile) => ({
    profile,
    statements: createStatementSigner({
      profile,
      environment: 'sandbox',
      keyStoreUrl,
      keys: store.directory.heldKeys,
      sealer,
      clock,
    }),
  }));
  const authorities = await authority.anchors();
  files.write('authorities.pem', authorities);
  const directory = createDirectory({
    store: store.directory.records,
    clock,
    authority,
    keyStore,
    ecosystems,
    keyStoreUrl,
    certificatesUrl,
  });

  const serverCertificate = (name: string) =>
    keepCertificate(
      files,
      authority,
      name,
      (key) =>
        authority.issueServer({ subjectKey: { key }, organisationName: AUTHORITY_NAME, names: LOCAL_NAMES }),
      isForThisMachine,
    );
  const { certificate, key } = await serverCertificate('directory');
  const operator = await keepCertificate(files, authority, 'operator', (publicKey) =>
    authority.issueClient({
      subjectKey: { key: publicKey },
      ...OPERATOR_SUBJECT,
      prefix: profiles[0]?.certificatePrefix ?? '',
    }),
  );
  const certificateOf = createClientCertificate();
  const pipelines = createDirectoryPipelines({
    checkBody: createCheckBody(),
    authenticate: directory.authenticate,
    authorize: directory.authorize,
    readParticipants: directory.readParticipants,
    serveDirectory: directory.serve,
  });
  const operations = service.routes.map(({ operation }) => operation);
  const served = (kind: 'participants' | 'directory') =>
    operations
      .filter((operation) => operation.kind === kind)
      .map((operation) => ({ operation, steps: pipelines[kind].steps }));

  const publicServer = createServer({
    operations: served('participants'),
    logger,
    now: clock.now,
    tls: { certificate, key, requestClientCertificate: false },
    mounts: [
      {
        path: KEY_STORE_PATH,
        handle: createKeyStoreHandler({
          path: KEY_STORE_PATH,
          keyStore,
          authority,
          signers: Object.fromEntries(
            ecosystems.map(({ profile, statements }) => [profile.statementKeySet, statements]),
          ),
          onFault,
        }),
      },
      { path: RECEIVER_PAGE_PATH, handle: createReceiverPage({ path: RECEIVER_PAGE_PATH }) },
      { path: CERTIFICATES_PATH, handle: createCertificateFiles({ authority, onError: onFault }) },
    ],
  });
  const mtlsServer = createServer({
    operations: served('directory'),
    logger,
    now: clock.now,
    tls: { certificate, key, requestClientCertificate: true },
    certificateOf,
    mounts: [
      {
        path: '/token',
        handle: createTokenEndpoint({ tokens: directory.tokens, certificateOf, onError: onFault }),
      },
    ],
  });
  let stopRenewing = () => {};

  return {
    directory,
    authority,
    keyStore,
    publicServer,
    mtlsServer,
    keyStoreUrl,
    profiles,
    authoritiesFile: files.path('authorities.pem'),
    authorities,
    operator,
    serverCertificate,
    seed: (seed) =>
      seedDirectory(
        { records: directory.records, store: store.directory.records, now: clock.now },
        {
          ...seed,
          users: [
            ...(seed.users ?? []),
            {
              email: OPERATOR_EMAIL,
              isSuperUser: true,
              client: { id: OPERATOR_CLIENT, thumbprint: operator.thumbprint },
            },
          ],
        },
      ),
    async statement(ecosystem, organisationId, softwareId) {
      const chosen = ecosystems.filter(({ profile }) => profile.ecosystem === ecosystem);
      const sign = createSoftwareStatements({
        records: directory.records,
        store: store.directory.records,
        ecosystems: chosen,
      });
      const assertion = await sign(organisationId, softwareId);
      if (!assertion.isSigned) throw new Error(`no software statement: ${assertion.reason}`);
      return assertion.jws;
    },
    start() {
      stopRenewing = clock.every(RENEW_EVERY_MS, async () => {
        await directory.keys.renew().catch(onFault);
      });
    },
    close: () => stopRenewing(),
  };
}

/** The operator is nobody in particular; what counts is the certificate. */
const OPERATOR_SUBJECT = {
  organisationId: '00000000-0000-4000-8000-000000000001',
  softwareId: '00000000-0000-4000-8000-000000000002',
  organisationName: AUTHORITY_NAME,
  cnpj: '00000000000191',
  state: 'SP',
  city: 'São Paulo',
  commonName: 'operator.sandbox.example',
} as const;

function isForThisMachine({ subjectAltName }: X509Certificate): boolean {
  return subjectAltName?.includes('127.0.0.1') ?? false;
}
