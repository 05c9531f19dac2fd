import * as client from 'openid-client';
import { redeemCode, type StartedAuthorization } from './authorization-url.ts';
import { type HolderConnection, tokenOf } from './connect-holder.ts';
import { inside } from './receiver.ts';
import { AccessEnded } from './receiver-errors.ts';
import { createTokenKeeper, type KeptToken, type TokenKeeper } from './token-keeper.ts';
import { asRefusal } from './token-refusal.ts';

/** What a consent is read with, to be kept as the secret that it is. */
export interface AccessTokens extends KeptToken {
  readonly consentId: string;
  /** Undefined where the holder gave none: access then ends with the access token. */
  readonly refreshToken: string | undefined;
}

export interface AccessOptions {
  /** Told of every change, to keep it. Whoever waits for the tokens waits for this too, and meets its rejection. */
  readonly onTokens?: (tokens: AccessTokens) => void | Promise<void>;
}

/** A customer's data at one holder, for as long as the consent lasts. What is inside is the library's. */
export interface Access {
  readonly consentId: string;
  readonly [inside]: AccessParts;
}

export interface AccessParts {
  readonly connection: HolderConnection;
  readonly tokens: TokenKeeper;
  readonly refreshToken: () => string | undefined;
}

/**
 * Redeems the code that the customer's browser has brought back. Rejects with the error of `openid-client` when the
 * answer is not what was asked for, the customer refused, or the holder does not take the code.
 *
 * @param callback the whole URL that the browser came back with, fragment included
 */
export async function exchange(
  connection: HolderConnection,
  callback: URL,
  started: Omit<StartedAuthorization, 'url'>,
  options: AccessOptions = {},
): Promise<Access> {
  const answer = await redeemCode(connection, callback, started);
  const tokens = {
    consentId: started.consentId,
    ...tokenOf(answer, connection[inside].now()),
    refreshToken: answer.refresh_token,
  };
  await options.onTokens?.(tokens);
  return restoreAccess(connection, tokens, options);
}

/** Goes on with tokens that were kept. Asks nobody: what the tokens are worth shows at the first read. */
export function restoreAccess(
  connection: HolderConnection,
  { consentId, accessToken, expiresAt, refreshToken }: AccessTokens,
  { onTokens }: AccessOptions = {},
): Access {
  const { now } = connection[inside];
  let latest = refreshToken;

  async function obtain(): Promise<KeptToken> {
    if (latest === undefined) throw new AccessEnded(consentId);
    const answer = await client
      .refreshTokenGrant(connection.configuration, latest)
      .catch((error: unknown) => Promise.reject(asRefusal(error, consentId)));
    latest = answer.refresh_token ?? latest;
    const token = tokenOf(answer, now());
    await onTokens?.({ consentId, ...token, refreshToken: latest });
    return token;
  }

  const tokens = createTokenKeeper({ initial: { accessToken, expiresAt }, obtain, now });
  return { consentId, [inside]: { connection, tokens, refreshToken: () => latest } };
}

/** The tokens of this moment, to be kept and given to {@link restoreAccess} later. */
export function tokensOf(access: Access): AccessTokens {
  const { tokens, refreshToken } = access[inside];
  const { accessToken, expiresAt } = tokens.current as KeptToken;
  return { consentId: access.consentId, accessToken, expiresAt, refreshToken: refreshToken() };
}

/** Gets a new access token at once. Rejects with {@link AccessEnded} when the consent is over. */
export async function refreshAccess(access: Access): Promise<void> {
  const { tokens } = access[inside];
  await tokens.instead((tokens.current as KeptToken).accessToken);
}
