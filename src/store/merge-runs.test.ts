import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeRuns, type SeverityRun } from './merge-runs.ts';

const anyRun = fc
  .record({
    fromSlot: fc.integer({ min: 0, max: 30 }),
    length: fc.integer({ min: 1, max: 12 }),
    severity: fc.integer({ min: 0, max: 4 }),
    unavailable: fc.constantFrom([], ['/a'], ['/a', '/b']),
  })
  .map(({ length, ...run }) => ({ ...run, toSlot: run.fromSlot + length }));

function findingAt(runs: readonly SeverityRun[], slot: number): string | undefined {
  const there = runs.filter(({ fromSlot, toSlot }) => fromSlot <= slot && slot < toSlot);
  const best = there.find(({ severity }) => severity === Math.min(...there.map((run) => run.severity)));
  return best && JSON.stringify([best.severity, best.unavailable]);
}

test('of any runs, each slot keeps its least severe and earliest finding', () => {
  fc.assert(
    fc.property(fc.array(anyRun, { maxLength: 12 }), (runs) => {
      const merged = mergeRuns(runs);
      for (let slot = 0; slot < 45; slot += 1) assert.equal(findingAt(merged, slot), findingAt(runs, slot));
    }),
  );
});

test('merged runs ascend, do not overlap, and never continue each other', () => {
  fc.assert(
    fc.property(fc.array(anyRun, { maxLength: 12 }), (runs) => {
      const merged = mergeRuns(runs);
      for (const [place, run] of merged.entries()) {
        const last = merged[place - 1];
        if (!last) continue;
        assert.ok(last.toSlot <= run.fromSlot);
        const isSame = findingAt([last], last.fromSlot) === findingAt([run], run.fromSlot);
        assert.ok(last.toSlot < run.fromSlot || !isSame);
      }
    }),
  );
});
