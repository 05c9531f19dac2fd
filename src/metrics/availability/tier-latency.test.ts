import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answered } from '../../contract/answered.ts';
import type { Operation } from '../../contract/operation.ts';
import type { Batch } from '../metrics-store.ts';
import { createRecorder } from '../recorder.ts';
import { tierLatencies } from './tier-latency.ts';

const operation = (key: string, tier: Operation['tier']) => ({ key, tier, ecosystem: 'x' }) as Operation;
const high = operation('GET /status', 'high');
const alsoHigh = operation('GET /outages', 'high');
const low = operation('GET /metrics', 'low');

function latenciesOf(events: readonly (readonly [Operation, number, number?])[]) {
  const recorder = createRecorder({ node: 'a' });
  for (const [one, durationMs, status = 200] of events)
    recorder.record({ operation: one, durationMs, status, at: 0, unattended: false } as Answered);
  const [fast, medium, slow] = tierLatencies(
    [high, alsoHigh, low],
    (recorder.drain() as Batch | undefined)?.minutes ?? [],
  );
  assert.ok(fast && medium && slow);
  return { fast, medium, slow };
}

const times = (count: number, event: readonly [Operation, number, number?]) => new Array(count).fill(event);

describe('the 95th percentile of a tier', () => {
  it('is compared with the limit of the tier', () => {
    const { fast, medium, slow } = latenciesOf([...times(100, [high, 12]), ...times(100, [low, 3_500])]);
    assert.deepEqual([fast.limitMs, medium.limitMs, slow.limitMs], [1000, 1500, 4000]);
    assert.ok(fast.isKept && slow.isKept);
    assert.deepEqual([fast.calls, medium.calls, slow.calls], [100, 0, 100]);
    assert.equal(medium.p95Ms, undefined);
    assert.ok(medium.isKept, 'nothing was slow');
  });

  it('is kept while 95 of 100 calls are, over all endpoints of the tier', () => {
    const kept = latenciesOf([...times(95, [high, 1000]), ...times(5, [alsoHigh, 9_000])]);
    assert.ok(kept.fast.isKept);
    const missed = latenciesOf([...times(94, [high, 1000]), ...times(6, [alsoHigh, 9_000])]);
    assert.ok(!missed.fast.isKept);
  });

  it('leaves refused calls out', () => {
    const { fast } = latenciesOf([
      ...times(10, [high, 5]),
      ...times(50, [high, 9_000, 429]),
      ...times(50, [high, 9_000, 529]),
    ]);
    assert.equal(fast.calls, 10);
    assert.ok(fast.isKept);
  });
});
