import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ArtifactStore } from '../../authorization/artifact-store.ts';
import {
  type AuthorizationServer,
  createAuthorizationServer,
} from '../../authorization/create-authorization-server.ts';
import type { AskingReceiver } from '../../authorization/interactions.ts';
import { createJourney, type Journey } from '../../authorization/journey/create-journey.ts';
import { createLoginAttempts } from '../../authorization/journey/login-attempts.ts';
import { readJourneyWording } from '../../authorization/journey/read-journey-wording.ts';
import { readAuthorizationProfiles } from '../../authorization/read-authorization-profiles.ts';
import { createSubjectIdentifier } from '../../authorization/subject-identifier.ts';
import type { ChangedResource, Connector } from '../../connectors/connector.ts';
import { createInstitution } from '../../connectors/institution.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { createConsentSteps } from '../../consents/create-consent-steps.ts';
import type { ReceiverConsents } from '../../consents/create-consents.ts';
import { answerProblem, type Step } from '../../contract/call.ts';
import { type EcosystemProfile, recentDaysOf } from '../../contract/ecosystem-profile.ts';
import type { Operation } from '../../contract/operation.ts';
import { type CustomerDataReader, createReadCustomerData } from '../../customer-data/read-customer-data.ts';
import type { DirectoryTrust } from '../../directory/directory-trust.ts';
import type { CertificateOf } from '../../http/client-certificate.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createProblem } from '../../kernel/problem.ts';
import { TIER_LIMITS_MS } from '../../metrics/availability/tier-latency.ts';
import { createDayOf } from '../../metrics/day-of.ts';
import { createPublicId } from '../../resources/public-id.ts';
import { createReachedResources } from '../../resources/reached-resources.ts';
import { createReadResources } from '../../resources/read-resources.ts';
import type { Store } from '../../store/open-store.ts';
import type { InstitutionSettings } from '../configuration/institution-settings.ts';
import type { Configuration } from '../configuration/settings.ts';
import { CATALOG, type Service } from '../load-service.ts';
import { REGULATORY_TIME_ZONE } from '../regulatory-time-zone.ts';
import { createCustomerDataLog } from './customer-data-log.ts';
import { createOffering, type Offering } from './offering.ts';

/** Where customers confirm, below the issuer's path. */
const INTERACTION_PATH = '/consentimento/:uid';

export interface InstitutionSideSettings {
  readonly settings: InstitutionSettings;
  readonly profile: ConsentProfile;
  readonly consents: ReceiverConsents;
  readonly store: Pick<Store, 'artifacts' | 'signingKeys' | 'sealer' | 'resourceStates'>;
  /** The institution's systems, and what the operator calls them. */
  readonly connector: Connector;
  readonly connectorName: string;
  /** What the one is called that serves an API. */
  readonly connectorNameOf: (api: string) => string;
  readonly trust: DirectoryTrust;
  readonly certificateOf: CertificateOf;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly service: Service;
  readonly overrides: Configuration['operations'];
  readonly maxPageSize: number;
  readonly clock: Clock;
  readonly logger: SideLog;
}

/** Where what happens is told; a pino logger fits. */
export interface SideLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One institution's consents, running: its authorization server, its pages, its steps. */
export interface InstitutionSide {
  readonly artifacts: ArtifactStore;
  readonly authenticate: Step;
  readonly serveConsents: Step;
  readonly readResources: Step;
  readonly readCustomerData: Step;
  /** Lets go of what is kept of resources that the institution says have changed. */
  readonly forget: (changed: readonly ChangedResource[]) => void;
  readonly handlePublic: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly handleMtls: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  close(): void;
}

