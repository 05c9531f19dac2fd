import type { SharedCounter } from './shared-counter.ts';

export interface LimiterSettings {
  /** How many requests of one key a window allows. */
  readonly limit: number;
  readonly windowMs: number;
  /** Tells keys of different limiters apart where nodes share them. */
  readonly name: string;
  /** Absent for one process on its own. */
  readonly shared: SharedCounter | undefined;
  readonly now: () => number;
  /** Told when the shared counter goes away and when it is back. */
  readonly onShared?: (isAway: boolean) => void;
}

/** What became of a request: it passes, or it came after the limit was used up. */
export type Verdict =
  | { readonly passed: true }
  | { readonly passed: false; readonly limit: number; readonly retryAfterMs: number };

/** Counts requests in fixed windows and refuses those beyond the limit, and never one below it. */
export interface Limiter {
  /** A promise only where other nodes must be asked. */
  take(key: string): Verdict | Promise<Verdict>;
  close(): void;
}

/** Counts of one key in the present window. */
interface Entry {
  /** Number of the window that it counts for. */
  readonly window: number;
  /** Requests already added to the shared count. */
  told: number;
  /** Requests of the other nodes, as of the last answer. */
  others: number;
  /** Requests counted here and not yet added to the shared count. */
  untold: number;
  /** Those among the untold that wait for the shared count to decide. */
  waiting: ((rank: number) => void)[];
  isAsking: boolean;
  isUsedUp: boolean;
}

/** Up to this part of the limit a request passes without asking the other nodes. */
const UNASKED_PART = 0.1;
/** How long counts may stay untold, in milliseconds. */
const TELL_MS = 20;
/** Keys come from callers: beyond this many in one window counting starts over, which refuses nobody. */
const MOST_KEYS = 200_000;
/** How long the shared counter is left alone after it failed, in milliseconds. */
const REST_MS = 1_000;

const PASSED: Verdict = Object.freeze({ passed: true });

/**
 * Creates a limiter.
 *
 * With a shared counter each request gets its rank among those of all nodes: the counter's answer to an addition of
 * `k` says that these are the last `k` up to it. Requests far below the limit do not wait for it; those near the limit
 * do, many of them with one question. While the counter is away each node counts for itself.
 */
export function createLimiter({
  limit,
  windowMs,
  name,
  shared,
  now,
  onShared = () => {},
}: LimiterSettings): Limiter {
  const unasked = Math.floor(limit * UNASKED_PART);
  let entries = new Map<string, Entry>();
  let windowNumber = -1;
  let restUntil = 0;
  let isAway = false;
  const untold = new Set<string>();
  const telling = shared && setInterval(tellAll, TELL_MS).unref();

  function take(key: string): Verdict | Promise<Verdict> {
    const time = now();
    const entry = entryOf(key, time);
    if (entry.isUsedUp) return refuse(time);
    entry.untold += 1;
    const count = entry.told + entry.others + entry.untold;
    if (!shared || time < restUntil) return judge(entry, count, time);
    if (count <= unasked) {
      untold.add(key);
      return PASSED;
    }
    return new Promise<number>((resolve) => {
      entry.waiting.push(resolve);
      void ask(key, entry);
    }).then((rank) => judge(entry, rank, time));
  }

  function judge(entry: Entry, rank: number, time: number): Verdict {
    if (rank <= limit) return PASSED;
    entry.isUsedUp = true;
    return refuse(time);
  }

  function refuse(time: number): Verdict {
    return { passed: false, limit, retryAfterMs: windowMs - (time % windowMs) };
  }

  function entryOf(key: string, time: number): Entry {
    const number = Math.floor(time / windowMs);
    if (number !== windowNumber || entries.size >= MOST_KEYS) {
      windowNumber = number;
      // What is still untold belongs to a window that has passed and decides nothing any more.
      for (const entry of entries.values()) for (const pass of entry.waiting.splice(0)) pass(0);
      entries = new Map();
      untold.clear();
    }
    let entry = entries.get(key);
    if (!entry) {
      entry = {
        window: number,
        told: 0,
        others: 0,
        untold: 0,
        waiting: [],
        isAsking: false,
        isUsedUp: false,
      };
      entries.set(key, entry);
    }
    return entry;
  }

  /** One question at a time for each key: whoever comes meanwhile goes with the next. */
  async function ask(key: string, entry: Entry): Promise<void> {
    if (entry.isAsking || !shared) return;
    entry.isAsking = true;
    untold.delete(key);
    while (entry.untold > 0) {
      const amount = entry.untold;
      const waiting = entry.waiting.splice(0);
      entry.untold = 0;
      try {
        const total = await shared.add(`${name}:${entry.window}:${key}`, amount, windowMs * 2);
        settle(entry, amount, total, waiting);
      } catch {
        fallBack(entry, amount, waiting);
      }
    }
    entry.isAsking = false;
  }

  function settle(
    entry: Entry,
    amount: number,
    total: number,
    waiting: readonly ((rank: number) => void)[],
  ): void {
    entry.told += amount;
    entry.others = Math.max(total - entry.told, 0);
    waiting.forEach((resolve, index) => resolve(total - waiting.length + 1 + index));
    if (isAway) {
      isAway = false;
      onShared(false);
    }
  }

  /** The shared count is away: what is known here decides, and no request waits or fails for it. */
  function fallBack(entry: Entry, amount: number, waiting: readonly ((rank: number) => void)[]): void {
    restUntil = now() + REST_MS;
    entry.told += amount;
    const count = entry.told + entry.others;
    waiting.forEach((resolve, index) => resolve(count - waiting.length + 1 + index));
    if (!isAway) {
      isAway = true;
      onShared(true);
    }
  }

  function tellAll(): void {
    if (now() < restUntil) return;
    for (const key of untold) {
      const entry = entries.get(key);
      if (entry) void ask(key, entry);
    }
    untold.clear();
  }

  return { take, close: () => clearInterval(telling) };
}
