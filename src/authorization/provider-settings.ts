import type { IncomingMessage } from 'node:http';
import type { JWK } from 'jose';
import {
  type Client,
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Consents } from '../consents/consents.ts';
import type { DirectoryTrust } from '../directory/directory-trust.ts';
import type { Clock } from '../kernel/clock.ts';
import { type ArtifactAdapterSettings, createArtifactAdapter } from './artifact-adapter.ts';
import type { AuthorizationProfile } from './authorization-profile.ts';
import { type CallerCertificates, isOfClient } from './caller-certificates.ts';
import { createRequestObjectCheck } from './check-request-object.ts';
import { ROUTES } from './endpoints.ts';
import { ERROR_PAGE_POLICY, renderErrorPage } from './error-page.ts';
import { createClientKeys, createFetchClientKeys } from './fetch-client-keys.ts';
import {
  FIXED_METADATA,
  GRANT_TYPES,
  RESPONSE_MODES,
  RESPONSE_TYPES,
  STATEMENT_METADATA,
} from './registration/client-metadata.ts';
import { ACCESS_TOKEN_SECONDS, createResourceServerInfo } from './resource-server.ts';

const SIGNING = ['PS256'] as const;
const ENCRYPTION = ['RSA-OAEP'] as const;
const CONTENT_ENCRYPTION = ['A256GCM'] as const;

/** An assertion is remembered until it expires, so it must not live for ever; in seconds. */
const MAX_ASSERTION_SECONDS = 3600;
const ID_TOKEN_SECONDS = 900;
const CODE_SECONDS = 60;
/** How long a customer has to log in, pick and confirm. */
const INTERACTION_SECONDS = 1800;
/** Only as long as it takes to answer: nobody stays logged in. */
const SESSION_SECONDS = 60;

export interface ProviderSettings extends Omit<ArtifactAdapterSettings, 'clientKeys'> {
  readonly profile: AuthorizationProfile;
  /** Identifies the institution's APIs among resource servers. */
  readonly resource: string;
  /** Issuer on the mTLS listener, without a slash at the end. */
  readonly mtlsBase: string;
  /** Path of the issuer on the public listener, without a slash at the end. */
  readonly publicPrefix: string;
  readonly consents: Pick<Consents, 'find'>;
  readonly trust: Pick<DirectoryTrust, 'keys'>;
  readonly callers: CallerCertificates;
  readonly clock: Pick<Clock, 'now'>;
  readonly cookieKey: string;
  /** Tells the cookies of issuers apart that share a host. */
  readonly cookieLabel: string;
  /** Absolute path of the journey for an interaction. */
  readonly interactionPath: (uid: string) => string;
  readonly clientIdOf: (request: IncomingMessage) => string;
}

/**
 * FAPI-BR (security profile v2, DCR profile v2) as settings of the library. Whatever is not switched on here is off.
 */