/** Puts one institution together. Rejects while the database is away. */
export async function createInstitutionSide(side: InstitutionSideSettings): Promise<InstitutionSide> {
  const { settings, profile, consents, store, trust, clock, logger } = side;
  const { ecosystem } = profile;
  const sealer = store.sealer();
  const artifacts = store.artifacts(settings.issuer);
  const { connector, connectorName, connectorNameOf } = side;
  const institution = createInstitution(connector, { brand: settings.name, ecosystem, clock });
  const server = await createAuthorizationServer({
    profile: find(readAuthorizationProfiles(CATALOG), ecosystem),
    issuer: settings.issuer,
    mtlsBase: settings.mtlsBase,
    artifacts,
    signingKeys: store.signingKeys,
    consents,
    trust,
    sealer,
    certificateOf: side.certificateOf,
    interactionUrl: INTERACTION_PATH,
    clock,
    onEvent: (event) => logger.info({ authorization: event, ecosystem }, `${event.kind}: ${event.outcome}`),
    onFault: (error) => logger.error({ err: error }, 'unexpected error of the authorization server'),
  });
  const journey = createJourney({
    interactions: server.interactions,
    consents,
    institution,
    profile,
    wording: readJourneyWording(CATALOG, ecosystem),
    artifacts,
    sealer,
    subjectOf: createSubjectIdentifier(sealer, ecosystem),
    receiverOf: (clientId) => receiverOf(artifacts, clientId),
    attempts: createLoginAttempts(clock),
    addressOf: side.addressOf,
    clock,
    brand: { name: settings.name, ...(settings.accent && { accent: settings.accent }) },
    basePath: pathOf(settings.issuer),
    pages: [PAGES],
    onEvent: (event) => logger.info({ journey: event, ecosystem }, `${event.kind}: ${event.outcome}`),
    onFault: (error) => logger.error({ err: error }, 'unexpected error of the consent journey'),
  });
  const apiOrigin = new URL(settings.mtlsBase).origin;
  const dayOf = createDayOf(REGULATORY_TIME_ZONE);
  const onEvent = createCustomerDataLog(logger, clock);
  const reading = {
    profile,
    consents,
    connector,
    connectorName,
    brand: settings.name,
    reached: createReachedResources({
      profile,
      connector,
      states: store.resourceStates,
      publicIdOf: createPublicId(sealer, ecosystem),
      dayOf,
      clock,
      onUnasked: ({ id }, resources) =>
        // They wait on; the first read of another day, or after any change, tries again.
        void consents
          .ask(id, resources)
          .catch((error) => logger.warn({ err: error }, 'approvers were not asked')),
    }),
    baseUrl: apiOrigin,
    maxPageSize: side.maxPageSize,
    clock,
  };
  const steps = createConsentSteps({
    consents,
    profiles: [profile],
    clock,
    namespaceOf: () => settings.namespace,
    offered: () => (settings.offers ? new Set(settings.offers) : profile.products),
    baseUrlOf: () => apiOrigin,
    fingerprintKey: sealer.derive('fingerprints of repeatable requests'),
    mayActFor: async (_ecosystem, cpf, cnpj) => {
      const customer = await institution.customerWith(cpf, AbortSignal.timeout(CUSTOMER_TIMEOUT_MS));
      return customer?.companies.some((company) => company.cnpj === cnpj) ?? false;
    },
  });

  const reader = createReadCustomerData({
    ...reading,
    ...dataRules(side, ecosystem, dayOf),
    connectorNameOf: ({ api }) => connectorNameOf(api),
    sealer,
    snapshotBytes: SNAPSHOT_BYTES,
    onEvent,
  });

  return {
    artifacts,
    authenticate: server.authenticate,
    serveConsents: steps.serve,
    readResources: createReadResources({
      ...reading,
      budgetMs: TIER_LIMITS_MS.high - OWN_SHARE_MS,
      onFault: (fault) => onEvent({ ...fault, connector: connectorName, isServed: false }),
    }),
    readCustomerData: offeredOnly(
      await createOffering(connector, { clock, patienceMs: CAPABILITIES_TIMEOUT_MS }),
      reader,
    ),
    forget: reader.forget,
    handlePublic: (request, response) =>
      servePublic(journey, server, pathOf(settings.issuer), request, response),
    handleMtls: server.handleMtls,
    close: () => server.close(),
  };
}

/** Templates and style of the customer's pages, beside the sources or the compiled package. */
const PAGES = join(import.meta.dirname, '..', '..', '..', 'web', 'consent');
const CUSTOMER_TIMEOUT_MS = 2_000;
const CAPABILITIES_TIMEOUT_MS = 1_000;
/** What is left of a service level for guiche itself. */
const OWN_SHARE_MS = 100;
const SNAPSHOT_BYTES = 32 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** What the ecosystem and the operator say of each operation. */
function dataRules(
  { service, overrides }: Pick<InstitutionSideSettings, 'service' | 'overrides'>,
  ecosystem: string,
  dayOf: (at: number) => string,
) {
  const contracts = service.profiles.find(
    (candidate) => candidate.ecosystem === ecosystem,
  ) as EcosystemProfile;
  return {
    operations: service.routes
      .map(({ operation }) => operation)
      .filter((operation) => operation.ecosystem === ecosystem),
    budgetMsOf: ({ tier }: Operation) => TIER_LIMITS_MS[tier] - OWN_SHARE_MS,
    snapshotSecondsOf: ({ key }: Operation) => overrides[key]?.snapshotSeconds ?? 0,
    policyOf: ({ key }: Operation) => overrides[key]?.brokenRecords ?? 'serve-and-flag',
    todayOf: (at: number) => (contracts.missingDates === 'today' ? dayOf(at) : undefined),
    earliestDayOf: ({ path }: Operation, at: number) => {
      const days = recentDaysOf(contracts, path);
      return days === undefined ? undefined : dayOf(at - (days - 1) * DAY_MS);
    },
  };
}

/** An API that the institution's systems have nothing for is not offered. */
function offeredOnly(offering: Offering, { step }: CustomerDataReader): Step {
  return (call) =>
    offering.isOffered(call.operation.api)
      ? step(call)
      : answerProblem(createProblem('PRODUTO_NAO_OFERTADO'));
}

/** The customer's pages first; what is none of them is the authorization server's. */
async function servePublic(
  journey: Journey,
  server: AuthorizationServer,
  basePath: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url as string;
  request.url = url.slice(basePath.length) || '/';
  if (journey.handle(request, response)) return;
  request.url = url;
  await server.handlePublic(request, response);
}

async function receiverOf(artifacts: ArtifactStore, clientId: string): Promise<AskingReceiver | undefined> {
  const client = await artifacts.find('Client', clientId);
  return (
    client && {
      clientId,
      name: String(client.client_name ?? clientId),
      organisationName: String(client.org_name ?? client.client_name ?? clientId),
    }
  );
}

function pathOf(url: string): string {
  return new URL(url).pathname.replace(/\/$/, '');
}

function find<P extends { readonly ecosystem: string }>(profiles: readonly P[], ecosystem: string): P {
  const found = profiles.find((profile) => profile.ecosystem === ecosystem);
  if (!found) throw new Error(`the catalog has no profile of ${ecosystem}`);
  return found;
}
