/**
 * Upper bounds of the buckets that durations are counted in, in milliseconds, each included. The limits of the service
 * tiers are among them, so that whether a tier keeps its limit is known exactly.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 4000, 6000, 10_000,
];

/** One bucket per bound, and one for what is slower than the last. */
export const LATENCY_BUCKETS = LATENCY_BOUNDS_MS.length + 1;

/** The bucket that a duration falls into. */
export function latencyBucket(durationMs: number): number {
  let bucket = 0;
  // Most answers fall into the first few: looking in order beats halving.
  while (bucket < LATENCY_BOUNDS_MS.length && durationMs > (LATENCY_BOUNDS_MS[bucket] as number)) bucket += 1;
  return bucket;
}

/**
 * Estimates the duration within which a share of the calls was answered, as if the calls of a bucket were spread
 * evenly over it. It is at or below a bound exactly when that share of the calls is.
 *
 * @param latency calls per bucket
 * @param share such as 0.95
 * @returns milliseconds; `Infinity` when it lies above the last bound, undefined without calls
 */
export function estimatePercentile(latency: readonly number[], share: number): number | undefined {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  // A product such as 0.95 × 60 may come out a hair above the whole number that it is.
  const rank = Math.max(1, Math.ceil(share * total - 1e-9));
  let before = 0;
  for (const [bucket, count] of latency.entries()) {
    if (before + count >= rank) {
      const upper = LATENCY_BOUNDS_MS[bucket];
      if (upper === undefined) return Number.POSITIVE_INFINITY;
      const lower = LATENCY_BOUNDS_MS[bucket - 1] ?? 0;
      return lower + ((rank - before) / count) * (upper - lower);
    }
    before += count;
  }
  return undefined;
}
