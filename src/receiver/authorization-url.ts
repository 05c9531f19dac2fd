import * as client from 'openid-client';
import type { HolderConnection } from './connect-holder.ts';
import { inside } from './receiver.ts';

/** What the customer is asked to authorise. */
export interface AuthorizationRequest {
  readonly consentId: string;
  readonly redirectUri: string;
  /** Scopes of the APIs to read; `openid` and that of the consent are added. */
  readonly scopes: readonly string[];
}

/**
 * An authorization under way: where to send the customer, and what must come back. Kept by the receiver with the
 * customer's session; plain JSON except for `url`, which is not needed any more once the customer is on the way.
 */
export interface StartedAuthorization {
  readonly url: URL;
  readonly consentId: string;
  readonly nonce: string;
  readonly state: string;
  readonly codeVerifier: string;
}

/** Request objects live so long, in seconds: longer than the 60 that a holder keeps a pushed request for. */
const REQUEST_OBJECT_SECONDS = 300;

/** Pushes a signed authorization request for one consent (RFC 9126 with RFC 9101). Rejects when it is refused. */
export async function authorizationUrl(
  connection: HolderConnection,
  { consentId, redirectUri, scopes }: AuthorizationRequest,
): Promise<StartedAuthorization> {
  const { configuration } = connection;
  const [nonce, state, codeVerifier] = [
    client.randomNonce(),
    client.randomState(),
    client.randomPKCECodeVerifier(),
  ];
  const parameters = {
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', `consent:${consentId}`, ...scopes])].join(' '),
    nonce,
    state,
    claims: JSON.stringify({ id_token: { acr: { essential: true } } }),
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  };
  const { signingKey } = connection[inside];
  const { searchParams } = await client.buildAuthorizationUrlWithJAR(configuration, parameters, signingKey, {
    [client.modifyAssertion]: (_header, payload) => {
      payload.exp = Number(payload.iat) + REQUEST_OBJECT_SECONDS;
      payload.nbf = Number(payload.iat);
    },
  });
  const url = await client.buildAuthorizationUrlWithPAR(configuration, searchParams);
  return { url, consentId, nonce, state, codeVerifier };
}

/** Checks what the customer's browser has brought back and redeems the code. Rejects with the library's error. */
export function redeemCode(
  { configuration }: HolderConnection,
  callback: URL,
  { nonce, state, codeVerifier }: Omit<StartedAuthorization, 'url'>,
) {
  return client.authorizationCodeGrant(configuration, callback, {
    expectedNonce: nonce,
    expectedState: state,
    pkceCodeVerifier: codeVerifier,
    idTokenExpected: true,
  });
}
