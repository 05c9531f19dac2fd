import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeOAuthError } from '../../authorization/write-oauth-error.ts';
import { createConsents } from '../../consents/create-consents.ts';
import { readConsentProfiles } from '../../consents/read-consent-profiles.ts';
import { type Answer, answerProblem, type Call, type Step } from '../../contract/call.ts';
import { createDirectoryClient, type DirectoryClient } from '../../directory/directory-client.ts';
import { readTrustProfiles } from '../../directory/read-trust-profiles.ts';
import type { CertificateOf } from '../../http/client-certificate.ts';
import type { Mount } from '../../http/mounts.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createProblem } from '../../kernel/problem.ts';
import type { Store } from '../../store/open-store.ts';
import { readNotice } from '../change-notice.ts';
import type { Configuration } from '../configuration/settings.ts';
import { CATALOG, type Service } from '../load-service.ts';
import { createConnectors } from './create-connectors.ts';
import { createInstitutionSide, type InstitutionSide, type SideLog } from './institution-side.ts';

/** What consents need of the store. */
export type ConsentBacking = Pick<
  Store,
  'consents' | 'artifacts' | 'signingKeys' | 'sealer' | 'resourceStates' | 'notices' | 'health' | 'onChange'
>;

export interface ConsentSideSettings {
  readonly configuration: Configuration;
  readonly service: Service;
  readonly store: ConsentBacking;
  readonly certificateOf: CertificateOf;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly clock: Clock;
  readonly logger: SideLog;
}

/** The trust half of a service: authorization servers, consents and the customer's pages of its institutions. */
export interface ConsentSide {
  readonly authenticate: Step;
  readonly serveConsents: Step;
  readonly readResources: Step;
  readonly readCustomerData: Step;
  /** Parts of the public listener. */
  readonly publicMounts: readonly Mount[];
  /** Parts of the mTLS listener. */
  readonly mtlsMounts: readonly Mount[];
  /** What is known of the directory, by ecosystem. */
  readonly directories: ReadonlyMap<string, DirectoryClient>;
  /** Resolves once every institution serves; for who has to wait, such as tests. */
  ready(): Promise<void>;
  close(): void;
}

const SWEEP_EVERY_MS = 30_000;
const SWEPT_AT_ONCE = 5_000;
const RETRY_MS = 1_000;

/**
 * Creates the consent side. It starts without the database: until that is there, its calls are answered with 503, and
 * everything else is served. Throws when a certificate file of the configuration cannot be read.
 */
