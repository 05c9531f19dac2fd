import { randomUUID } from 'node:crypto';
import * as client from 'openid-client';
import type { HolderConnection } from './connect-holder.ts';

/** What a receiver asks for: the members of `data` in the request of the Consents API. */
export type ConsentRequest = Readonly<Record<string, unknown>>;

/** A consent as its holder answers: the members of `data`. */
export type AnsweredConsent = Readonly<Record<string, unknown>> & { readonly consentId: string };

/** A holder refused. The answer is kept for whoever wants to know why. */
export class HolderRefusal extends Error {
  override readonly name = 'HolderRefusal';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`the data holder answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** Gets a token of the receiver's own, for the Consents API. */
export async function ownToken({ configuration }: HolderConnection): Promise<string> {
  const { access_token } = await client.clientCredentialsGrant(configuration, { scope: 'consents' });
  return access_token;
}

/** Creates a consent. Throws {@link HolderRefusal} when the holder does not answer 201. */
export async function createConsent(
  connection: HolderConnection,
  consentsUrl: string,
  request: ConsentRequest,
): Promise<AnsweredConsent> {
  const token = await ownToken(connection);
  const response = await callHolder(connection, token, consentsUrl, 'POST', { data: request });
  const body = (await response.json()) as { data: AnsweredConsent };
  if (response.status !== 201) throw new HolderRefusal(response.status, body);
  return body.data;
}

/** Calls an API of the holder with a token, an interaction id, and an idempotency key where there is a body. */
export function callHolder(
  { configuration }: HolderConnection,
  token: string,
  url: string,
  method = 'GET',
  body?: unknown,
): Promise<Response> {
  const headers = new Headers({ accept: 'application/json', 'x-fapi-interaction-id': randomUUID() });
  if (body !== undefined) {
    headers.set('content-type', 'application/json');
    headers.set('x-idempotency-key', randomUUID());
  }
  return client.fetchProtectedResource(
    configuration,
    token,
    new URL(url),
    method,
    body === undefined ? undefined : JSON.stringify(body),
    headers,
  );
}

/** Gets a new access token. The refresh token stays the same. */
export async function refreshAccess(
  { configuration }: HolderConnection,
  refreshToken: string,
): Promise<string> {
  const { access_token } = await client.refreshTokenGrant(configuration, refreshToken);
  return access_token;
}
