import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { operationsAt } from '../../test/support/catalog-operations.ts';
import { createMemoryMetricsStore, type Mishap } from '../../test/support/memory-metrics-store.ts';
import type { Operation } from '../contract/operation.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createFlusher } from './flusher.ts';
import type { Batch } from './metrics-store.ts';
import { createRecorder } from './recorder.ts';

const START = Date.parse('2026-03-10T12:00:00Z');
const [branches] = operationsAt('/channels/v2/branches') as [Operation];
const fifty = Array.from({ length: 50 }, (_, index) => ({ ...branches, key: `${branches.key}/${index}` }));

function start(mishap: () => Mishap = () => undefined) {
  const clock = createVirtualClock(START);
  const recorder = createRecorder({ node: 'node-a' });
  const store = createMemoryMetricsStore();
  store.mishap = mishap;
  const sent: Batch[] = [];
  const failures: number[] = [];
  const flusher = createFlusher({
    recorder,
    store: {
      append: (batch) => {
        sent.push(batch);
        return store.append(batch);
      },
    },
    clock,
    onFailure: (_error, waiting) => failures.push(waiting),
    pause: (ms) => clock.advance(ms),
  });
  let recorded = 0;
  return {
    clock,
    store,
    flusher,
    sent,
    failures,
    record(calls = 1, operations: readonly Operation[] = [branches]) {
      for (const operation of operations)
        for (let call = 0; call < calls; call += 1)
          recorder.record({ operation, status: 200, durationMs: 3, at: clock.now(), unattended: false });
      recorded += calls * operations.length;
    },
    recorded: () => recorded,
    stored: () => store.minutes().reduce((sum, { calls }) => sum + calls, 0),
  };
}

describe('the flusher', () => {
  it('stores every five seconds', async () => {
    const { clock, record, stored } = start();
    record(3);
    await clock.advance(4_999);
    assert.equal(stored(), 0);
    await clock.advance(1);
    assert.equal(stored(), 3);
  });

  for (const mishap of ['refuses', 'commits, then fails', 'fails, then commits'] as const) {
    it(`counts exactly once when the store ${mishap}`, async () => {
      let away = true;
      const { clock, store, record, stored, failures } = start(() => (away ? mishap : undefined));
      record(2);
      await clock.advance(5_000);
      record(5);
      await clock.advance(5_000);
      assert.deepEqual(failures, [2, 7]);
      away = false;
      await clock.advance(5_000);
      store.commitLate();
      assert.equal(stored(), 7);
      record(1);
      await clock.advance(5_000);
      assert.equal(stored(), 8);
    });
  }

  it('counts exactly once under any sequence of mishaps', async () => {
    const step = fc.record({
      calls: fc.nat(3),
      mishap: fc.constantFrom<Mishap>(undefined, 'refuses', 'commits, then fails', 'fails, then commits'),
      commitsLate: fc.boolean(),
      ms: fc.integer({ min: 1, max: 20_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        let mishap: Mishap;
        const { clock, store, flusher, record, recorded, stored } = start(() => mishap);
        for (const { calls, mishap: next, commitsLate, ms } of steps) {
          record(calls);
          mishap = next;
          await clock.advance(ms);
          if (commitsLate) store.commitLate();
          assert.ok(stored() <= recorded());
        }
        mishap = undefined;
        assert.equal(await flusher.stop(), 0);
        store.commitLate();
        assert.equal(stored(), recorded());
      }),
    );
  });

  it('merges what waits while the store is away for an hour, and loses nothing', async () => {
    let away = true;
    const { clock, flusher, sent, record, recorded, stored } = start(() => (away ? 'refuses' : undefined));
    for (let second = 0; second < 3600; second += 1) {
      record(1 + (second % 3));
      await clock.advance(1_000);
    }
    assert.equal(new Set(sent).size, 1, 'a batch that was tried is not touched again');
    assert.equal(flusher.waitingCalls(), recorded());
    away = false;
    sent.length = 0;
    await flusher.flush();
    assert.equal(stored(), recorded());
    assert.equal(sent.length, 2, 'the batch that was tried, and one with the rest of the hour');
    assert.equal(sent[1]?.minutes.length, 60);
    assert.ok(
      sent.every(({ sequence }, index) => index === 0 || sequence > (sent[index - 1]?.sequence ?? 0)),
    );
  });

  it('keeps batches small enough to be stored in time', async () => {
    let away = true;
    const { clock, flusher, sent, record, recorded, stored } = start(() => (away ? 'refuses' : undefined));
    for (let minute = 0; minute < 90; minute += 1) {
      record(1, fifty);
      await clock.advance(60_000);
    }
    away = false;
    sent.length = 0;
    await flusher.flush();
    assert.ok(sent.every(({ minutes }) => minutes.length <= 2000));
    assert.ok(sent.length <= 4);
    assert.equal(stored(), recorded());
  });

  it('loses nothing when it stops, even when the store comes back only then', async () => {
    let refusals = 7;
    const { clock, flusher, record, stored } = start(() => (refusals-- > 0 ? 'refuses' : undefined));
    record(4);
    assert.equal(await flusher.stop(), 0);
    assert.equal(stored(), 4);
    record(1);
    await clock.advance(60_000);
    assert.equal(stored(), 4, 'the intervals have ended');
  });

  it('says how many calls it could not store', async () => {
    const { flusher, clock, record } = start(() => 'refuses');
    record(4);
    assert.equal(await flusher.stop(), 4);
    assert.equal(clock.now(), START + 5_000);
  });
});
