import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { operationsAt } from '../../test/support/catalog-operations.ts';
import type { Answered } from '../contract/answered.ts';
import { LATENCY_BOUNDS_MS } from './latency-histogram.ts';
import { mergeBatches } from './merge-batches.ts';
import type { Batch, MinuteCounts } from './metrics-store.ts';
import { createRecorder } from './recorder.ts';

const START = Date.parse('2026-03-10T02:59:58Z');
const operations = [
  ...operationsAt('/discovery/v1/status').slice(0, 1),
  ...operationsAt('/channels/v2/branches'),
  ...operationsAt('/open-banking/admin/v2/metrics'),
];

const event: fc.Arbitrary<Answered> = fc.record({
  operation: fc.constantFrom(...operations),
  status: fc.constantFrom(200, 200, 204, 304, 404, 422, 429, 499, 500, 503, 529, 599, 600),
  durationMs: fc.oneof(
    fc.double({ min: 0, max: 20_000, noNaN: true }),
    fc.constantFrom(0, ...LATENCY_BOUNDS_MS),
  ),
  at: fc.integer({ min: START, max: START + 150_000 }),
  unattended: fc.boolean(),
});

/** Counts in the slowest and plainest way. */
function countPlainly(events: readonly Answered[]) {
  const groups = Map.groupBy(events, (one) => `${one.operation.key} ${Math.floor(one.at / 60_000)}`);
  return [...groups.values()].map((group): MinuteCounts => {
    const { operation, at } = group[0] as Answered;
    const minute = Math.floor(at / 60_000) * 60_000;
    const timed = group.filter(({ status }) => ![429, 529].includes(status));
    const lone = timed.filter(({ unattended }) => unattended);
    const micros = (some: Answered[]) =>
      some.reduce((sum, { durationMs }) => sum + Math.round(durationMs * 1000), 0);
    const bounds = [Number.NEGATIVE_INFINITY, ...LATENCY_BOUNDS_MS, Number.POSITIVE_INFINITY];
    return {
      endpoint: operation.key,
      ecosystem: operation.ecosystem,
      minute,
      calls: group.length,
      unattendedCalls: group.filter(({ unattended }) => unattended).length,
      errors: group.filter(({ status }) => status >= 500 && status < 600 && status !== 529).length,
      rejections: group.length - timed.length,
      timedCalls: timed.length,
      durationMicros: micros(timed),
      unattendedTimedCalls: lone.length,
      unattendedDurationMicros: micros(lone),
      latency: bounds
        .slice(1)
        .map(
          (bound, index) =>
            timed.filter(({ durationMs }) => durationMs > (bounds[index] as number) && durationMs <= bound)
              .length,
        ),
      seconds: Array.from(
        { length: 60 },
        (_, second) => group.filter((one) => Math.floor((one.at - minute) / 1000) === second).length,
      ),
    };
  });
}

function inOrder(minutes: readonly MinuteCounts[]) {
  return [...minutes].sort((a, b) => a.minute - b.minute || a.endpoint.localeCompare(b.endpoint));
}

function perSecond({ seconds }: Pick<Batch, 'seconds'>): Map<string, number> {
  const calls = new Map<string, number>();
  for (const { ecosystem, minute, seconds: counts } of seconds)
    for (const [index, count] of counts.entries())
      if (count > 0) calls.set(`${ecosystem} ${minute / 1000 + index}`, count);
  return calls;
}

function perSecondPlainly(events: readonly Answered[]): Map<string, number> {
  const groups = Map.groupBy(
    events,
    ({ operation, at }) => `${operation.ecosystem} ${Math.floor(at / 1000)}`,
  );
  return new Map([...groups].map(([second, group]) => [second, group.length]));
}

describe('the recorder', () => {
  it('counts what a plain count counts, and every second of every ecosystem', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 120 }), (events) => {
        const recorder = createRecorder({ node: 'a' });
        for (const one of events) recorder.record(one);
        const batch = recorder.drain() as Batch;
        assert.deepEqual(inOrder(batch.minutes), inOrder(countPlainly(events)));
        assert.deepEqual(
          new Map([...perSecond(batch)].sort()),
          new Map([...perSecondPlainly(events)].sort()),
        );
      }),
    );
  });

  it('hands everything over once, in batches with growing sequences', () => {
    const recorder = createRecorder({ node: 'a' });
    assert.equal(recorder.drain(), undefined);
    const one = { operation: operations[0], status: 200, durationMs: 1, at: START, unattended: false };
    recorder.record(one as Answered);
    assert.equal(recorder.drain()?.sequence, 1);
    assert.equal(recorder.drain(), undefined);
    recorder.record(one as Answered);
    recorder.record(one as Answered);
    const next = recorder.drain();
    assert.equal(next?.sequence, 2);
    assert.equal(next?.minutes[0]?.calls, 2);
  });

  it('makes one count of two compilations of the same operation', () => {
    const [operation] = operations;
    const recorder = createRecorder({ node: 'a' });
    const base = { status: 200, durationMs: 1, at: START, unattended: false };
    recorder.record({ ...base, operation: operation as Answered['operation'] });
    recorder.record({ ...base, operation: { ...(operation as Answered['operation']) } });
    assert.deepEqual(
      recorder.drain()?.minutes.map(({ calls }) => calls),
      [2],
    );
  });
});

describe('merging batches', () => {
  it('gives the same totals however events are split, ordered and merged', () => {
    const splits = fc.array(fc.tuple(event, fc.nat(5)), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(splits, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), (assigned, choices) => {
        const recorder = createRecorder({ node: 'a' });
        const batches = [0, 1, 2, 3, 4, 5].flatMap((part) => {
          for (const [one, home] of assigned) if (home === part) recorder.record(one);
          return recorder.drain() ?? [];
        });
        for (const choice of choices) {
          if (batches.length < 2) break;
          const a = batches.splice(choice % batches.length, 1)[0] as Batch;
          const b = batches.splice(choice % batches.length, 1)[0] as Batch;
          batches.push(mergeBatches(a, b));
        }
        assert.equal(batches.length, 1);
        const [merged] = batches as [Batch];
        const events = assigned.map(([one]) => one);
        assert.deepEqual(inOrder(merged.minutes), inOrder(countPlainly(events)));
        assert.deepEqual(
          new Map([...perSecond(merged)].sort()),
          new Map([...perSecondPlainly(events)].sort()),
        );
      }),
    );
  });

  it('keeps the later sequence and refuses batches of different nodes', () => {
    const batch = (node: string, sequence: number): Batch => ({ node, sequence, minutes: [], seconds: [] });
    assert.equal(mergeBatches(batch('a', 7), batch('a', 3)).sequence, 7);
    assert.throws(() => mergeBatches(batch('a', 1), batch('b', 2)), TypeError);
  });
});
