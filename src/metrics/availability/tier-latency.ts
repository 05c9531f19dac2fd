import type { Operation, Tier } from '../../contract/operation.ts';
import { TIERS } from '../../contract/operation.ts';
import { addElements } from '../add-counts.ts';
import { estimatePercentile, LATENCY_BUCKETS } from '../latency-histogram.ts';
import type { Counts } from '../metrics-store.ts';

/** Within how many milliseconds 95 % of a tier's calls must be answered. */
export const TIER_LIMITS_MS: Readonly<Record<Tier, number>> = { high: 1000, medium: 1500, low: 4000 };

/** How fast a tier's calls were answered. */
export interface TierLatency {
  readonly tier: Tier;
  readonly limitMs: number;
  /** Calls that were timed: all but 429 and 529. */
  readonly calls: number;
  /** Undefined without calls, `Infinity` above the histogram's last bound. */
  readonly p95Ms: number | undefined;
  /** Exact, because the limits are bounds of the histogram. True without calls. */
  readonly isKept: boolean;
}

/** Compares the 95th percentile of each tier with its limit. Counts of endpoints that no operation has are left out. */
export function tierLatencies(
  operations: readonly Pick<Operation, 'key' | 'tier'>[],
  counts: readonly (Pick<Counts, 'latency'> & { readonly endpoint: string })[],
): TierLatency[] {
  const tierOf = new Map(operations.map(({ key, tier }) => [key, tier]));
  return TIERS.map((tier) => {
    const latency = counts
      .filter(({ endpoint }) => tierOf.get(endpoint) === tier)
      .reduce<readonly number[]>(
        (sum, count) => addElements(sum, count.latency),
        new Array(LATENCY_BUCKETS).fill(0),
      );
    const p95Ms = estimatePercentile(latency, 0.95);
    const limitMs = TIER_LIMITS_MS[tier];
    const calls = latency.reduce((sum, count) => sum + count, 0);
    return { tier, limitMs, calls, p95Ms, isKept: p95Ms === undefined || p95Ms <= limitMs };
  });
}
