import { randomUUID } from 'node:crypto';
import type { Answered } from '../contract/answered.ts';
import type { Clock } from '../kernel/clock.ts';
import { isNoted, type NotedAnswer, toCallRecord } from './call-record.ts';
import type { CallBatch, CallRecordStore } from './call-record-store.ts';
import { maskDocuments, toMaskedJson } from './mask-documents.ts';

/** Small enough that writing one out as text keeps nobody waiting. */
const MOST_IN_BATCH = 200;
const FLUSH_INTERVAL_MS = 1_000;
const FORGET_INTERVAL_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** Some 20 MB. While the database is away, the newest are worth more than the oldest. */
const MOST_WAITING_BATCHES = 75;

export interface CallRecorderSettings {
  readonly store: Pick<CallRecordStore, 'append' | 'forgetBefore'>;
  readonly clock: Clock;
  /** Whole days for which calls are kept; 0 keeps none, and forgets those that there are. */
  readonly days: number;
  /** Hears of each failed attempt to store or to forget, with how many calls are waiting. */
  readonly onFailure?: (error: unknown, waitingCalls: number) => void;
}

/** Keeps what was found out about calls, off the way of requests. */
export interface CallRecorder {
  /** Takes one answer, if its steps kept notes. Runs on the way of requests: about a microsecond, and it never throws. */
  record(event: Answered): void;
  /** Stores what there is, or keeps it for the next time. Never rejects. */
  flush(): Promise<void>;
  /** How many calls the store has not acknowledged yet. */
  waitingCalls(): number;
  /** How many calls were given up since the start, because the store was away for too long. */
  lostCalls(): number;
  /**
   * Ends the intervals and stores what is left, once.
   *
   * @returns how many calls could not be stored
   */
  stop(): Promise<number>;
}

/** Creates the recorder of this process and starts its intervals. */
export function createCallRecorder(settings: CallRecorderSettings): CallRecorder {
  const { store, clock, days, onFailure = () => {} } = settings;
  const queue: { readonly events: readonly NotedAnswer[]; batch?: CallBatch }[] = [];
  let open: NotedAnswer[] = [];
  let lost = 0;
  let isAway = false;
  let last = Promise.resolve();

  function closeBatch(): void {
    if (open.length === 0) return;
    queue.push({ events: open });
    open = [];
    if (queue.length > MOST_WAITING_BATCHES) lost += queue.shift()?.events.length ?? 0;
  }

  async function send(): Promise<void> {
    for (let head = queue[0]; head; head = queue[0]) {
      head.batch ??= toBatch(head.events);
      try {
        await store.append(head.batch);
        isAway = false;
      } catch (error) {
        isAway = true;
        onFailure(error, waitingCalls());
        return;
      }
      // It may have been given up meanwhile.
      if (queue[0] === head) queue.shift();
    }
  }

  /** One at a time, so that a database that is slow is not asked more the slower it is. */
  function sendInTurn(): Promise<void> {
    last = last.then(send);
    return last;
  }

  function flush(): Promise<void> {
    closeBatch();
    return sendInTurn();
  }

  function waitingCalls(): number {
    return queue.reduce((sum, { events }) => sum + events.length, open.length);
  }

  async function forget(): Promise<void> {
    await store.forgetBefore(clock.now() - days * DAY_MS).catch((error) => onFailure(error, waitingCalls()));
  }

  const endFlushing = clock.every(FLUSH_INTERVAL_MS, flush);
  const endForgetting = clock.every(FORGET_INTERVAL_MS, forget);

  return {
    record(event) {
      if (days === 0 || !isNoted(event)) return;
      open.push(event);
      if (open.length < MOST_IN_BATCH) return;
      closeBatch();
      if (!isAway) void sendInTurn();
    },
    flush,
    waitingCalls,
    lostCalls: () => lost,
    async stop() {
      endFlushing();
      endForgetting();
      await flush();
      return waitingCalls();
    },
  };
}

function toBatch(events: readonly NotedAnswer[]): CallBatch {
  const ids = events.map(({ interactionId }) => maskDocuments(interactionId).toLowerCase());
  return {
    id: randomUUID(),
    at: events.reduce((newest, { at }) => Math.max(newest, at), 0),
    interactionIds: [...new Set(ids)],
    calls: toMaskedJson(events.map(toCallRecord)),
  };
}
