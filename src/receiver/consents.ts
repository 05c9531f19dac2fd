import { randomUUID } from 'node:crypto';
import type { Access } from './access.ts';
import { callWithKeptToken, type HolderCall, INTERACTION_ID, readAnswer } from './call-holder.ts';
import type { HolderConnection } from './connect-holder.ts';
import { targetUrl } from './holder.ts';
import { inside } from './receiver.ts';
import { UnusableAnswer } from './receiver-errors.ts';
import type { TokenKeeper } from './token-keeper.ts';

/** What a receiver asks for: the members of `data` in the request of the Consents API. */
export type ConsentRequest = Readonly<Record<string, unknown>>;

/** A consent as its holder answers: the members of `data`. */
export type AnsweredConsent = Readonly<Record<string, unknown>> & { readonly consentId: string };

export interface ConsentOptions {
  readonly signal?: AbortSignal;
  /** The same for a request that is sent again; a new UUID unless it is said. */
  readonly idempotencyKey?: string;
}

/** What a holder has to know of the customer who extends a consent at the receiver. */
export interface ExtendingCustomer {
  readonly ipAddress: string;
  readonly userAgent: string;
}

const FAMILY = 'consents';
const ONE = '/consents/{consentId}';

/** Creates a consent. Rejects with `HolderRefusal` when the holder does not take it, and as `read` does. */
export function createConsent(
  connection: HolderConnection,
  request: ConsentRequest,
  { signal, idempotencyKey }: ConsentOptions = {},
): Promise<AnsweredConsent> {
  const call = { method: 'POST', body: { data: request }, headers: keyed(idempotencyKey), signal };
  return askOfConsents(connection, '/consents', undefined, call);
}

/** Reads a consent. Rejects as {@link createConsent} does. */
export function readConsent(
  connection: HolderConnection,
  consentId: string,
  { signal }: Pick<ConsentOptions, 'signal'> = {},
): Promise<AnsweredConsent> {
  return askOfConsents(connection, ONE, consentId, { signal });
}

/** Ends a consent, and all access by it. Rejects as {@link createConsent} does. */
export async function deleteConsent(
  connection: HolderConnection,
  consentId: string,
  { signal }: Pick<ConsentOptions, 'signal'> = {},
): Promise<void> {
  await send(connection, connection[inside].ownTokens, ONE, consentId, { method: 'DELETE', signal });
}

/** Extends a consent in the customer's name (Open Finance Brasil, Consents API). Rejects as {@link createConsent} does. */
export async function extendConsent(
  access: Access,
  request: ConsentRequest,
  customer: ExtendingCustomer,
  { signal, idempotencyKey }: ConsentOptions = {},
): Promise<AnsweredConsent> {
  const { connection, tokens } = access[inside];
  const headers = {
    ...keyed(idempotencyKey),
    'x-fapi-customer-ip-address': customer.ipAddress,
    'x-customer-user-agent': customer.userAgent,
  };
  const call = { method: 'POST', body: { data: request }, headers, signal };
  return consentIn(await send(connection, tokens, `${ONE}/extends`, access.consentId, call));
}

async function askOfConsents(
  connection: HolderConnection,
  path: string,
  consentId: string | undefined,
  call: HolderCall,
): Promise<AnsweredConsent> {
  return consentIn(await send(connection, connection[inside].ownTokens, path, consentId, call));
}

async function send(
  connection: HolderConnection,
  tokens: TokenKeeper,
  path: string,
  consentId: string | undefined,
  call: HolderCall,
): Promise<unknown> {
  const params = consentId === undefined ? {} : { consentId };
  const url = targetUrl(connection.holder, { family: FAMILY, path, params });
  const sentInteractionId = randomUUID();
  const headers = { ...call.headers, [INTERACTION_ID]: sentInteractionId };
  const response = await callWithKeptToken(connection, tokens, url, { ...call, headers });
  const { body } = await readAnswer(response, url, { sentInteractionId, now: connection[inside].now() });
  return body;
}

function consentIn(body: unknown): AnsweredConsent {
  const { data } = (body ?? {}) as { data?: { consentId?: unknown } | null };
  if (typeof data?.consentId === 'string') return data as AnsweredConsent;
  throw new UnusableAnswer('malformed', 'the answer has no consent');
}

function keyed(idempotencyKey: string | undefined): Readonly<Record<string, string>> {
  return { 'x-idempotency-key': idempotencyKey ?? randomUUID() };
}
