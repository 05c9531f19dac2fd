import { type Client, errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Consents } from '../consents/consents.ts';
import type { AuthorizationProfile } from './authorization-profile.ts';
import { consentIdOf, consentScope } from './consent-scope.ts';

/** Life of access tokens, in seconds; FAPI-BR security profile, §5.2.2, allows 300 to 900. */
export const ACCESS_TOKEN_SECONDS = 900;

export interface ResourceServerSettings {
  /** Identifies the institution's APIs among resource servers: an absolute URI. */
  readonly resource: string;
  readonly profile: AuthorizationProfile;
  readonly consents: Pick<Consents, 'find'>;
}

/**
 * Makes the function by which the library learns what tokens may hold. It is asked before every token that is issued, and
 * so is where a consent that is not authorised any more ends the matter: `InvalidGrant`. The scope that names a consent
 * is part of no fixed list; it is known for the request, code or refresh token that carries it.
 */
export function createResourceServerInfo({ resource, profile, consents }: ResourceServerSettings) {
  return async (ctx: KoaContextWithOIDC, indicator: string, client: Client): Promise<ResourceServer> => {
    if (indicator !== resource) throw new errors.InvalidTarget();
    const { route, params, entities } = ctx.oidc;
    if (params?.grant_type === 'client_credentials')
      return describe(resource, ownScopes(params.scope, profile));
    const carried = entities.RefreshToken?.scope ?? entities.AuthorizationCode?.scope ?? params?.scope;
    const consentId = consentIdOf(carried);
    if (route === 'token') await requireAuthorised(consentId, client.clientId, consents);
    const dynamic = consentId === undefined ? [] : [consentScope(consentId)];
    return describe(resource, [...profile.scopes, ...dynamic]);
  };
}

function describe(audience: string, scopes: readonly string[]): ResourceServer {
  return {
    audience,
    scope: scopes.join(' '),
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    accessTokenFormat: 'opaque',
  };
}

/** A receiver's own token holds what it asked for, as far as that needs no customer. */
function ownScopes(requested: unknown, profile: AuthorizationProfile): readonly string[] {
  const scopes = typeof requested === 'string' ? requested.split(' ') : [];
  const granted = profile.ownScopes.filter((scope) => scopes.includes(scope));
  if (granted.length === 0)
    throw new errors.InvalidScope('scope must name what this grant type can give', scopes.join(' '));
  return granted;
}

async function requireAuthorised(
  id: string | undefined,
  clientId: string,
  consents: Pick<Consents, 'find'>,
): Promise<void> {
  const consent = id === undefined ? undefined : await consents.find(id);
  if (consent?.clientId !== clientId || consent.status !== 'AUTHORISED')
    throw new errors.InvalidGrant('consent is not authorised');
}
