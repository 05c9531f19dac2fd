import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../kernel/clock.ts';
import { mergeBatches } from './merge-batches.ts';
import type { Batch, MetricsStore } from './metrics-store.ts';
import type { Recorder } from './recorder.ts';

/** A kill loses what was counted since the last flush, so this is how much it may lose. */
const FLUSH_INTERVAL_MS = 5_000;
/** Larger batches could take the store longer than its time limit, and would then never be stored. */
const MOST_ROWS = 2_000;
const STOP_PATIENCE_MS = 5_000;
const STOP_RETRY_MS = 200;

export interface FlusherSettings {
  readonly recorder: Pick<Recorder, 'drain'>;
  readonly store: Pick<MetricsStore, 'append'>;
  readonly clock: Clock;
  readonly intervalMs?: number;
  /** Hears of each failed attempt, with how many calls are waiting. */
  readonly onFailure?: (error: unknown, waitingCalls: number) => void;
  /** Pauses between attempts while stopping; a real timer unless a test has its own. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** Carries counts from the recorder to the store. */
export interface Flusher {
  /** Stores everything counted so far, or keeps it for the next time. Never rejects. */
  flush(): Promise<void>;
  /** How many counted calls are in batches that the store has not yet acknowledged. */
  waitingCalls(): number;
  /**
   * Ends the intervals and stores what is left, trying again for a few seconds while the store is away.
   *
   * @returns how many calls could not be stored
   */
  stop(patienceMs?: number): Promise<number>;
}

/**
 * Creates the flusher and starts its intervals.
 *
 * Each batch is sent, unchanged and in order, until the store acknowledges it: whether a failed attempt was stored after
 * all is unknown, and the store tells by its sequence. Batches that wait behind it have never been sent, so they are
 * merged: an absence of the store costs memory by endpoint and minute (below 1 KB each), not by flush, and loses nothing.
 */
export function createFlusher(settings: FlusherSettings): Flusher {
  const {
    recorder,
    store,
    clock,
    intervalMs = FLUSH_INTERVAL_MS,
    onFailure = () => {},
    pause = wait,
  } = settings;
  const queue: { batch: Batch; sent: boolean }[] = [];
  let last = Promise.resolve();

  function enqueue(batch: Batch): void {
    const tail = queue.at(-1);
    const merged = tail && !tail.sent ? mergeBatches(tail.batch, batch) : undefined;
    if (tail && merged && merged.minutes.length <= MOST_ROWS) tail.batch = merged;
    else queue.push({ batch, sent: false });
  }

  async function send(): Promise<void> {
    const batch = recorder.drain();
    if (batch) enqueue(batch);
    for (let head = queue[0]; head; head = queue[0]) {
      head.sent = true;
      try {
        await store.append(head.batch);
      } catch (error) {
        onFailure(error, waitingCalls());
        return;
      }
      queue.shift();
    }
  }

  /** One at a time: a batch may only follow when the one before it has been acknowledged. */
  function flush(): Promise<void> {
    last = last.then(send);
    return last;
  }

  function waitingCalls(): number {
    let calls = 0;
    for (const { batch } of queue) for (const minute of batch.minutes) calls += minute.calls;
    return calls;
  }

  const endIntervals = clock.every(intervalMs, flush);

  return {
    flush,
    waitingCalls,
    async stop(patienceMs = STOP_PATIENCE_MS) {
      endIntervals();
      const deadline = clock.now() + patienceMs;
      await flush();
      while (queue.length > 0 && clock.now() < deadline) {
        await pause(STOP_RETRY_MS);
        await flush();
      }
      return waitingCalls();
    },
  };
}
