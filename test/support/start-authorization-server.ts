import { createHmac, randomUUID, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { AuthorizationEvent } from '../../src/authorization/authorization-event.ts';
import {
  type AuthorizationServer,
  type AuthorizationServerSettings,
  createAuthorizationServer,
} from '../../src/authorization/create-authorization-server.ts';
import type { CustomerApproval, Interactions } from '../../src/authorization/interactions.ts';
import { readAuthorizationProfiles } from '../../src/authorization/read-authorization-profiles.ts';
import type { Consent } from '../../src/consents/consent.ts';
import { createConsents, type ReceiverConsents } from '../../src/consents/create-consents.ts';
import { readConsentProfiles } from '../../src/consents/read-consent-profiles.ts';
import type { CertifiedSoftware } from '../../src/directory/directory-trust.ts';
import type { ClientCertificate } from '../../src/kernel/client-certificate.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { publicHalf, type ReceiverKeys } from '../../src/receiver/receiver-keys.ts';
import { type IssuedCertificate, issueCertificate } from './issue-certificate.ts';
import { madeUpConsent } from './made-up-consent.ts';
import {
  createMemoryArtifactStore,
  createMemorySigningKeyStore,
  type MemoryArtifactStore,
} from './memory-artifact-store.ts';
import { createMemoryConsentStore } from './memory-consent-store.ts';
import { spareReceiverKeys } from './spare-keys.ts';
import { createTrustDouble, madeUpStatement, type TrustDouble } from './trust-double.ts';

const CATALOG = join(import.meta.dirname, '..', '..', 'catalog');

/** What happens to a browser that arrives at the journey. */
export type Journey = (
  interactions: Interactions,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/** An authorization server with both its listeners, until the test file ends. */
export interface RunningAuthorizationServer {
  readonly issuer: string;
  /** The issuer on the mTLS listener. */
  readonly mtlsBase: string;
  readonly server: AuthorizationServer;
  readonly trust: TrustDouble;
  readonly artifacts: MemoryArtifactStore;
  readonly consents: ReceiverConsents;
  readonly events: readonly AuthorizationEvent[];
  readonly faults: readonly unknown[];
  /** Customers approve everything unless a test sets another journey. */
  journey: Journey;
}

export interface AuthorizationServerToStart {
  readonly ecosystem?: 'open-finance' | 'open-insurance';
  /** Path of the issuer. */
  readonly path?: string;
  readonly settings?: Partial<AuthorizationServerSettings>;
}

const open: Server[] = [];
const servers: AuthorizationServer[] = [];
after(() => {
  for (const server of servers) server.close();
  for (const listener of open) {
    listener.closeAllConnections();
    listener.close();
  }
});

let serverCertificate: Promise<IssuedCertificate> | undefined;

/** Starts an authorization server over stores in memory and a directory that vouches for whom the test says. */
export async function startAuthorizationServer({
  ecosystem = 'open-finance',
  path = '/banco',
  settings = {},
}: AuthorizationServerToStart = {}): Promise<RunningAuthorizationServer> {
  const handlers: { onPublic?: Handler; onMtls?: Handler } = {};
  const publicPort = await listen((...exchange) => handlers.onPublic?.(...exchange));
  const mtlsPort = await listen((...exchange) => handlers.onMtls?.(...exchange));
  const issuer = `https://127.0.0.1:${publicPort}${path}`;
  const mtlsBase = `https://127.0.0.1:${mtlsPort}${path}`;
  const trust = createTrustDouble();
  const artifacts = createMemoryArtifactStore();
  const consents = createConsents({
    store: createMemoryConsentStore(),
    profiles: readConsentProfiles(CATALOG),
    clock: systemClock,
  });
  const [events, faults]: [AuthorizationEvent[], unknown[]] = [[], []];
  const profile = readAuthorizationProfiles(CATALOG).find((each) => each.ecosystem === ecosystem);
  if (!profile) throw new Error(`the catalog has no authorization profile of ${ecosystem}`);
  const server = await createAuthorizationServer({
    profile,
    issuer,
    mtlsBase,
    artifacts,
    signingKeys: createMemorySigningKeyStore(),
    consents,
    trust,
    sealer: { derive: (purpose) => createHmac('sha256', 'test').update(purpose).digest() },
    certificateOf: (request) => presentedCertificate(request.socket as TLSSocket),
    interactionUrl: '/consentimento/:uid',
    clock: systemClock,
    onEvent: (event) => events.push(event),
    onFault: (fault) => faults.push(fault),
    ...settings,
  });
  servers.push(server);
  const running: RunningAuthorizationServer = {
    issuer,
    mtlsBase,
    server,
    trust,
    artifacts,
    consents,
    events,
    faults,
    journey: approveEverything(),
  };
  handlers.onMtls = (request, response) => void server.handleMtls(request, response);
  handlers.onPublic = (request, response) => {
    if (request.url?.startsWith(`${path}/consentimento/`))
      running.journey(server.interactions, request, response).catch((error) => response.destroy(error));
    else void server.handlePublic(request, response);
  };
  return running;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(handler: Handler): Promise<number> {
  serverCertificate ??= issueCertificate({ name: 'guiche.test' });
  const { certificate, key } = await serverCertificate;
  const settings = { cert: certificate, key, requestCert: true, rejectUnauthorized: false };
  const listener = createServer(settings, handler);
  open.push(listener);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return (listener.address() as AddressInfo).port;
}

/** The certificate of a connection, as `http/` would hand it over. */
export function presentedCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const leaf = socket.getPeerX509Certificate();
  return leaf && clientCertificate(leaf);
}

export function clientCertificate(leaf: X509Certificate): ClientCertificate {
  const thumbprint = Buffer.from(leaf.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  return { leaf, intermediates: [], thumbprint };
}

/** A customer who agrees to everything that is asked of them. */
export function approveEverything(change: Partial<CustomerApproval> = {}): Journey {
  return async (interactions, request, response) => {
    const pending = await interactions.find(request, response);
    if (!pending) {
      response.writeHead(410).end();
      return;
    }
    const isApproved = await interactions.approve(request, response, {
      customer: { id: 'customer-1', name: 'Maria', cpf: '76109277673', companies: [] },
      permissions: pending.consent.permissions,
      selection: { resources: [], approvals: [] },
      authenticatedAt: Date.now(),
      assurance: 2,
      ...change,
    });
    if (!isApproved) response.writeHead(409).end();
  };
}

/** A receiver that takes part, with its keys published and its certificate vouched for. */
export interface MadeUpReceiver {
  readonly software: CertifiedSoftware;
  readonly keys: ReceiverKeys;
  readonly identity: { readonly certificate: string; readonly key: string };
  readonly certificate: ClientCertificate;
}

/** Makes a receiver. That takes a moment: tests of one file share theirs. */
export async function makeReceiver(): Promise<MadeUpReceiver> {
  serverCertificate ??= issueCertificate({ name: 'guiche.test' });
  const [keys, issued, { certificate: authorities }] = await Promise.all([
    spareReceiverKeys('receiver'),
    issueCertificate({ name: 'receiver.test' }),
    serverCertificate,
  ]);
  return {
    software: { organisationId: randomUUID(), softwareId: randomUUID() },
    keys: { ...keys, certificate: issued.certificate, certificateKey: issued.key, authorities },
    identity: { certificate: issued.certificate, key: issued.key },
    certificate: clientCertificate(new X509Certificate(issued.certificate)),
  };
}

/** Makes a receiver known to a server's directory; answers with the address of its keys. */
export function introduce(running: RunningAuthorizationServer, receiver: MadeUpReceiver): string {
  running.trust.certify(receiver.certificate.thumbprint, receiver.software);
  return running.trust.publish(receiver.software, [
    publicHalf(receiver.keys.signing),
    publicHalf(receiver.keys.encryption),
  ]);
}

/** A fresh statement of a receiver, as its directory issues it. */
export function statementOf(
  running: RunningAuthorizationServer,
  receiver: MadeUpReceiver,
  change: Partial<Parameters<typeof madeUpStatement>[0]> = {},
  envelope?: { readonly iat?: number },
): Promise<string> {
  const jwksUri = introduce(running, receiver);
  return running.trust.issueStatement(
    madeUpStatement({ ...receiver.software, jwksUri, ...change }),
    envelope,
  );
}

/** A consent of a client that awaits authorisation. */
export async function awaitingConsent(
  running: RunningAuthorizationServer,
  clientId: string,
  change: Partial<Consent> = {},
): Promise<Consent> {
  const createdAt = Math.floor(Date.now() / 1000) * 1000;
  const creation = await running.consents.create(
    madeUpConsent({ clientId, createdAt, expiresAt: createdAt + 30 * 86_400_000, ...change }),
    undefined,
  );
  if (creation.outcome === 'conflict') throw new Error('a consent without idempotency key cannot conflict');
  return creation.consent;
}
