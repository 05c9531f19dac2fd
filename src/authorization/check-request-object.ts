import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Consents } from '../consents/consents.ts';
import { consentIdOf } from './consent-scope.ts';

const MAX_LIFETIME_S = 3600;

export interface RequestObjectSettings {
  readonly consents: Pick<Consents, 'find'>;
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * Makes the check of a request object's claims beyond its signature: those that FAPI 1.0 Advanced (part 2, §5.2.2) asks
 * for, and the consent that it is about. It runs when the request is pushed and again when the browser comes with it.
 *
 * Throws `InvalidRequestObject` for claims and `InvalidRequest` for the consent.
 */
export function createRequestObjectCheck({ consents }: RequestObjectSettings) {
  return async (_ctx: KoaContextWithOIDC, claims: Claims, _header: Claims, client: Client): Promise<void> => {
    checkLifetime(claims);
    if (claims.id_token_hint !== undefined) throw new errors.InvalidRequest('id_token_hint is not supported');
    await checkConsent(claims.scope, client.clientId, consents);
  };
}

function checkLifetime(claims: Claims): void {
  for (const name of ['exp', 'nbf', 'aud']) {
    if (claims[name] === undefined)
      throw new errors.InvalidRequestObject(`Request Object is missing the '${name}' claim`);
  }
  const lifetime = Number(claims.exp) - Number(claims.nbf);
  if (!(lifetime > 0 && lifetime <= MAX_LIFETIME_S))
    throw new errors.InvalidRequestObject("Request Object 'exp' claim too far from 'nbf' claim");
}

/** Whether the consent is unknown, somebody else's or over is not told apart. */
async function checkConsent(
  scope: unknown,
  clientId: string,
  consents: Pick<Consents, 'find'>,
): Promise<void> {
  const id = consentIdOf(scope);
  if (id === undefined) throw new errors.InvalidRequest('scope must name exactly one consent');
  const consent = await consents.find(id);
  if (consent?.clientId !== clientId || consent.status !== 'AWAITING_AUTHORISATION')
    throw new errors.InvalidRequest('the consent in scope is not awaiting authorisation by this client');
}
