import type { MinuteCounts } from '../metrics/metrics-store.ts';
import type { Tables } from './tables.ts';

/** A row of `endpoint_days`, to be added to the one that is there. */
export type SummedCounts = Tables['endpoint_days'];

interface Minute {
  readonly minute: number;
  readonly endpoint: number;
  readonly counts: MinuteCounts;
}

/** What the database knows of a minute after its seconds were added. */
interface MinutePeak {
  readonly minute: number;
  readonly endpoint: number;
  readonly day: string;
  readonly peak: number;
}

/** Adds up minutes that belong to the same day and endpoint, in the order in which rows are locked. */
export function sumByDay(minutes: readonly Minute[], peaks: readonly MinutePeak[]): SummedCounts[] {
  const known = new Map(peaks.map((peak) => [`${peak.minute} ${peak.endpoint}`, peak]));
  const days = new Map<string, SummedCounts>();
  for (const { minute, endpoint, counts } of minutes) {
    const { day, peak } = known.get(`${minute} ${endpoint}`) as MinutePeak;
    const row = toRow(day, endpoint, peak, counts);
    const key = `${day} ${endpoint}`;
    const sum = days.get(key);
    days.set(key, sum ? add(sum, row) : row);
  }
  return [...days.values()].sort((a, b) =>
    a.day < b.day ? -1 : a.day > b.day ? 1 : a.endpoint - b.endpoint,
  );
}

function toRow(day: string, endpoint: number, peak: number, counts: MinuteCounts): SummedCounts {
  return {
    day,
    endpoint,
    calls: counts.calls,
    unattended_calls: counts.unattendedCalls,
    errors: counts.errors,
    rejections: counts.rejections,
    timed_calls: counts.timedCalls,
    duration_micros: counts.durationMicros,
    unattended_timed_calls: counts.unattendedTimedCalls,
    unattended_duration_micros: counts.unattendedDurationMicros,
    latency: [...counts.latency],
    peak,
  };
}

function add(a: SummedCounts, b: SummedCounts): SummedCounts {
  const length = Math.max(a.latency.length, b.latency.length);
  return {
    day: a.day,
    endpoint: a.endpoint,
    calls: a.calls + b.calls,
    unattended_calls: a.unattended_calls + b.unattended_calls,
    errors: a.errors + b.errors,
    rejections: a.rejections + b.rejections,
    timed_calls: a.timed_calls + b.timed_calls,
    duration_micros: a.duration_micros + b.duration_micros,
    unattended_timed_calls: a.unattended_timed_calls + b.unattended_timed_calls,
    unattended_duration_micros: a.unattended_duration_micros + b.unattended_duration_micros,
    latency: Array.from({ length }, (_, bucket) => (a.latency[bucket] ?? 0) + (b.latency[bucket] ?? 0)),
    peak: Math.max(a.peak, b.peak),
  };
}
