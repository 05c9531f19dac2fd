import { setTimeout as pause } from 'node:timers/promises';
import type { SharedCounter } from '../../src/http/limits/shared-counter.ts';

/** A shared count in memory that a test can take away. */
export interface MemoryCounter extends SharedCounter {
  setAway(isAway: boolean): void;
  /** What has been added to a limiter's key, over all windows. */
  total(key: string): number;
  /** How many additions of something were asked for. */
  questions(): number;
  /** What a node that the test does not run would add. */
  addFromElsewhere(key: string, amount: number): void;
}

export interface MemoryCounterSettings {
  /** How long additions take on the way there and on the way back, in turn, in milliseconds. */
  readonly latencies: readonly number[];
  /** Fails after the latency. */
  readonly failing?: boolean;
}

/** Creates a shared count in memory. */
export function memoryCounter({ latencies, failing = false }: MemoryCounterSettings): MemoryCounter {
  const counts = new Map<string, number>();
  let isAway = false;
  let turns = 0;
  let questions = 0;
  const travel = () => {
    turns += 1;
    const ms = latencies[turns % latencies.length] ?? 0;
    return ms === 0 ? Promise.resolve() : pause(ms);
  };
  const keysOf = (key: string) => [...counts.keys()].filter((candidate) => candidate.endsWith(`:${key}`));

  return {
    async add(key, amount) {
      if (isAway) throw new Error('away');
      if (amount > 0) questions += 1;
      await travel();
      if (failing) throw new Error('no answer');
      const total = (counts.get(key) ?? 0) + amount;
      counts.set(key, total);
      await travel();
      return total;
    },
    async close() {},
    setAway(next) {
      isAway = next;
    },
    total: (key) => keysOf(key).reduce((sum, each) => sum + (counts.get(each) ?? 0), 0),
    questions: () => questions,
    addFromElsewhere(key, amount) {
      for (const each of keysOf(key)) counts.set(each, (counts.get(each) ?? 0) + amount);
    },
  };
}
