import { Redis } from 'ioredis';
import type { SharedCounter } from './shared-counter.ts';

/** A request waits at most this long for the shared count, in milliseconds. */
const ANSWER_MS = 250;
const PREFIX = 'guiche:limit:';

/**
 * Counts in Redis or Valkey. It connects in the background and again whenever the connection is lost; while there is
 * none, additions are rejected at once and not kept for later.
 *
 * @param url `redis://` or `rediss://` address
 */
export function createRedisCounter(url: string): SharedCounter {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: ANSWER_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  // Without a listener a lost connection would end the process; whoever adds is told, and that is enough.
  redis.on('error', () => {});

  return {
    async add(key, amount, keepMs) {
      const replies = await redis
        .multi()
        .incrby(PREFIX + key, amount)
        .pexpire(PREFIX + key, keepMs)
        .exec();
      const [error, total] = replies?.[0] ?? [new Error('no reply')];
      if (error || typeof total !== 'number') throw error ?? new Error('not a count');
      return total;
    },
    async close() {
      redis.disconnect();
    },
  };
}