export function composeProviderSettings(settings: ProviderSettings, keys: readonly JWK[]): Configuration {
  const { profile, consents, trust, resource, callers, publicPrefix, cookieLabel } = settings;
  const clientKeys = createClientKeys(trust);
  return {
    adapter: createArtifactAdapter({ ...settings, clientKeys }),
    jwks: { keys },
    routes: ROUTES,
    scopes: [...profile.scopes],
    acrValues: [profile.acr[2], profile.acr[3]],
    claims: { openid: ['sub', 'acr'], acr: null, auth_time: null, iss: null, sid: null },
    responseTypes: [...RESPONSE_TYPES],
    subjectTypes: ['public'],
    clientAuthMethods: ['private_key_jwt'],
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: () => false,
    enabledJWA: {
      clientAuthSigningAlgValues: SIGNING,
      idTokenSigningAlgValues: SIGNING,
      requestObjectSigningAlgValues: SIGNING,
      userinfoSigningAlgValues: SIGNING,
      idTokenEncryptionAlgValues: ENCRYPTION,
      idTokenEncryptionEncValues: CONTENT_ENCRYPTION,
      requestObjectEncryptionAlgValues: ENCRYPTION,
      requestObjectEncryptionEncValues: CONTENT_ENCRYPTION,
    },
    clientDefaults: {
      ...FIXED_METADATA,
      response_types: RESPONSE_TYPES,
      response_modes: RESPONSE_MODES,
      grant_types: GRANT_TYPES,
    },
    extraClientMetadata: { properties: [...STATEMENT_METADATA] },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      fapi: { enabled: true, profile: '1.0 Final' },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      encryption: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      requestObjects: {
        enabled: true,
        requireSignedRequestObject: true,
        assertJwtClaimsAndHeader: createRequestObjectCheck({ consents }),
      },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => callers.of(ctx.req)?.certificate.leaf,
      },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      registration: {
        enabled: true,
        issueRegistrationAccessToken: true,
        idFactory: (ctx) => settings.clientIdOf(ctx.req),
      },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf?.[0] ?? resource,
        useGrantedResource: () => true,
        getResourceServerInfo: createResourceServerInfo({ resource, profile, consents }),
      },
    },
    pkce: { required: () => true },
    rotateRefreshToken: false,
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // A consent has a grant of its own: what an earlier one granted is never taken for this one.
    loadExistingGrant: (ctx) => findGrant(ctx),
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      IdToken: ID_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: SESSION_SECONDS,
      RefreshToken: (ctx) => remainingSeconds(ctx.oidc.entities.Grant?.exp, settings.clock),
    },
    assertJwtClientAuthClaimsAndHeader: (ctx, claims, _header, client) =>
      checkAssertion(claims, callers.of(ctx.req)?.software, client, settings.clock),
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    fetch: createFetchClientKeys(clientKeys),
    interactions: {
      url: (_ctx, { uid }) => settings.interactionPath(uid),
      policy: composePolicy(),
    },
    cookies: {
      keys: [settings.cookieKey],
      names: {
        session: `${cookieLabel}_session`,
        interaction: `${cookieLabel}_interaction`,
        resume: `${cookieLabel}_resume`,
      },
      long: { signed: true, httpOnly: true, sameSite: 'lax', path: publicPrefix === '' ? '/' : publicPrefix },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    discovery: { mtls_endpoint_aliases: composeAliases(settings.mtlsBase) } as NonNullable<
      Configuration['discovery']
    >,
    renderError(ctx, { error }) {
      ctx.set('content-security-policy', ERROR_PAGE_POLICY);
      ctx.set('x-content-type-options', 'nosniff');
      ctx.set('referrer-policy', 'no-referrer');
      ctx.type = 'html';
      ctx.body = renderErrorPage(error);
    },
  };
}

/** Endpoints that take a certificate, by their names in discovery (RFC 8705, §5). */
function composeAliases(mtlsBase: string): Readonly<Record<string, string>> {
  const { token, pushed_authorization_request, userinfo, registration, revocation, introspection } = ROUTES;
  const routes = { token, pushed_authorization_request, userinfo, registration, revocation, introspection };
  return Object.fromEntries(
    Object.entries(routes).map(([name, route]) => [`${name}_endpoint`, `${mtlsBase}${route}`]),
  );
}

/**
 * The customer is always asked, once. What a request says about who they must be and how they must log in is judged when
 * they approve, so these checks would only send them round in circles.
 */
function composePolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const login = policy.get('login');
  for (const reason of ['claims_id_token_sub_value', 'essential_acr', 'essential_acrs', 'id_token_hint'])
    login?.checks.remove(reason);
  return policy;
}

/** Of other receivers' tokens nothing is told, not even that they exist. */
function isOwnToken(
  _ctx: KoaContextWithOIDC,
  client: Client,
  token: { clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId;
}

async function findGrant(ctx: KoaContextWithOIDC) {
  const id = ctx.oidc.result?.consent?.grantId;
  return id === undefined ? undefined : ctx.oidc.provider.Grant.find(id);
}

/** What is left of a consent for its refresh token, in seconds. */
function remainingSeconds(exp: number | undefined, clock: Pick<Clock, 'now'>): number {
  return Math.max(1, (exp ?? 0) - Math.floor(clock.now() / 1000));
}

function checkAssertion(
  { exp }: Readonly<Record<string, unknown>>,
  software: Parameters<typeof isOfClient>[0] | undefined,
  client: Client,
  clock: Pick<Clock, 'now'>,
): void {
  if (Number(exp) - clock.now() / 1000 > MAX_ASSERTION_SECONDS)
    throw new errors.InvalidClientAuth('the client assertion lives too long');
  // Members that the library does not know itself keep their names, so that nothing is renamed for every assertion.
  if (!software || !isOfClient(software, client))
    throw new errors.InvalidClientAuth('the client certificate belongs to other software than the client');
}
