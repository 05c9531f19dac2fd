import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Interactions } from '../../src/authorization/interactions.ts';
import { createJourney } from '../../src/authorization/journey/create-journey.ts';
import type {
  Brand,
  JourneyEvent,
  JourneySettings,
} from '../../src/authorization/journey/journey-settings.ts';
import { createLoginAttempts } from '../../src/authorization/journey/login-attempts.ts';
import { readJourneyWording } from '../../src/authorization/journey/read-journey-wording.ts';
import { createFolderConnector } from '../../src/connectors/folder-connector.ts';
import { createInstitution, type Institution } from '../../src/connectors/institution.ts';
import { hashPassword } from '../../src/connectors/password-hash.ts';
import type { Consent } from '../../src/consents/consent.ts';
import type { NewConsent } from '../../src/consents/consent-store.ts';
import { createConsents, type ReceiverConsents } from '../../src/consents/create-consents.ts';
import { readConsentProfiles } from '../../src/consents/read-consent-profiles.ts';
import { createVirtualClock, type VirtualClock } from '../../src/kernel/clock.ts';
import { createKeyRing } from '../../src/store/key-ring.ts';
import { catalogFolder } from './contract-folder.ts';
import { issueCertificate } from './issue-certificate.ts';
import { madeUpConsent, NOON } from './made-up-consent.ts';
import { createMemoryArtifactStore } from './memory-artifact-store.ts';
import { createMemoryConsentStore } from './memory-consent-store.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const CUSTOMERS = {
  bank: join(ROOT, 'examples', 'bank', 'customers'),
  insurer: join(ROOT, 'examples', 'insurer', 'customers'),
} as const;
const PAGES = join(ROOT, 'web', 'consent');
/** Password of every example customer in tests. */
export const PASSWORD = 'senha-de-teste';

export interface JourneyOptions {
  readonly ecosystem?: 'open-finance' | 'open-insurance';
  readonly basePath?: string;
  readonly brand?: Brand;
  readonly receiver?: { readonly name: string; readonly organisationName: string };
  readonly change?: (settings: JourneySettings) => Partial<JourneySettings>;
}

