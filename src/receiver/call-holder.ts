import { randomUUID } from 'node:crypto';
import type { HolderConnection } from './connect-holder.ts';
import { inside } from './receiver.ts';
import { HolderRefusal, NoAnswer, UnusableAnswer } from './receiver-errors.ts';
import { readRetryAfter } from './retry-after.ts';
import type { TokenKeeper } from './token-keeper.ts';

export interface HolderCall {
  /** GET unless it is said. */
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** A holder's answer of a status below 400. */
export interface HolderAnswer<T> {
  readonly status: number;
  /** Undefined for an answer without a body. */
  readonly body: T;
  /** As the holder has it in its records. */
  readonly interactionId: string;
  /** `x-v`: the version of the API that answered. */
  readonly version: string | undefined;
  /** What `retry-after` says, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly url: URL;
}

/** Header by which both sides find a call in their records (FAPI 1.0 Read-Only, §6.2.1). */
export const INTERACTION_ID = 'x-fapi-interaction-id';

/**
 * Calls an API of the holder with a token and an interaction id, and an idempotency key where there is a body. Resolves
 * with whatever status comes; rejects with {@link NoAnswer} when none does, and with the reason of the signal.
 */
export async function callHolder(
  connection: HolderConnection,
  token: string,
  url: URL | string,
  { method = 'GET', body, headers = {}, signal }: HolderCall = {},
): Promise<Response> {
  const { fetch } = connection[inside];
  const request = {
    method,
    body: body === undefined ? null : JSON.stringify(body),
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      [INTERACTION_ID]: randomUUID(),
      ...(body !== undefined && { 'content-type': 'application/json', 'x-idempotency-key': randomUUID() }),
      ...definedOf(headers),
    },
    redirect: 'manual',
    ...(signal && { signal }),
  } as const;
  try {
    return await fetch(String(url), request);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof UnusableAnswer ? error : new NoAnswer(error);
  }
}

/** Calls with a token that is kept; one that is refused is replaced once. Rejects as {@link callHolder} does. */
export async function callWithKeptToken(
  connection: HolderConnection,
  tokens: TokenKeeper,
  url: URL,
  call: HolderCall,
): Promise<Response> {
  const token = await tokens.token(call.signal);
  const response = await callHolder(connection, token, url, call);
  if (response.status !== 401) return response;
  return callHolder(connection, await tokens.instead(token, call.signal), url, call);
}

/** Reads an answer. Throws {@link HolderRefusal} for a status of 400 and more, {@link UnusableAnswer} for no JSON. */
export async function readAnswer<T>(
  response: Response,
  url: URL,
  { sentInteractionId, now }: { readonly sentInteractionId: string; readonly now: number },
): Promise<HolderAnswer<T>> {
  const { status, headers } = response;
  const text = await response.text();
  const interactionId = headers.get(INTERACTION_ID) ?? sentInteractionId;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  if (status >= 400)
    throw new HolderRefusal({ status, body: parseAnything(text), interactionId, retryAfterMs });
  if (status >= 300) throw new UnusableAnswer('malformed', `the data holder answered ${status}`);
  const version = headers.get('x-v') ?? undefined;
  return { status, body: parse<T>(text), interactionId, version, retryAfterMs, url };
}

function parse<T>(text: string): T {
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    // The parser's message repeats what it read.
    throw new UnusableAnswer('malformed', 'the answer of the data holder is not JSON');
  }
}

/** Refusals come from proxies too, which have pages of their own. */
function parseAnything(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function definedOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
