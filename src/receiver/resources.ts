import type { Access } from './access.ts';
import { createBackoff } from './backoff.ts';
import { askForStatus } from './holder-status.ts';
import { type Page, pages } from './pages.ts';
import { isBusy } from './read-once.ts';
import { inside } from './receiver.ts';
import {
  HolderRefusal,
  HolderUnavailable,
  NoAnswer,
  RetryExceeded,
  StillPreparing,
  UnusableAnswer,
} from './receiver-errors.ts';

/** One thing that a consent opens. */
export interface ConsentedResource {
  readonly resourceId: string;
  readonly type: string;
  readonly status: 'AVAILABLE' | 'UNAVAILABLE' | 'TEMPORARILY_UNAVAILABLE' | 'PENDING_AUTHORISATION';
}

/** The list of resources, or when to ask again. */
export type ListedResources =
  | { readonly status: 'ready'; readonly resources: readonly ConsentedResource[] }
  | { readonly status: 'preparing'; readonly retryAfterMs: number | undefined };

export interface ResourcesOptions {
  readonly signal?: AbortSignal;
  /** As of `read`. */
  readonly patienceMs?: number;
}

export interface PollOptions {
  readonly signal?: AbortSignal;
  /** When to give up a list that is still being prepared; 6 minutes unless it is said: a holder has 5. */
  readonly maxWaitMs?: number;
  /** Failures one after the other, after which the holder counts as unavailable; 4 unless it is said. */
  readonly maxFailures?: number;
  /** Told of each wait before it begins, in milliseconds. */
  readonly onWait?: (ms: number) => void;
}

/** The resources of a consent. */
export interface Resources {
  /** Asks once. Rejects as `read` does. */
  read(options?: ResourcesOptions): Promise<ListedResources>;
  /**
   * Asks until the list is ready, with exponential back-off and full jitter: from 1 s to 60 s, never sooner than the holder
   * says. Rejects with `RetryExceeded` for 504, `StillPreparing` when its own patience ends, `HolderUnavailable` after
   * failures one after the other, `HolderRefusal` for a status of 400 to 499 other than 429, and as `read` does.
   */
  poll(options?: PollOptions): Promise<readonly ConsentedResource[]>;
}

const MAX_WAIT_MS = 360_000;
const MAX_FAILURES = 4;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

const ENDPOINT = { family: 'resources', path: '/resources' } as const;

/** The list of resources behind an access (Open Finance Brasil and Open Insurance Brasil, Resources API). */
export function resources(access: Access): Resources {
  return {
    read: (options) => readResources(access, options),
    poll: (options) => poll(access, options),
  };
}

/** Reads all pages of the list once. */
export async function readResources(
  access: Access,
  { signal, patienceMs }: ResourcesOptions = {},
): Promise<ListedResources> {
  const found: ConsentedResource[] = [];
  const options = { ...(signal && { signal }), ...(patienceMs !== undefined && { patienceMs }) };
  for await (const { status, body, retryAfterMs } of pages(access, ENDPOINT, options)) {
    if (status === 202) return { status: 'preparing', retryAfterMs };
    found.push(...resourcesIn(body));
  }
  return { status: 'ready', resources: found };
}

async function poll(
  access: Access,
  { signal, maxWaitMs = MAX_WAIT_MS, maxFailures = MAX_FAILURES, onWait = () => {} }: PollOptions = {},
): Promise<readonly ConsentedResource[]> {
  const { connection } = access[inside];
  const { now, sleep, random } = connection[inside];
  const backoff = createBackoff({ firstMs: FIRST_WAIT_MS, longestMs: LONGEST_WAIT_MS, random });
  const startedAt = now();
  let failures = 0;
  for (;;) {
    const outcome = await attempt(access, signal);
    if (outcome.status === 'ready') return outcome.resources;
    failures = outcome.status === 'failed' ? failures + 1 : 0;
    if (outcome.status === 'failed' && failures >= maxFailures)
      throw new HolderUnavailable(
        await askForStatus(connection[inside], connection.holder, signal),
        outcome.cause,
      );
    const waitMs = backoff.next(outcome.retryAfterMs);
    const waited = now() - startedAt;
    if (waited + waitMs > maxWaitMs) throw new StillPreparing(waited, outcome.cause);
    onWait(waitMs);
    await sleep(waitMs, signal);
  }
}

/** What one question came to; refusals that asking again does not change are thrown. */
type Outcome =
  | Extract<ListedResources, { status: 'ready' }>
  | {
      readonly status: 'preparing' | 'busy' | 'failed';
      readonly retryAfterMs: number | undefined;
      readonly cause?: unknown;
    };

async function attempt(access: Access, signal: AbortSignal | undefined): Promise<Outcome> {
  try {
    return await readResources(access, { ...(signal && { signal }), patienceMs: 0 });
  } catch (cause) {
    if (cause instanceof NoAnswer) return { status: 'failed', retryAfterMs: undefined, cause };
    if (!(cause instanceof HolderRefusal)) throw cause;
    const { status, retryAfterMs, body, interactionId } = cause;
    if (status === 504) throw new RetryExceeded({ status, body, interactionId, retryAfterMs });
    if (isBusy(cause)) return { status: 'busy', retryAfterMs, cause };
    if (status >= 500) return { status: 'failed', retryAfterMs, cause };
    throw cause;
  }
}

function resourcesIn(body: Page): readonly ConsentedResource[] {
  const data = body?.data;
  if (Array.isArray(data) && data.every(isResource)) return data;
  throw new UnusableAnswer('malformed', 'the answer is no list of resources');
}

function isResource(entry: unknown): entry is ConsentedResource {
  const { resourceId, type, status } = (entry ?? {}) as Partial<Record<keyof ConsentedResource, unknown>>;
  return [resourceId, type, status].every((member) => typeof member === 'string');
}
