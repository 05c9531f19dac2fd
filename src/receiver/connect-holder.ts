import { type CryptoKey, importJWK } from 'jose';
import * as client from 'openid-client';
import { createMtlsFetch } from './mtls-fetch.ts';
import { publicHalf, type ReceiverKeys } from './receiver-keys.ts';

/** A data holder as a registered receiver sees it. What is inside is the library's. */
export interface HolderConnection {
  readonly clientId: string;
  readonly configuration: client.Configuration;
  /** Signs client assertions and request objects. */
  readonly signingKey: client.PrivateKey;
  close(): Promise<void>;
}

export interface ConnectionSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: ReceiverKeys;
}

/** Request objects live so long, in seconds: longer than the 60 that a holder keeps a pushed request for. */
const REQUEST_OBJECT_SECONDS = 300;

/**
 * Reads a data holder's discovery document and prepares the client of FAPI-BR: `private_key_jwt` with PS256, mTLS
 * endpoint aliases, `code id_token` with encrypted ID tokens. Rejects when the holder cannot be reached or is another
 * issuer.
 */
export async function connectHolder({
  issuer,
  clientId,
  keys,
}: ConnectionSettings): Promise<HolderConnection> {
  const { fetch, close } = createMtlsFetch(keys);
  const signingKey = await privateKey(keys.signing, 'PS256');
  const decryptionKey = await privateKey(keys.encryption, 'RSA-OAEP');
  const configuration = await client.discovery(
    new URL(issuer),
    clientId,
    { ...PROFILE_METADATA },
    client.PrivateKeyJwt(signingKey),
    { [client.customFetch]: fetch },
  );
  client.useCodeIdTokenResponseType(configuration);
  client.enableDetachedSignatureResponseChecks(configuration);
  client.enableDecryptingResponses(configuration, ['A256GCM'], {
    key: decryptionKey.key,
    ...(keys.encryption.kid ? { kid: keys.encryption.kid } : {}),
    alg: 'RSA-OAEP',
  });
  return { clientId, configuration, signingKey, close };
}

/** What a holder has given a newly registered receiver. */
export interface Registration {
  readonly clientId: string;
  readonly registrationClientUri: string;
  readonly registrationAccessToken: string;
}

/** Registers a receiver by its software statement (RFC 7591). Rejects with the holder's answer when it refuses. */
export async function registerReceiver(settings: {
  readonly issuer: string;
  readonly statement: string;
  readonly redirectUris: readonly string[];
  readonly jwksUri: string;
  readonly keys: ReceiverKeys;
}): Promise<Registration> {
  const { fetch, close } = createMtlsFetch(settings.keys);
  try {
    const signingKey = await privateKey(settings.keys.signing, 'PS256');
    const configuration = await client.dynamicClientRegistration(
      new URL(settings.issuer),
      {
        ...PROFILE_METADATA,
        redirect_uris: [...settings.redirectUris],
        jwks_uri: settings.jwksUri,
        software_statement: settings.statement,
        grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
        response_types: ['code id_token'],
        token_endpoint_auth_method: 'private_key_jwt',
      },
      client.PrivateKeyJwt(signingKey),
      { [client.customFetch]: fetch },
    );
    const registered = configuration.clientMetadata();
    return {
      clientId: registered.client_id,
      registrationClientUri: String(registered.registration_client_uri),
      registrationAccessToken: String(registered.registration_access_token),
    };
  } finally {
    await close();
  }
}

/** An authorization under way: where to send the customer, and what must come back. */
export interface StartedAuthorization {
  readonly url: URL;
  readonly nonce: string;
  readonly state: string;
  readonly codeVerifier: string;
}

/** Pushes a signed authorization request for one consent (RFC 9126 with RFC 9101). */
export async function startAuthorization(
  { configuration, signingKey }: HolderConnection,
  request: { readonly redirectUri: string; readonly scope: string },
): Promise<StartedAuthorization> {
  const [nonce, state, codeVerifier] = [
    client.randomNonce(),
    client.randomState(),
    client.randomPKCECodeVerifier(),
  ];
  const parameters = {
    redirect_uri: request.redirectUri,
    scope: request.scope,
    nonce,
    state,
    claims: JSON.stringify({ id_token: { acr: { essential: true } } }),
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  };
  const { searchParams } = await client.buildAuthorizationUrlWithJAR(configuration, parameters, signingKey, {
    [client.modifyAssertion]: (_header, payload) => {
      payload.exp = Number(payload.iat) + REQUEST_OBJECT_SECONDS;
      payload.nbf = Number(payload.iat);
    },
  });
  const url = await client.buildAuthorizationUrlWithPAR(configuration, searchParams);
  return { url, nonce, state, codeVerifier };
}

/** Checks what the customer's browser has brought back and redeems the code. */
export function finishAuthorization(
  { configuration }: HolderConnection,
  callback: URL,
  { nonce, state, codeVerifier }: StartedAuthorization,
) {
  return client.authorizationCodeGrant(configuration, callback, {
    expectedNonce: nonce,
    expectedState: state,
    pkceCodeVerifier: codeVerifier,
    idTokenExpected: true,
  });
}

/** What both registration and authentication say of the profile. */
const PROFILE_METADATA = {
  use_mtls_endpoint_aliases: true,
  tls_client_certificate_bound_access_tokens: true,
  token_endpoint_auth_signing_alg: 'PS256',
  request_object_signing_alg: 'PS256',
  id_token_signed_response_alg: 'PS256',
  id_token_encrypted_response_alg: 'RSA-OAEP',
  id_token_encrypted_response_enc: 'A256GCM',
} as const;

async function privateKey(
  jwk: ReceiverKeys['signing'],
  algorithm: string,
): Promise<{ key: CryptoKey; kid: string }> {
  const key = (await importJWK(jwk, algorithm)) as CryptoKey;
  return { key, kid: jwk.kid ?? String(publicHalf(jwk).n).slice(0, 16) };
}
