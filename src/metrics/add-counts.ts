import type { Counts } from './metrics-store.ts';

/** Adds the figures of two counts. */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    calls: a.calls + b.calls,
    unattendedCalls: a.unattendedCalls + b.unattendedCalls,
    errors: a.errors + b.errors,
    rejections: a.rejections + b.rejections,
    timedCalls: a.timedCalls + b.timedCalls,
    durationMicros: a.durationMicros + b.durationMicros,
    unattendedTimedCalls: a.unattendedTimedCalls + b.unattendedTimedCalls,
    unattendedDurationMicros: a.unattendedDurationMicros + b.unattendedDurationMicros,
    latency: addElements(a.latency, b.latency),
  };
}

/** Adds two lists of numbers of the same length, element by element. */
export function addElements(a: readonly number[], b: readonly number[]): number[] {
  return a.map((element, index) => element + (b[index] as number));
}
