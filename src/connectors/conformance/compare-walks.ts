import type { Json } from '../connector.ts';
import { recordKey } from './record-key.ts';

/** A list as it was before and after it was read in pages. */
export interface Reading {
  readonly before: readonly Json[];
  readonly pages: readonly Json[];
  readonly after: readonly Json[];
  /** False when the pages end before the list does. */
  readonly isComplete: boolean;
}

/**
 * Compares what pages gave with the list itself. While the list stays the same they must be the same; of a list that
 * changed meanwhile, every record that was there throughout must come once, in its order.
 *
 * @returns what is wrong, undefined when nothing is
 */
export function compareWalks({ before, pages, after, isComplete }: Reading): string | undefined {
  const [was, came, is] = [before, pages, after].map((records) => records.map(recordKey)) as [
    string[],
    string[],
    string[],
  ];
  const isSame = isEqual(was, is);
  const throughout = isSame ? was : inBoth(was, is);
  const steady = new Set(throughout);
  const found = isSame ? came : came.filter((key) => steady.has(key));
  const expected = isComplete ? throughout : throughout.slice(0, found.length);
  if (found.length > new Set(found).size && new Set(expected).size === expected.length)
    return 'a record comes more than once';
  if (found.length < expected.length)
    return `${expected.length - found.length} of ${expected.length} records are missing`;
  if (found.length > expected.length)
    return `${found.length - expected.length} records come that the list does not have`;
  return isEqual(found, expected) ? undefined : describeOrder(found, expected);
}

/** Whether two readings of a list found the same records in the same order. */
export function isUnchanged(before: readonly Json[], after: readonly Json[]): boolean {
  return isEqual(before.map(recordKey), after.map(recordKey));
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((key, at) => key === other[at]);
}

/** Records that are in both, and only once in each. */
function inBoth(one: readonly string[], other: readonly string[]): string[] {
  const single = (keys: readonly string[]) => {
    const counts = Map.groupBy(keys, (key) => key);
    return (key: string) => counts.get(key)?.length === 1;
  };
  const isOnceInOne = single(one);
  const isOnceInOther = single(other);
  return one.filter((key) => isOnceInOne(key) && isOnceInOther(key));
}

function describeOrder(found: readonly string[], expected: readonly string[]): string {
  const known = new Set(expected);
  return found.every((key) => known.has(key))
    ? 'the records come in another order'
    : 'other records come than the list has';
}
