import { hash } from 'node:crypto';
import type { Json } from '../connectors/connector.ts';

/** Where a page ended, so that the next one begins right after it whatever has been added or removed meanwhile. */
export interface PageAnchor {
  /** Records before the next page, when the page was made. */
  readonly index: number;
  /** Of the last records before it, in their order, what tells each from others. */
  readonly digests: readonly string[];
}

/** The records of a list, one by one. */
export interface RecordsInOrder {
  readonly length: number;
  recordAt(index: number): Json;
}

/** Records that an anchor holds on to: one of them must still be there. */
const HELD = 4;
/** How far from its old place a record is looked for, in either direction. */
const FARTHEST = 5_000;
const DIGEST_LENGTH = 12;

/** The anchor of what comes after the first so many records. */
export function anchorAt(records: RecordsInOrder, index: number): PageAnchor {
  const held = Math.min(HELD, index);
  return {
    index,
    digests: Array.from({ length: held }, (_, at) => digestOf(records.recordAt(index - held + at))),
  };
}

/**
 * Finds where the page after an anchor begins: right after the last of its records that is there still, looked for from
 * its old place outwards. With none of them left, or in a list that is not in its old order, its old place it is.
 */
export function locateAnchor({ index, digests }: PageAnchor, records: RecordsInOrder): number {
  const seen = new Map<number, string>();
  const digestAt = (at: number) => {
    const digest = seen.get(at) ?? digestOf(records.recordAt(at));
    seen.set(at, digest);
    return digest;
  };
  const latest = [...digests].reverse();
  // All of them together first: single records may be like others.
  const followsAll = (end: number) =>
    latest.every((digest, back) => end - 1 - back < 0 || digestAt(end - 1 - back) === digest);
  const candidates = [followsAll, ...latest.map((digest) => (end: number) => digestAt(end - 1) === digest)];
  for (const isEnd of candidates) {
    const found = searchOutwards(index, records.length, isEnd);
    if (found !== undefined) return found;
  }
  return Math.min(index, records.length);
}

/** The place nearest to an index, from 1 to the length, that passes. */
function searchOutwards(index: number, length: number, isEnd: (end: number) => boolean): number | undefined {
  for (let distance = 0; distance <= FARTHEST; distance += 1) {
    const [before, after] = [index - distance, index + distance];
    if (before < 1 && after > length) return undefined;
    if (before >= 1 && before <= length && isEnd(before)) return before;
    if (after >= 1 && after <= length && isEnd(after)) return after;
  }
  return undefined;
}

function digestOf(record: Json): string {
  return hash('sha256', JSON.stringify(record), 'base64url').slice(0, DIGEST_LENGTH);
}
