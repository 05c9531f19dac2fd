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
import { createFolderData } from '../../connectors/folder-data.ts';
import { createFolderInstitution } from '../../connectors/folder-institution.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { createConsentSteps } from '../../consents/create-consent-steps.ts';
import type { ReceiverConsents } from '../../consents/create-consents.ts';
import type { Step } from '../../contract/call.ts';
import { createReadCustomerData } from '../../customer-data/read-customer-data.ts';
import type { DirectoryTrust } from '../../directory/directory-trust.ts';
import type { CertificateOf } from '../../http/client-certificate.ts';
import type { Clock } from '../../kernel/clock.ts';
import { TIER_LIMITS_MS } from '../../metrics/availability/tier-latency.ts';
import { createDayOf } from '../../metrics/day-of.ts';
import { createPublicId } from '../../resources/public-id.ts';
import { createReadResources } from '../../resources/read-resources.ts';
import type { Store } from '../../store/open-store.ts';
import type { InstitutionSettings } from '../configuration/institution-settings.ts';
import type { Configuration } from '../configuration/settings.ts';
import { CATALOG, type Service } from '../load-service.ts';
import { REGULATORY_TIME_ZONE } from '../regulatory-time-zone.ts';
import { createCustomerDataLog } from './customer-data-log.ts';
import { openPasswordFile } from './password-file.ts';

/** Where customers confirm, below the issuer's path. */
const INTERACTION_PATH = '/consentimento/:uid';

export interface InstitutionSideSettings {
  readonly settings: InstitutionSettings;
  readonly profile: ConsentProfile;
  readonly consents: ReceiverConsents;
  readonly store: Pick<Store, 'artifacts' | 'signingKeys' | 'sealer'>;
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
  const institution = await createFolderInstitution({
    folder: settings.customers,
    passwordHash: openPasswordFile(settings.passwords),
    clock,
    onFault: (error) =>
      logger.warn({ reason: error.message }, 'customer files cannot be read; the last good ones serve'),
  });
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
  const reading = {
    profile,
    consents,
    institution,
    publicIdOf: createPublicId(sealer, ecosystem),
    baseUrl: apiOrigin,
    maxPageSize: side.maxPageSize,
    clock,
  };
  const contracts = side.service.profiles.find((candidate) => candidate.ecosystem === ecosystem);
  const dayOf = createDayOf(REGULATORY_TIME_ZONE);
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

  return {
    artifacts,
    authenticate: server.authenticate,
    serveConsents: steps.serve,
    readResources: createReadResources(reading),
    readCustomerData: createReadCustomerData({
      ...reading,
      operations: side.service.routes
        .map(({ operation }) => operation)
        .filter((operation) => operation.ecosystem === ecosystem),
      connector: createFolderData({ folder: settings.customers, clock }),
      budgetMsOf: ({ tier }) => TIER_LIMITS_MS[tier] - OWN_SHARE_MS,
      policyOf: ({ key }) => side.overrides[key]?.brokenRecords ?? 'serve-and-flag',
      todayOf: (at) => (contracts?.missingDates === 'today' ? dayOf(at) : undefined),
      onEvent: createCustomerDataLog(logger, clock),
    }),
    handlePublic: (request, response) =>
      servePublic(journey, server, pathOf(settings.issuer), request, response),
    handleMtls: server.handleMtls,
    close: () => server.close(),
  };
}

/** Templates and style of the customer's pages, beside the sources or the compiled package. */
const PAGES = join(import.meta.dirname, '..', '..', '..', 'web', 'consent');
const CUSTOMER_TIMEOUT_MS = 2_000;
/** What is left of a service level for guiche itself. */
const OWN_SHARE_MS = 100;

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
