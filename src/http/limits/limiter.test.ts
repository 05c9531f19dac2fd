import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { memoryCounter } from '../../../test/support/memory-counter.ts';
import { until } from '../../../test/support/temporary-database.ts';
import { createLimiter, type Limiter, type LimiterSettings, type Verdict } from './limiter.ts';

const MINUTE = 60_000;
/** The middle of a window. */
const NOON = MINUTE * 1_000 + 30_000;

function limiterFor(test: TestContext | undefined, settings: Partial<LimiterSettings>): Limiter {
  const limiter = createLimiter({
    name: 'test',
    limit: 10,
    windowMs: MINUTE,
    shared: undefined,
    now: () => NOON,
    ...settings,
  });
  test?.after(() => limiter.close());
  return limiter;
}

/** Takes that often, all at once. */
function takeAll(limiter: Limiter, times: number, key = 'a'): Promise<Verdict[]> {
  return Promise.all(Array.from({ length: times }, async () => limiter.take(key)));
}

function passed(verdicts: readonly Verdict[]): number {
  return verdicts.filter((verdict) => verdict.passed).length;
}

describe('given a process on its own', () => {
  it('when requests reach the limit, then all pass; beyond it none does, and the end of the window is told', (test) => {
    const limiter = limiterFor(test, {});
    const verdicts = Array.from({ length: 15 }, () => limiter.take('a') as Verdict);
    assert.deepEqual(
      verdicts.map((verdict) => verdict.passed),
      [...Array(10).fill(true), ...Array(5).fill(false)],
    );
    assert.deepEqual(verdicts[10], { passed: false, limit: 10, retryAfterMs: 30_000 });
  });

  it('when it is asked where a key stands, then it tells, and counts nothing by that', (test) => {
    let time = NOON;
    const limiter = limiterFor(test, { now: () => time });
    assert.deepEqual(limiter.standing('a'), { count: 0, limit: 10 });
    for (let index = 0; index < 3; index += 1) limiter.take('a');
    assert.deepEqual(limiter.standing('a'), { count: 3, limit: 10 });
    assert.deepEqual(limiter.standing('a'), { count: 3, limit: 10 });
    for (let index = 0; index < 20; index += 1) limiter.take('a');
    assert.deepEqual(limiter.standing('a'), { count: 11, limit: 10 });
    time = NOON + 30_000;
    assert.deepEqual(limiter.standing('a'), { count: 0, limit: 10 });
  });

  it('when one key is used up, then another is not', (test) => {
    const limiter = limiterFor(test, {});
    for (let index = 0; index < 20; index += 1) limiter.take('a');
    assert.deepEqual(limiter.take('b'), { passed: true });
  });

  it('when the window rolls over, then the key begins anew', (test) => {
    let time = NOON;
    const limiter = limiterFor(test, { now: () => time });
    for (let index = 0; index < 20; index += 1) limiter.take('a');
    time = NOON + 29_999;
    assert.equal((limiter.take('a') as Verdict).passed, false);
    time = NOON + 30_000;
    assert.equal((limiter.take('a') as Verdict).passed, true);
  });

  it('whatever the moments and keys, then no window refuses below the limit, nor passes more than it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.record({ key: fc.constantFrom('a', 'b'), after: fc.integer({ min: 0, max: 400 }) }), {
          maxLength: 120,
        }),
        (limit, requests) => {
          let time = NOON;
          const limiter = limiterFor(undefined, { limit, windowMs: 1_000, now: () => time });
          const counts = new Map<string, number>();
          for (const { key, after } of requests) {
            time += after;
            const place = `${Math.floor(time / 1_000)} ${key}`;
            const count = (counts.get(place) ?? 0) + 1;
            counts.set(place, count);
            assert.equal((limiter.take(key) as Verdict).passed, count <= limit);
          }
        },
      ),
    );
  });

  it('when more keys come than are remembered, then memory is bounded and nobody new is refused', (test) => {
    const limiter = limiterFor(test, { limit: 1 });
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 1_000_000; index += 1)
      assert.equal((limiter.take(`2001:db8::${index.toString(16)}`) as Verdict).passed, true);
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < 250 * 1024 * 1024, `grew by ${Math.round(grown / 1024 / 1024)} MB`);
  });
});

