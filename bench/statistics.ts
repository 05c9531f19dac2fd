/**
 * The value below which the given share of the values lies, by the nearest rank. `NaN` for no values.
 *
 * @param share from 0 to 1
 */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)));
  return sorted[rank - 1] ?? Number.NaN;
}

/** The middle value; of an even number of values, the mean of both in the middle. */
export function median(values: Iterable<number>): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Keeps three significant digits of what is below a thousand, and whole numbers above. */
export function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

/** The summary of a set of latencies, in milliseconds. */
export function summarize(latencies: readonly number[]) {
  return {
    count: latencies.length,
    p50: rounded(quantile(latencies, 0.5)),
    p99: rounded(quantile(latencies, 0.99)),
    max: rounded(quantile(latencies, 1)),
  };
}
