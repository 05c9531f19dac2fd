import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../connectors/connector.ts';
import { anchorAt, locateAnchor } from './page-anchor.ts';

const listOf = (records: readonly Json[]) => ({
  length: records.length,
  recordAt: (index: number) => records[index] as Json,
});
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** Where the page after `index` records of the first list begins in the second. */
function follow(before: readonly Json[], index: number, after: readonly Json[]): number {
  return locateAnchor(anchorAt(listOf(before), index), listOf(after));
}

describe('given where a page ended', () => {
  const list = numbers(0, 20);

  it('when nothing has changed, then the next begins there', () => {
    for (const index of [1, 3, 10, 20]) assert.equal(follow(list, index, list), index);
  });

  it('when records were added or removed before it, then it begins after the same record', () => {
    assert.equal(follow(list, 10, [...numbers(-7, 0), ...list]), 17);
    assert.equal(follow(list, 10, list.slice(8)), 2);
  });

  it('when the record itself is gone, then it begins after the last one before it that is there', () => {
    const without = (...gone: number[]) => list.filter((record) => !gone.includes(record));
    assert.equal(follow(list, 10, without(9)), 9);
    assert.equal(follow(list, 10, without(7, 8, 9)), 7);
    assert.equal(follow(list, 10, [...numbers(-5, 0), ...without(9, 8)]), 13);
  });

  it('when none of them is there, then it begins where it began, or at the end of what there is', () => {
    assert.equal(follow(list, 10, numbers(100, 120)), 10);
    assert.equal(follow(list, 10, numbers(100, 103)), 3);
    assert.equal(follow(list, 10, []), 0);
  });

  it('when records are alike, then those around them tell which is meant', () => {
    const alike = ['a', 'x', 'x', 'b', 'x', 'x', 'c', 'x'];
    for (let index = 1; index <= alike.length; index += 1)
      assert.equal(follow(alike, index, ['n', ...alike]), index + 1, String(index));
  });

  it('when whatever is added anywhere and up to three are removed, then nothing that stays is lost or told twice', () => {
    const change = fc.record({
      index: fc.integer({ min: 4, max: 40 }),
      added: fc.array(fc.nat(41), { maxLength: 20 }),
      removed: fc.uniqueArray(fc.nat(40), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(change, ({ index, added, removed }) => {
        const before = numbers(0, 41);
        const after: Json[] = before.filter((record) => !removed.includes(record));
        for (const [at, place] of added.entries())
          after.splice(Math.min(place, after.length), 0, `new ${at}`);
        const rest = after.slice(follow(before, index, after)).filter((record) => typeof record === 'number');
        assert.deepEqual(
          rest,
          before.slice(index).filter((record) => !removed.includes(record)),
        );
      }),
    );
  });
});