export function createConsentSide(settings: ConsentSideSettings): ConsentSide {
  const { configuration, store, clock, logger } = settings;
  const consentProfiles = readConsentProfiles(CATALOG);
  const consents = createConsents({ store: store.consents, profiles: consentProfiles, clock });
  const directories = openDirectories(settings);
  const connectors = createConnectors({
    configuration,
    service: settings.service,
    profiles: consentProfiles,
    clock,
    logger,
  });
  const sides = new Map<string, InstitutionSide>();
  const { promise: ready, resolve: reportReady } = Promise.withResolvers<void>();
  let isBuilding = false;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;

  async function build(): Promise<void> {
    if (isBuilding || isClosed || store.health().state !== 'ready') return;
    isBuilding = true;
    try {
      for (const [ecosystem, institution] of Object.entries(configuration.institutions)) {
        if (sides.has(ecosystem)) continue;
        const profile = consentProfiles.find((candidate) => candidate.ecosystem === ecosystem);
        const trust = directories.get(ecosystem);
        if (!profile || !trust) throw new Error(`the catalog has no consents of ${ecosystem}`);
        sides.set(
          ecosystem,
          await createInstitutionSide({
            ...settings,
            settings: institution,
            profile,
            consents,
            trust,
            ...(await connectors.of(ecosystem)),
            overrides: configuration.operations,
            maxPageSize: configuration.maxPageSize,
          }),
        );
      }
      reportReady();
    } catch (error) {
      logger.error({ err: error }, 'consents cannot be served yet');
      retry = setTimeout(build, RETRY_MS).unref();
    } finally {
      isBuilding = false;
    }
  }

  const forgetStore = store.onChange(() => void build());
  const stopHearing = store.notices.hear((text) => {
    const notice = readNotice(text);
    if (!notice) return;
    connectors.forget(notice.connector, notice.resources);
    for (const side of sides.values()) side.forget(notice.resources);
  });
  void build();
  const stopSweeping = clock.every(SWEEP_EVERY_MS, async () => {
    if (store.health().state === 'ready')
      await sweep().catch((error) => logger.warn({ err: error }, 'what has ended could not be swept'));
  });

  /** What time has ended, for what nobody asks for any more. */
  async function sweep(): Promise<void> {
    const now = clock.now();
    await consents.sweep();
    for (const side of sides.values()) await side.artifacts.sweep(now, SWEPT_AT_ONCE);
    await store.signingKeys.sweep(now);
    await store.resourceStates.sweep(now);
  }

  for (const directory of directories.values()) directory.start();

  /** A step of the institution of the call's ecosystem; 503 while that is not there. */
  function stepOf(pick: (side: InstitutionSide) => Step): Step {
    return (call) => {
      const side = sides.get(call.operation.ecosystem);
      if (side) return guarded(pick(side), call);
      const isServed = call.operation.ecosystem in configuration.institutions;
      return answerProblem(createProblem(isServed ? 'SERVICO_INDISPONIVEL' : 'OPERACAO_NAO_DISPONIVEL'));
    };
  }

  function mountsOf(
    base: (ecosystem: string) => string,
    handle: (side: InstitutionSide) => InstitutionSide['handlePublic'],
  ): Mount[] {
    return Object.keys(configuration.institutions).map((ecosystem) => ({
      path: new URL(base(ecosystem)).pathname.replace(/\/$/, ''),
      handle: (request: IncomingMessage, response: ServerResponse) => {
        const side = sides.get(ecosystem);
        if (side) return handle(side)(request, response);
        return writeOAuthError(response, 503, 'temporarily_unavailable', 'the database is not ready yet', {
          'retry-after': '1',
        });
      },
    }));
  }

  return {
    authenticate: stepOf(({ authenticate }) => authenticate),
    serveConsents: stepOf(({ serveConsents }) => serveConsents),
    readResources: stepOf(({ readResources }) => readResources),
    readCustomerData: stepOf(({ readCustomerData }) => readCustomerData),
    publicMounts: mountsOf(
      (ecosystem) => configuration.institutions[ecosystem]?.issuer as string,
      (side) => side.handlePublic,
    ),
    mtlsMounts: mountsOf(
      (ecosystem) => configuration.institutions[ecosystem]?.mtlsBase as string,
      (side) => side.handleMtls,
    ),
    directories,
    ready: () => ready,
    close() {
      isClosed = true;
      clearTimeout(retry);
      forgetStore();
      stopHearing();
      stopSweeping();
      for (const side of sides.values()) side.close();
      void connectors.close();
      for (const directory of directories.values()) directory.close();
    },
  };
}

function openDirectories({
  configuration,
  clock,
  logger,
}: ConsentSideSettings): Map<string, DirectoryClient> {
  const profiles = readTrustProfiles(CATALOG);
  return new Map(
    Object.entries(configuration.institutions).map(([ecosystem, { directory }]) => {
      const profile = profiles.find((candidate) => candidate.ecosystem === ecosystem);
      if (!profile) throw new Error(`the catalog has no directory of ${ecosystem}`);
      const { statementIssuer } = directory;
      const client = createDirectoryClient({
        profile:
          statementIssuer === undefined
            ? profile
            : { ...profile, statementIssuer: { ...profile.statementIssuer, production: statementIssuer } },
        environment: 'production',
        keyStoreUrl: directory.keystore,
        participantsUrl: directory.participants,
        anchors: readFileSync(directory.anchors, 'utf8'),
        revocation: directory.revocation,
        serverAuthorities: directory.authorities && readFileSync(directory.authorities, 'utf8'),
        stateFolder: configuration.state,
        clock,
        log: logger,
      });
      return [ecosystem, client];
    }),
  );
}

/** Names of errors that say that somebody else is away. */
const AWAY: ReadonlySet<string> = new Set(['StoreAway', 'TimeoutError', 'InstitutionFailed', 'NotReadyYet']);

/** What is away is said to be away; everything else that goes wrong is unexpected. */
function guarded(step: Step, call: Call): ReturnType<Step> {
  const answer = step(call);
  return answer instanceof Promise ? answer.catch(answerAway) : answer;
}

function answerAway(error: unknown): Answer {
  if (AWAY.has((error as Error).name))
    return answerProblem(createProblem('SERVICO_INDISPONIVEL'), { 'retry-after': '1' });
  throw error;
}
