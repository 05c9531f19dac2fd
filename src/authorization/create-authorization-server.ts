import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWK } from 'jose';
import type Provider from 'oidc-provider';
import type { Consents } from '../consents/consents.ts';
import type { Step } from '../contract/call.ts';
import type { DirectoryTrust } from '../directory/directory-trust.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { createAuthenticateCaller } from './authenticate-caller.ts';
import type { OnAuthorizationEvent } from './authorization-event.ts';
import type { AuthorizationProfile } from './authorization-profile.ts';
import { createCallerCertificates } from './caller-certificates.ts';
import { createInteractions } from './create-interactions.ts';
import { createProvider } from './create-provider.ts';
import { type FoundEndpoint, findEndpoint, MTLS_ENDPOINTS, PUBLIC_ENDPOINTS } from './endpoints.ts';
import { forgetCookie } from './forget-cookie.ts';
import type { Interactions } from './interactions.ts';
import { createKeyRing, type KeySchedule } from './key-ring.ts';
import { createListenerMount } from './listener-mount.ts';
import { createRegistrationEndpoint, type Forward } from './registration/registration-endpoint.ts';
import { createRegistrations } from './registrations.ts';
import type { SigningKeyStore } from './signing-key-store.ts';
import { createSubjectIdentifier } from './subject-identifier.ts';
import { writeOAuthError } from './write-oauth-error.ts';

/** How often each node looks for keys that another has added, or that are due. */
const KEY_REFRESH_MS = 60_000;

export interface AuthorizationServerSettings {
  readonly profile: AuthorizationProfile;
  /** Issuer identifier: a base URL of the public listener, perhaps with a path. */
  readonly issuer: string;
  /** The issuer's base URL on the mTLS listener. */
  readonly mtlsBase: string;
  readonly artifacts: ArtifactStore;
  readonly signingKeys: SigningKeyStore;
  readonly consents: Consents;
  readonly trust: DirectoryTrust;
  readonly sealer: Pick<Sealer, 'derive'>;
  /** What a request on the mTLS listener came with; nothing about it is believed yet. */
  readonly certificateOf: (request: IncomingMessage) => ClientCertificate | undefined;
  /** Path of the journey below the issuer's, `:uid` standing for the interaction, such as `/consentimento/:uid`. */
  readonly interactionUrl: string;
  readonly clock: Clock;
  readonly onEvent: OnAuthorizationEvent;
  /** Told of unexpected errors; callers are told `server_error`. */
  readonly onFault: (error: unknown) => void;
  readonly keySchedule?: KeySchedule;
}

/** The authorization server of one institution. */
export interface AuthorizationServer {
  /** Answers a request of the public listener below the issuer's path: discovery, keys, the browser's way in and out. */
  handlePublic: Forward;
  /** Answers a request of the mTLS listener below the issuer's path. */
  handleMtls: Forward;
  /** What the consent journey asks of it. */
  readonly interactions: Interactions;
  /** The step that lets calls of the institution's APIs in. */
  readonly authenticate: Step;
  /** Looks for keys now, as every minute. */
  refreshKeys(): Promise<void>;
  close(): void;
}

