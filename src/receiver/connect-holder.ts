import * as client from 'openid-client';
import type { Holder } from './holder.ts';
import { inside, type Receiver, type ReceiverParts } from './receiver.ts';
import { createTokenKeeper, type TokenKeeper } from './token-keeper.ts';
import { asRefusal } from './token-refusal.ts';

/** A data holder as a registered receiver sees it. */
export interface HolderConnection {
  readonly clientId: string;
  readonly holder: Holder;
  /** Of `openid-client`, for what this library does not do. */
  readonly configuration: client.Configuration;
  readonly [inside]: ConnectionParts;
}

export interface ConnectionParts extends ReceiverParts {
  /** Signs client assertions and request objects. */
  readonly signingKey: client.PrivateKey;
  /** Tokens of the receiver's own, for the Consents API. */
  readonly ownTokens: TokenKeeper;
}

/** What both registration and authentication say of the profile. */
export const PROFILE_METADATA = {
  use_mtls_endpoint_aliases: true,
  tls_client_certificate_bound_access_tokens: true,
  token_endpoint_auth_signing_alg: 'PS256',
  request_object_signing_alg: 'PS256',
  id_token_signed_response_alg: 'PS256',
  id_token_encrypted_response_alg: 'RSA-OAEP',
  id_token_encrypted_response_enc: 'A256GCM',
} as const;

/**
 * Reads a data holder's discovery document and prepares the client of FAPI-BR: `private_key_jwt` with PS256, mTLS
 * endpoint aliases, `code id_token` with encrypted ID tokens. Rejects when the holder cannot be reached or is another
 * issuer.
 */
export async function connectHolder(
  receiver: Receiver,
  { holder, clientId }: { readonly holder: Holder; readonly clientId: string },
): Promise<HolderConnection> {
  const parts = receiver[inside];
  const [signingKey, decryptionKey] = await Promise.all([parts.signing(), parts.encryption()]);
  const configuration = await client.discovery(
    new URL(holder.issuer),
    clientId,
    { ...PROFILE_METADATA },
    client.PrivateKeyJwt(signingKey),
    { [client.customFetch]: parts.fetch },
  );
  client.useCodeIdTokenResponseType(configuration);
  client.enableDetachedSignatureResponseChecks(configuration);
  client.enableDecryptingResponses(configuration, ['A256GCM'], {
    ...(decryptionKey as object),
    alg: 'RSA-OAEP',
  } as never);
  const ownTokens = createTokenKeeper({
    now: parts.now,
    obtain: async () => {
      const answer = await requestOwnToken(configuration).catch((error: unknown) =>
        Promise.reject(asRefusal(error)),
      );
      return tokenOf(answer, parts.now());
    },
  });
  return { clientId, holder, configuration, [inside]: { ...parts, signingKey, ownTokens } };
}

/** Gets a new token of the receiver's own, for the Consents API. Rejects with the library's error when it is refused. */
export async function ownToken({ configuration }: Pick<HolderConnection, 'configuration'>): Promise<string> {
  return (await requestOwnToken(configuration)).access_token;
}

/** The token of an answer of the token endpoint, with the moment when it ends. */
export function tokenOf(
  answer: { readonly access_token: string; expiresIn(): number | undefined },
  now: number,
): { readonly accessToken: string; readonly expiresAt: number } {
  const seconds = answer.expiresIn();
  const expiresAt = seconds === undefined ? Number.POSITIVE_INFINITY : now + seconds * 1_000;
  return { accessToken: answer.access_token, expiresAt };
}

function requestOwnToken(configuration: client.Configuration) {
  return client.clientCredentialsGrant(configuration, { scope: 'consents' });
}
