import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  estimatePercentile,
  LATENCY_BOUNDS_MS,
  LATENCY_BUCKETS,
  latencyBucket,
} from './latency-histogram.ts';

function histogram(durations: readonly number[]): number[] {
  const latency: number[] = new Array(LATENCY_BUCKETS).fill(0);
  for (const duration of durations)
    latency[latencyBucket(duration)] = (latency[latencyBucket(duration)] ?? 0) + 1;
  return latency;
}

describe('the latency histogram', () => {
  it('includes each bound in its bucket', () => {
    for (const [bucket, bound] of LATENCY_BOUNDS_MS.entries()) {
      assert.equal(latencyBucket(bound), bucket);
      assert.equal(latencyBucket(bound + 0.001), bucket + 1);
    }
    assert.equal(latencyBucket(0), 0);
  });

  it('knows exactly whether a share of the calls keeps a bound, and estimates within the right bucket', () => {
    const durations = fc.array(fc.double({ min: 0, max: 15_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (some, share) => {
        const estimate = estimatePercentile(histogram(some), share) as number;
        const rank = Math.ceil(share * some.length - 1e-9);
        const exact = some.toSorted((a, b) => a - b)[rank - 1] as number;
        for (const bound of LATENCY_BOUNDS_MS) assert.equal(estimate <= bound, exact <= bound);
      }),
    );
  });

  it('has no percentile of nothing, and none to name beyond the last bound', () => {
    assert.equal(estimatePercentile(histogram([]), 0.95), undefined);
    assert.equal(estimatePercentile(histogram([10_001]), 0.95), Number.POSITIVE_INFINITY);
  });
});
