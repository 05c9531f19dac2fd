import { addCounts, addElements } from './add-counts.ts';
import type { Batch, MinuteCounts, SecondCounts } from './metrics-store.ts';

/**
 * Makes one batch of two of the same node, adding what they have in common. In whatever order and grouping batches are
 * merged, the totals are the same. The result has the later sequence: neither of the two may have been sent before.
 *
 * @throws TypeError for batches of different nodes
 */
export function mergeBatches(a: Batch, b: Batch): Batch {
  if (a.node !== b.node) throw new TypeError('batches of different nodes cannot be merged');
  return {
    node: a.node,
    sequence: Math.max(a.sequence, b.sequence),
    minutes: mergeMinutes([...a.minutes, ...b.minutes]),
    seconds: mergeSeconds([...a.seconds, ...b.seconds]),
  };
}

/** Adds up the counts of the same endpoint and minute. */
export function mergeMinutes(counts: readonly MinuteCounts[]): MinuteCounts[] {
  return mergeBy(
    counts,
    ({ endpoint }) => endpoint,
    (a, b) => ({ ...a, ...addCounts(a, b), seconds: addElements(a.seconds, b.seconds) }),
  );
}

/** Adds up the seconds of the same ecosystem and minute. */
export function mergeSeconds(counts: readonly SecondCounts[]): SecondCounts[] {
  return mergeBy(
    counts,
    ({ ecosystem }) => ecosystem,
    (a, b) => ({ ...a, seconds: addElements(a.seconds, b.seconds) }),
  );
}

function mergeBy<T extends { readonly minute: number }>(
  counts: readonly T[],
  nameOf: (count: T) => string,
  add: (a: T, b: T) => T,
): T[] {
  const merged = new Map<string, T>();
  for (const count of counts) {
    const key = `${count.minute} ${nameOf(count)}`;
    const known = merged.get(key);
    merged.set(key, known ? add(known, count) : count);
  }
  return [...merged.values()];
}