/** The journey behind a real TLS listener, with an authorization server that is only as large as the journey needs. */
export interface RunningJourney {
  readonly origin: string;
  readonly basePath: string;
  /** Where approvals and refusals lead: another origin, of the receiver. */
  readonly callback: string;
  /** The authority of the listeners' certificate. */
  readonly ca: string;
  readonly clock: VirtualClock;
  readonly consents: ReceiverConsents;
  readonly institution: Institution;
  readonly events: readonly JourneyEvent[];
  readonly faults: readonly unknown[];
  /** Approvals as the authorization server got them. */
  readonly approvals: readonly Parameters<Interactions['approve']>[2][];
  /** A consent asked for by the receiver, and the path by which its browser comes to confirm it. */
  ask(change: Partial<NewConsent>): Promise<{ consent: Consent; path: string; uid: string }>;
}

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts the journey of an example institution until the test file ends. */
export async function startJourney(options: JourneyOptions = {}): Promise<RunningJourney> {
  const { ecosystem = 'open-finance', basePath = '/banco' } = options;
  const receiver = options.receiver ?? {
    name: 'Bússola Finanças',
    organisationName: 'Bússola Finanças Instituição de Pagamento S.A.',
  };
  const clock = createVirtualClock(NOON);
  const profiles = readConsentProfiles(catalogFolder);
  const profile = profiles.find((each) => each.ecosystem === ecosystem);
  if (!profile) throw new Error('the ecosystem has no profile');
  const consents = createConsents({ store: createMemoryConsentStore(), profiles, clock });
  const artifacts = createMemoryArtifactStore(clock.now);
  const faults: unknown[] = [];
  const events: JourneyEvent[] = [];
  const approvals: Parameters<Interactions['approve']>[2][] = [];
  const hash = await hashPassword(PASSWORD);
  const folder = ecosystem === 'open-finance' ? CUSTOMERS.bank : CUSTOMERS.insurer;
  const connector = await createFolderConnector({
    folder,
    passwordHash: (login) => (login.includes('.') ? hash : undefined),
    clock,
    onFault: (fault) => faults.push(fault),
  });
  const institution = createInstitution(connector, { brand: 'Instituição', ecosystem, clock });
  const asked = new Map<string, string>();
  const tls = await issueCertificate({ name: '127.0.0.1' });
  const credentials = { key: tls.key, cert: tls.certificate };
  const home = await listen(credentials, (_, response) =>
    response.end('<!doctype html><title>Receptora</title>'),
  );
  const callback = `${home}/callback`;

  const interactions = createInteractionsDouble();
  const settings: JourneySettings = {
    interactions,
    consents,
    institution,
    profile,
    wording: readJourneyWording(catalogFolder, ecosystem),
    artifacts,
    sealer: createKeyRing({
      masterKeys: [{ id: 'test', secret: Buffer.alloc(32, 7) }],
      root: Buffer.alloc(32, 9),
    }),
    subjectOf: (id) => `sub-of-${id}`,
    receiverOf: async (clientId) => ({ clientId, ...receiver }),
    attempts: createLoginAttempts(clock),
    addressOf: (request) => request.socket.remoteAddress ?? '',
    clock,
    brand: options.brand ?? { name: ecosystem === 'open-finance' ? 'Banco Ipê' : 'Aurora Seguros' },
    basePath,
    pages: [PAGES],
    onEvent: (event) => events.push(event),
    onFault: (fault) => faults.push(fault),
  };
  const journey = createJourney({ ...settings, ...options.change?.(settings) });
  const origin = await listen(credentials, (request, response) => {
    const url = request.url ?? '/';
    request.url = url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : '/';
    if (request.url.startsWith('/auth?')) return arrive(request.url, response);
    if (!journey.handle(request, response)) response.writeHead(404).end('not a page of the journey');
  });

  /** As an authorization endpoint does: gives the browser a cookie and sends it to the journey. */
  function arrive(url: string, response: ServerResponse): void {
    const uid = new URLSearchParams(url.split('?')[1]).get('uid') ?? '';
    response.setHeader('set-cookie', `_interaction=${uid}; Path=/; Secure; HttpOnly; SameSite=Lax`);
    response.writeHead(303, { location: `${basePath}/consentimento/${uid}` }).end();
  }

  function createInteractionsDouble(): Interactions {
    const uidOf = (request: IncomingMessage) =>
      /_interaction=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
    async function pending(request: IncomingMessage) {
      const uid = uidOf(request);
      const id = uid && asked.get(uid);
      const consent = id ? await consents.find(id) : undefined;
      if (!uid || consent?.status !== 'AWAITING_AUTHORISATION') return undefined;
      return { uid, consent, receiver: { clientId: consent.clientId, ...receiver } };
    }
    return {
      find: (request) => pending(request),
      async approve(request, response, approval) {
        const { permissions, selection, customer } = approval;
        const found = await pending(request);
        const grant = { grantId: randomUUID(), subject: `sub-of-${customer.id}`, permissions, selection };
        if (!found || !(await consents.authorise(found.consent.id, grant))) return false;
        approvals.push(approval);
        asked.delete(found.uid);
        response.writeHead(303, { location: `${callback}?code=made-up` }).end();
        return true;
      },
      async refuse(request, response, reason) {
        const found = await pending(request);
        if (found && reason === 'refused')
          await consents.reject(
            found.consent.id,
            { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REJECTED' },
            'customer',
          );
        if (found) asked.delete(found.uid);
        response.writeHead(303, { location: `${callback}?error=access_denied&reason=${reason}` }).end();
        return true;
      },
    };
  }

  return {
    origin,
    basePath,
    callback,
    ca: tls.certificate,
    clock,
    consents,
    institution,
    events,
    faults,
    approvals,
    async ask(change) {
      const consent = madeUpConsent({ ecosystem, createdAt: clock.now(), ...change });
      const creation = await consents.create(consent, undefined);
      if (creation.outcome !== 'created') throw new Error('the consent could not be made');
      const uid = randomUUID();
      asked.set(uid, creation.consent.id);
      return { consent: creation.consent, uid, path: `${basePath}/auth?uid=${uid}` };
    },
  };
}

function listen(
  credentials: { key: string; cert: string },
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(credentials, handle);
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
}
