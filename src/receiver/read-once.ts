import { randomUUID } from 'node:crypto';
import type { Access } from './access.ts';
import { createBackoff } from './backoff.ts';
import { callWithKeptToken, type HolderAnswer, INTERACTION_ID, readAnswer } from './call-holder.ts';
import { type Query, type Target, targetUrl } from './holder.ts';
import { inside } from './receiver.ts';
import { HolderRefusal } from './receiver-errors.ts';

export interface ReadOptions {
  readonly query?: Query;
  /** `x-v`: the version to answer with, where the API has several. */
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** `x-fapi-interaction-id`; a new UUID unless it is said. */
  readonly interactionId?: string;
  /**
   * How long altogether to wait and ask again after 429 and 529, in milliseconds: 60,000 unless it is said. A holder that
   * asks for a longer wait refuses at once.
   */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Refusals that are about the moment, not the request. */
const BUSY: ReadonlySet<number> = new Set([429, 529]);

/** One GET, with the token of the access; asks again while the holder has too much to do. Rejects as `read` says. */
export async function readOnce<T>(
  access: Access,
  target: Target,
  { query, version, headers, signal, interactionId, patienceMs = PATIENCE_MS }: ReadOptions = {},
): Promise<HolderAnswer<T>> {
  const { connection, tokens } = access[inside];
  const { now, sleep, random } = connection[inside];
  const url = targetUrl(connection.holder, target, query);
  const backoff = createBackoff({ firstMs: FIRST_WAIT_MS, longestMs: LONGEST_WAIT_MS, random });
  let left = patienceMs;
  for (;;) {
    signal?.throwIfAborted();
    const sentInteractionId = interactionId ?? randomUUID();
    const all = { ...headers, 'x-v': version, [INTERACTION_ID]: sentInteractionId };
    const response = await callWithKeptToken(connection, tokens, url, { headers: all, signal });
    try {
      return await readAnswer<T>(response, url, { sentInteractionId, now: now() });
    } catch (error) {
      if (!(error instanceof HolderRefusal) || !isBusy(error)) throw error;
      const waitMs = backoff.next(error.retryAfterMs);
      if (waitMs > left) throw error;
      left -= waitMs;
      await sleep(waitMs, signal);
    }
  }
}

/** Whether a refusal is worth asking again. */
export function isBusy({ status }: HolderRefusal): boolean {
  return BUSY.has(status);
}
