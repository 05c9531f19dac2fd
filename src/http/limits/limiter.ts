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

/** Where a key stands. */
export interface Standing {
  readonly count: number;
  readonly limit: number;
}

/** Counts requests in fixed windows and refuses those beyond the limit, and never one below it. */
export interface Limiter {
  /** A promise only where other nodes must be asked. */
  take(key: string): Verdict | Promise<Verdict>;
  /** How many requests of a key the present window has had, as far as this process knows, of how many it may have. */
  standing(key: string): Standing;
  close(): void;
}

/** Counts of one key in one window. */
interface Entry {
  /** Number of the window that it counts for. */
  readonly window: number;
  /** Requests that were added to the shared count, or lost with a question that it did not answer. */
  told: number;
  /** Requests that are being added to it. */
  asked: number;
  /** Requests of the other nodes, as of the last answer. */
  others: number;
  /** Requests counted here and not yet added to the shared count. */
  untold: number;
  /** Those among the untold that wait for the shared count to decide. */
  waiting: ((rank: number) => void)[];
  isAsking: boolean;
  isUsedUp: boolean;
}

/** Up to this part of the limit a request passes without waiting for the other nodes. */
const UNASKED_PART = 0.1;
/** This part of the limit may pass before the other nodes are told of it: so much one node may be wrong by. */
const UNTOLD_PART = 0.01;
/** How long counts may stay untold, in milliseconds. */
const TELL_MS = 20;
/** Keys come from callers: beyond this many in one window counting starts over, which refuses nobody. */
const MOST_KEYS = 200_000;
/** After so many milliseconds without a question the shared count is asked whether it is there. */
const BEAT_MS = 1_000;

const PASSED: Verdict = Object.freeze({ passed: true });

/**
 * Creates a limiter.
 *
 * With a shared counter each request gets its rank among those of all nodes: the counter's answer to an addition of
 * `k` says that these are the last `k` up to it. The first requests of a window do not wait for it; the others do, many
 * of them with one question. While the counter is away each node counts for itself, and no request waits for it.
 */
export function createLimiter({
  limit,
  windowMs,
  name,
  shared,
  now,
  onShared = () => {},
}: LimiterSettings): Limiter {
  const mostUnasked = Math.floor(limit * UNASKED_PART);
  const mostUntold = Math.floor(limit * UNTOLD_PART);
  let entries = new Map<string, Entry>();
  let windowNumber = -1;
  let isAway = false;
  let isBeating = false;
  let lastQuestion = performance.now();
  const untold = new Set<string>();
  const telling = shared && setInterval(() => tell(shared), TELL_MS).unref();

  function take(key: string): Verdict | Promise<Verdict> {
    const time = now();
    const entry = entryOf(key, time);
    if (entry.isUsedUp) return refuse(time);
    entry.untold += 1;
    const count = countOf(entry);
    if (!shared) return judge(entry, count, time);
    const isUnasked = count <= mostUnasked && entry.untold <= mostUntold && !entry.isAsking;
    if (isAway || isUnasked) {
      untold.add(key);
      return judge(entry, count, time);
    }
    return new Promise<number>((resolve) => {
      entry.waiting.push(resolve);
      void ask(shared, key, entry);
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
    const window = Math.floor(time / windowMs);
    if (window !== windowNumber || (entries.size >= MOST_KEYS && !entries.has(key))) {
      windowNumber = window;
      // Who waits in the window that ends is still answered: the question under way keeps the entry.
      entries = new Map();
      untold.clear();
    }
    let entry = entries.get(key);
    if (!entry) {
      entry = {
        window,
        told: 0,
        asked: 0,
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
  async function ask(counter: SharedCounter, key: string, entry: Entry): Promise<void> {
    if (entry.isAsking) return;
    entry.isAsking = true;
    untold.delete(key);
    while (entry.untold > 0 && !isAway) {
      const waiting = entry.waiting;
      entry.waiting = [];
      entry.asked = entry.untold;
      entry.untold = 0;
      const total = await add(counter, `${entry.window}:${key}`, entry.asked);
      entry.told += entry.asked;
      entry.asked = 0;
      if (total !== undefined) entry.others = Math.max(total - entry.told, 0);
      rank(waiting, entry.told + entry.others);
    }
    rank(entry.waiting.splice(0), countOf(entry));
    if (entry.untold > 0 && entries.get(key) === entry) untold.add(key);
    entry.isAsking = false;
  }

  /** Adds to the shared count; undefined, and the node on its own, when it does not answer. */
  async function add(counter: SharedCounter, key: string, amount: number): Promise<number | undefined> {
    lastQuestion = performance.now();
    try {
      const total = await counter.add(`${name}:${key}`, amount, windowMs * 2);
      setAway(false);
      return total;
    } catch {
      setAway(true);
      return undefined;
    }
  }

  function setAway(next: boolean): void {
    if (next === isAway) return;
    isAway = next;
    onShared(isAway);
  }

  function tell(counter: SharedCounter): void {
    if (performance.now() - lastQuestion >= BEAT_MS) void beat(counter);
    // What has collected meanwhile is told when a beat has found the counter there again.
    if (isAway) return;
    for (const key of untold) {
      const entry = entries.get(key);
      if (entry) void ask(counter, key, entry);
    }
    untold.clear();
  }

  /** A question that adds nothing, so that the counter's absence is known without traffic, and its return too. */
  async function beat(counter: SharedCounter): Promise<void> {
    if (isBeating) return;
    isBeating = true;
    await add(counter, 'beat', 0);
    isBeating = false;
  }

  function standing(key: string): Standing {
    const isOver = Math.floor(now() / windowMs) !== windowNumber;
    const entry = isOver ? undefined : entries.get(key);
    return { count: entry ? countOf(entry) : 0, limit };
  }

  return { take, standing, close: () => clearInterval(telling) };
}

/** How many requests of the window are known of here. */
function countOf({ told, asked, others, untold }: Entry): number {
  return told + asked + others + untold;
}

/** Gives each who waits its place, the last one the last. */
function rank(waiting: readonly ((rank: number) => void)[], last: number): void {
  const first = last - waiting.length + 1;
  for (const [index, resolve] of waiting.entries()) resolve(first + index);
}
