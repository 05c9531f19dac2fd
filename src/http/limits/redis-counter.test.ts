import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createRedisServer, NO_REDIS, type RedisServer } from '../../../test/support/redis-server.ts';
import { until } from '../../../test/support/temporary-database.ts';
import { createLimiter, type Limiter, type Verdict } from './limiter.ts';
import { createRedisCounter } from './redis-counter.ts';
import type { SharedCounter } from './shared-counter.ts';

const MINUTE = 60_000;
const NOON = MINUTE * 1_000 + 30_000;
const LIMIT = 200;

function takeAll(limiter: Limiter, times: number, key: string): Promise<Verdict[]> {
  return Promise.all(Array.from({ length: times }, async () => limiter.take(key)));
}

function passed(verdicts: readonly Verdict[]): number {
  return verdicts.filter((verdict) => verdict.passed).length;
}

describe('given limiters of two nodes over a real Redis', { skip: NO_REDIS }, () => {
  let redis: RedisServer;
  const counters: SharedCounter[] = [];
  const limiters: Limiter[] = [];
  const away = [false, false];

  before(async () => {
    redis = await createRedisServer();
    await redis.start();
    for (const index of [0, 1]) {
      const shared = createRedisCounter(redis.url);
      counters.push(shared);
      limiters.push(
        createLimiter({
          name: 'test',
          limit: LIMIT,
          windowMs: MINUTE,
          shared,
          now: () => NOON,
          onShared: (isAway) => {
            away[index] = isAway;
          },
        }),
      );
    }
    await until('both are connected', () =>
      Promise.all(counters.map((counter) => counter.add('hello', 1, 1_000))).then(
        () => true,
        () => false,
      ),
    );
  });
  after(async () => {
    for (const limiter of limiters) limiter.close();
    await Promise.all(counters.map((counter) => counter.close()));
    await redis?.kill();
  });

  it('when both are asked at once, then the limit passes over both', async () => {
    const verdicts = await Promise.all(limiters.map((limiter) => takeAll(limiter, LIMIT, 'both')));
    assert.equal(passed(verdicts.flat()), LIMIT);
  });

  it('when a count is kept no longer, then it begins anew', async () => {
    const counter = counters[0] as SharedCounter;
    assert.equal(await counter.add('brief', 5, 40), 5);
    await pause(200);
    assert.equal(await counter.add('brief', 1, 40), 1);
  });

  it('when Redis hangs, then an answer is waited for only briefly, and it is used again afterwards', async () => {
    redis.signal('SIGSTOP');
    const verdicts = await Promise.all(limiters.map((limiter) => takeAll(limiter, LIMIT, 'hanging')));
    assert.deepEqual(verdicts.map(passed), [LIMIT, LIMIT]);
    assert.deepEqual(away, [true, true]);
    redis.signal('SIGCONT');
    await until('both share again', () => !away.includes(true));
  });

  it('when Redis is killed, then each counts for itself; when it is back, they share again', async () => {
    await redis.kill();
    const verdicts = await Promise.all(limiters.map((limiter) => takeAll(limiter, LIMIT + 50, 'killed')));
    assert.deepEqual(verdicts.map(passed), [LIMIT, LIMIT]);
    assert.deepEqual(away, [true, true]);
    await redis.start();
    await until('both share again', () => !away.includes(true));
    const again = await Promise.all(limiters.map((limiter) => takeAll(limiter, LIMIT, 'again')));
    assert.equal(passed(again.flat()), LIMIT);
  });

  it('when Redis is not there, then additions are rejected at once', async () => {
    const alone = createRedisCounter('redis://127.0.0.1:1');
    const begun = performance.now();
    await assert.rejects(alone.add('a', 1, 1_000));
    assert.ok(performance.now() - begun < 1_000);
    await alone.close();
  });
});