/** Creates the server once its keys are there. Rejects while the store is away. */
export async function createAuthorizationServer(
  settings: AuthorizationServerSettings,
): Promise<AuthorizationServer> {
  const { artifacts, consents, trust, clock, profile, onEvent, onFault } = settings;
  const publicMount = createListenerMount(settings.issuer);
  const mtlsMount = createListenerMount(settings.mtlsBase);
  const callers = createCallerCertificates(settings.certificateOf, trust);
  const registrations = createRegistrations(artifacts, clock);
  const resource = new URL(settings.mtlsBase).origin;
  const cookieLabel = `g${createHash('sha256').update(settings.issuer).digest('hex').slice(0, 8)}`;
  const rings = createKeyRings(settings);
  let running: Running | undefined;

  const registration = createRegistrationEndpoint({
    rules: { profile, trust },
    callers,
    registrations,
    artifacts,
    clientOfToken: async (token) => (await current().provider.RegistrationAccessToken.find(token))?.clientId,
    forward,
    onEvent,
  });

  const providerSettings = {
    ...settings,
    mtlsBase: settings.mtlsBase.replace(/\/$/, ''),
    publicPrefix: publicMount.prefix,
    registrations,
    callers,
    resource,
    cookieLabel,
    cookieKey: Buffer.from(settings.sealer.derive(`cookies of ${settings.issuer}`)).toString('base64url'),
    interactionPath: (uid: string) => `${publicMount.prefix}${settings.interactionUrl.replace(':uid', uid)}`,
    clientIdOf: registration.clientIdOf,
  };

  function current(): Running {
    if (!running) throw new Error('the authorization server has no keys yet');
    return running;
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await current().handle(request, response);
  }

  async function refreshKeys(): Promise<void> {
    const keys = (await Promise.all(rings.map((ring) => ring.keys()))).flat();
    const ids = keys.map(({ kid }) => kid).join(' ');
    if (ids === running?.keyIds) return;
    const provider = createProvider(providerSettings, keys as JWK[]);
    // Requests under way end with the provider that they began with.
    running = { provider, handle: provider.callback(), keyIds: ids };
  }

  /** Whether the caller may go on; an untrusted one has been answered. */
  async function admit(request: IncomingMessage, response: ServerResponse, endpoint: FoundEndpoint) {
    const verdict = await callers.judge(request);
    if (verdict.isTrusted) return true;
    onEvent({ kind: 'certificate', outcome: verdict.fault });
    refuseCertificate(response, endpoint);
    return false;
  }

  async function servePublic(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const endpoint = findEndpoint(PUBLIC_ENDPOINTS, publicMount.enter(request), request, response);
    if (!endpoint) return;
    // Every consent is a login of its own: who logged in before has no part in this one.
    if (endpoint.name === 'authorization' || endpoint.name === 'resume')
      forgetCookie(request, `${cookieLabel}_session`);
    await forward(request, response);
  }

  async function serveMtls(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const endpoint = findEndpoint(MTLS_ENDPOINTS, mtlsMount.enter(request), request, response);
    if (!endpoint || !(await admit(request, response, endpoint))) return;
    // Programs call here, whatever they say they accept; an error page would be of no use to them.
    request.headers.accept = 'application/json';
    if (endpoint.name === 'registration') await registration.register(request, response);
    else if (endpoint.name === 'client') await registration.manage(request, response, endpoint.id);
    else await forward(request, response);
  }

  await refreshKeys();
  const stopRefreshing = clock.every(KEY_REFRESH_MS, () => refreshKeys().catch(onFault));

  return {
    handlePublic: (request, response) => answerFaults(servePublic(request, response), response, onFault),
    handleMtls: (request, response) => answerFaults(serveMtls(request, response), response, onFault),
    interactions: createInteractions({
      provider: () => current().provider,
      profile,
      resource,
      consents,
      subjectOf: createSubjectIdentifier(settings.sealer, profile.ecosystem),
      clock,
    }),
    authenticate: createAuthenticateCaller({ artifacts, trust, consents, clock }),
    refreshKeys,
    close: stopRefreshing,
  };
}

/** The library as it is configured with the keys of this moment. */
interface Running {
  readonly provider: Provider;
  readonly handle: ReturnType<Provider['callback']>;
  /** In their order, which tells the one that signs. */
  readonly keyIds: string;
}

/** One ring signs; to the keys of the other, receivers may encrypt their request objects. */
function createKeyRings({ signingKeys, issuer, clock, keySchedule }: AuthorizationServerSettings) {
  const shared = { store: signingKeys, clock, ...(keySchedule ? { schedule: keySchedule } : {}) };
  return [
    createKeyRing({ ...shared, name: issuer, algorithm: 'PS256' }),
    createKeyRing({ ...shared, name: `${issuer}#enc`, algorithm: 'RSA-OAEP' }),
  ];
}

/** Why a certificate is not believed is for the log. */
function refuseCertificate(response: ServerResponse, { name }: FoundEndpoint): void {
  const isBearer = name === 'userinfo' || name === 'client';
  const error = isBearer ? 'invalid_token' : 'invalid_client';
  const challenge = isBearer ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {};
  writeOAuthError(response, 401, error, 'a client certificate of a participant is required', challenge);
}

async function answerFaults(
  served: Promise<void>,
  response: ServerResponse,
  onFault: (error: unknown) => void,
): Promise<void> {
  try {
    await served;
  } catch (error) {
    onFault(error);
    if (response.headersSent) response.destroy();
    else writeOAuthError(response, 500, 'server_error', 'something unexpected happened');
  }
}