describe('given several nodes over one shared count', () => {
  it('whatever the interleaving and the latencies, then exactly the limit passes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 99 }),
        fc.array(fc.record({ node: fc.nat(2), waits: fc.boolean() }), { minLength: 1, maxLength: 300 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }),
        async (limit, requests, latencies) => {
          const shared = memoryCounter({ latencies });
          const nodes = Array.from({ length: 3 }, () => limiterFor(undefined, { limit, shared }));
          const verdicts: Promise<Verdict>[] = [];
          for (const { node, waits } of requests) {
            verdicts.push(Promise.resolve((nodes[node] as Limiter).take('a')));
            if (waits && verdicts.length % 8 === 0) await pause(1);
          }
          assert.equal(passed(await Promise.all(verdicts)), Math.min(limit, requests.length));
          for (const node of nodes) node.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('when the limit is large, then it is exceeded by no more than a hundredth for each other node', async (test) => {
    const shared = memoryCounter({ latencies: [1, 0, 3] });
    const nodes = Array.from({ length: 3 }, () => limiterFor(test, { limit: 1_000, shared }));
    const verdicts: Promise<Verdict[]>[] = [];
    // The third node hears of its first request when the others have used the limit up.
    for (let round = 0; round < 30; round += 1) {
      const [first, second, third] = nodes as [Limiter, Limiter, Limiter];
      verdicts.push(takeAll(first, 40), takeAll(second, 40));
      if (round > 20) verdicts.push(takeAll(third, 40));
      await pause(2);
    }
    const total = passed((await Promise.all(verdicts)).flat());
    assert.ok(total >= 1_000 && total <= 1_020, `${total} passed`);
  });

  it('when few requests come, then they do not wait, and are told all the same', async (test) => {
    const shared = memoryCounter({ latencies: [0] });
    const limiter = limiterFor(test, { limit: 1_000, shared });
    for (let index = 0; index < 5; index += 1) assert.deepEqual(limiter.take('a'), { passed: true });
    await until('the requests are told', () => shared.total('a') === 5);
  });

  it('when requests come together, then they share a question', async (test) => {
    const shared = memoryCounter({ latencies: [2] });
    const limiter = limiterFor(test, { limit: 500, shared });
    assert.equal(passed(await takeAll(limiter, 600)), 500);
    assert.ok(shared.questions() <= 4, `${shared.questions()} questions`);
  });

  it('when the window changes while requests wait, then each is answered by its own window', async (test) => {
    let time = NOON;
    const shared = memoryCounter({ latencies: [20] });
    const limiter = limiterFor(test, { limit: 5, shared, now: () => time });
    const before = takeAll(limiter, 8);
    time += MINUTE;
    const after = takeAll(limiter, 8);
    assert.equal(passed(await before), 5);
    assert.equal(passed(await after), 5);
  });
});

describe('given a shared count that goes away', () => {
  it('when it fails, then the node counts for itself, no request fails, and it is said once', async (test) => {
    const shared = memoryCounter({ latencies: [0] });
    const told: boolean[] = [];
    const limiter = limiterFor(test, { shared, onShared: (isAway) => told.push(isAway) });
    assert.equal(passed(await takeAll(limiter, 4)), 4);
    shared.setAway(true);
    assert.equal(passed(await takeAll(limiter, 20)), 6);
    assert.equal(passed(await takeAll(limiter, 20, 'b')), 10);
    assert.deepEqual(told, [true]);
  });

  it('when it is back, then it is used again, and what it missed is told', async (test) => {
    const shared = memoryCounter({ latencies: [0] });
    const told: boolean[] = [];
    const limiter = limiterFor(test, { limit: 100, shared, onShared: (isAway) => told.push(isAway) });
    shared.setAway(true);
    assert.equal(passed(await takeAll(limiter, 30)), 30);
    assert.equal(passed(await takeAll(limiter, 20)), 20);
    shared.setAway(false);
    await until('the shared count is back', () => told.length === 2);
    assert.deepEqual(told, [true, false]);
    // The question that failed is not repeated: it may have been counted after all.
    await until('what it missed is told', () => shared.total('a') === 48);
    shared.addFromElsewhere('a', 40);
    assert.equal(passed(await takeAll(limiter, 30)), 12);
  });

  it('when it neither answers nor fails, then only who was waiting waits', async (test) => {
    const shared = memoryCounter({ latencies: [100], failing: true });
    const limiter = limiterFor(test, { limit: 100, shared });
    assert.equal(passed(await takeAll(limiter, 50)), 50);
    const verdicts = Array.from({ length: 60 }, () => limiter.take('a'));
    assert.equal(
      verdicts.filter((verdict) => !(verdict instanceof Promise) && verdict.passed).length,
      50,
      'answered at once',
    );
  });

  it('when nobody asks, then its absence and its return are noticed all the same', async (test) => {
    const shared = memoryCounter({ latencies: [0] });
    const told: boolean[] = [];
    limiterFor(test, { shared, onShared: (isAway) => told.push(isAway) });
    shared.setAway(true);
    await until('the absence is noticed', () => told.length === 1);
    shared.setAway(false);
    await until('the return is noticed', () => told.length === 2);
  });
});
