import type { Answered } from '../contract/answered.ts';
import type { Operation } from '../contract/operation.ts';
import { LATENCY_BUCKETS, latencyBucket } from './latency-histogram.ts';
import { mergeMinutes, mergeSeconds } from './merge-batches.ts';
import type { Batch, MinuteCounts } from './metrics-store.ts';

const MINUTE = 60_000;
const SECONDS = 60;

/** Counts answers in memory until somebody takes the counts away. */
export interface Recorder {
  /** Counts one answer. Runs on the way of requests: well below a microsecond, and it never throws. */
  record(event: Answered): void;
  /** Hands over everything counted since the last time, and forgets it; undefined when there was nothing. */
  drain(): Batch | undefined;
}

/**
 * Creates the recorder of this process.
 *
 * @param node UUID of the process
 */
export function createRecorder({ node }: { readonly node: string }): Recorder {
  let latest = new Map<Operation, Cell>();
  let cells: Cell[] = [];
  let sequence = 0;

  function cellOf(operation: Operation, minute: number): Cell {
    // Answers come in order but for a clock that is set back, so one look at the others is enough.
    const known = cells.find((cell) => cell.operation === operation && cell.minute === minute);
    const cell = known ?? new Cell(operation, minute);
    if (!known) cells.push(cell);
    latest.set(operation, cell);
    return cell;
  }

  return {
    record(event) {
      const { operation, at } = event;
      const minute = Math.floor(at / MINUTE) * MINUTE;
      let cell = latest.get(operation);
      if (cell === undefined || cell.minute !== minute) cell = cellOf(operation, minute);
      cell.add(event);
    },

    drain() {
      if (cells.length === 0) return undefined;
      // Two compilations of the same contract have different operations of the same key.
      const minutes = mergeMinutes(cells.map((cell) => cell.toCounts()));
      const seconds = mergeSeconds(minutes);
      latest = new Map();
      cells = [];
      sequence += 1;
      return {
        node,
        sequence,
        minutes,
        seconds: seconds.map(({ ecosystem, minute, seconds: calls }) => ({
          ecosystem,
          minute,
          seconds: calls,
        })),
      };
    },
  };
}

/** The counts of one operation in one minute, while they grow. */
class Cell {
  readonly operation: Operation;
  readonly minute: number;
  readonly seconds = new Uint32Array(SECONDS);
  readonly latency = new Uint32Array(LATENCY_BUCKETS);
  calls = 0;
  unattendedCalls = 0;
  errors = 0;
  rejections = 0;
  timedCalls = 0;
  durationMicros = 0;
  unattendedTimedCalls = 0;
  unattendedDurationMicros = 0;

  constructor(operation: Operation, minute: number) {
    this.operation = operation;
    this.minute = minute;
  }

  add({ status, durationMs, at, unattended }: Answered): void {
    const second = Math.floor((at - this.minute) / 1000);
    this.seconds[second] = (this.seconds[second] as number) + 1;
    this.calls += 1;
    if (unattended) this.unattendedCalls += 1;
    // Refusals for too much traffic are no errors, and how fast they were says nothing about the service.
    if (status === 429 || status === 529) {
      this.rejections += 1;
      return;
    }
    if (status >= 500 && status <= 599) this.errors += 1;
    const bucket = latencyBucket(durationMs);
    // Whole microseconds, because sums of fractions depend on their order.
    const micros = durationMs > 0 ? Math.round(durationMs * 1000) : 0;
    this.latency[bucket] = (this.latency[bucket] as number) + 1;
    this.timedCalls += 1;
    this.durationMicros += micros;
    if (unattended) {
      this.unattendedTimedCalls += 1;
      this.unattendedDurationMicros += micros;
    }
  }

  toCounts(): MinuteCounts {
    return {
      endpoint: this.operation.key,
      ecosystem: this.operation.ecosystem,
      minute: this.minute,
      calls: this.calls,
      unattendedCalls: this.unattendedCalls,
      errors: this.errors,
      rejections: this.rejections,
      timedCalls: this.timedCalls,
      durationMicros: this.durationMicros,
      unattendedTimedCalls: this.unattendedTimedCalls,
      unattendedDurationMicros: this.unattendedDurationMicros,
      latency: Array.from(this.latency),
      seconds: Array.from(this.seconds),
    };
  }
}
