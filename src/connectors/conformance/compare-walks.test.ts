import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareWalks } from './compare-walks.ts';

const unique = fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 20 });

describe('given a list that stays the same', () => {
  it('when pages hold all of it in its order, then nothing is wrong', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (list) => {
        assert.equal(compareWalks({ before: list, pages: list, after: list, isComplete: true }), undefined);
      }),
    );
  });

  it('when any record is lost or comes twice, then it is found', () => {
    fc.assert(
      fc.property(unique, fc.nat(), (list, at) => {
        const place = at % list.length;
        const lost = list.toSpliced(place, 1);
        const twice = list.toSpliced(place, 0, list[place] as number);
        for (const pages of [lost, twice])
          assert.notEqual(compareWalks({ before: list, pages, after: list, isComplete: true }), undefined);
      }),
    );
  });

  it('when two records change places, then it is found', () => {
    const wrong = compareWalks({ before: [1, 2, 3], pages: [1, 3, 2], after: [1, 2, 3], isComplete: true });
    assert.equal(wrong, 'the records come in another order');
  });

  it('when equal records are in the list itself, then they may come as often', () => {
    const list = ['a', 'a', 'b'];
    assert.equal(compareWalks({ before: list, pages: list, after: list, isComplete: true }), undefined);
    const fewer = compareWalks({ before: list, pages: ['a', 'b'], after: list, isComplete: true });
    assert.equal(fewer, '1 of 3 records are missing');
  });

  it('when pages were not read to the end, then they have to be its beginning', () => {
    const before = [1, 2, 3, 4];
    assert.equal(compareWalks({ before, pages: [1, 2], after: before, isComplete: false }), undefined);
    assert.notEqual(compareWalks({ before, pages: [1, 3], after: before, isComplete: false }), undefined);
  });

  it('when only the order of members differs, then the record is the same', () => {
    const wrong = compareWalks({
      before: [{ a: 1, b: [{ c: 2, d: 3 }] }],
      pages: [{ b: [{ d: 3, c: 2 }], a: 1 }],
      after: [{ a: 1, b: [{ c: 2, d: 3 }] }],
      isComplete: true,
    });
    assert.equal(wrong, undefined);
  });
});

describe('given a list that changes while it is read', () => {
  it('when records come and go at its ends, then those that stay have to come once each', () => {
    fc.assert(
      fc.property(unique, fc.nat(5), fc.nat(5), fc.boolean(), (list, gone, come, isSeen) => {
        const added = Array.from({ length: come + 1 }, (_, at) => 100 + at);
        const after = [...added, ...list.slice(0, list.length - Math.min(gone, list.length))];
        const pages = isSeen ? [...added, ...list] : list;
        assert.equal(compareWalks({ before: list, pages, after, isComplete: true }), undefined);
        const [first] = after.slice(added.length);
        if (first === undefined) return;
        const lost = pages.filter((record) => record !== first);
        assert.notEqual(compareWalks({ before: list, pages: lost, after, isComplete: true }), undefined);
        const twice = compareWalks({ before: list, pages: [...pages, first], after, isComplete: true });
        assert.equal(twice, 'a record comes more than once');
      }),
    );
  });
});
