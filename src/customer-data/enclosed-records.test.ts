import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../connectors/connector.ts';
import { putRecords, takeRecords } from './enclosed-records.ts';

const PATH = ['*', 'brand', 'companies', '*', 'contracts'];
const company = (name: string, ...contracts: number[]) => ({ name, contracts });
const CONTENT: Json = [
  { brand: { name: 'A', companies: [company('a1', 1, 2), company('a2')] } },
  { brand: { name: 'B', companies: [{ name: 'b1' }, company('b2', 3)] } },
];

describe('given records that a contract wraps', () => {
  it('when they are taken out, then they are in their order, and companies may have none', () => {
    assert.deepEqual(takeRecords(CONTENT, PATH), [1, 2, 3]);
    assert.deepEqual(takeRecords([1, 2], []), [1, 2]);
  });

  it('when some are put back, then nobody is named who has none of them', () => {
    assert.deepEqual(putRecords(CONTENT, PATH, [{ at: 2, record: 'three' }]), [
      { brand: { name: 'B', companies: [company('b2', 'three' as unknown as number)] } },
    ]);
    assert.deepEqual(putRecords(CONTENT, PATH, []), []);
  });

  it('when what wraps them is one object, then it stays when nothing is put back', () => {
    assert.deepEqual(putRecords({ name: 'A', list: [1], total: 1 }, ['list'], []), {
      name: 'A',
      list: [],
      total: 1,
    });
  });

  it('when the content has another form, then it has no records at all', () => {
    for (const content of [{}, [{ brand: [] }], [{ brand: { companies: {} } }], [1], 'text', null])
      assert.equal(takeRecords(content, PATH), undefined, JSON.stringify(content));
  });

  it('when pages are put back one after the other, then each record is on one of them', () => {
    const companies = fc.array(fc.array(fc.integer(), { maxLength: 5 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(companies, { maxLength: 4 }), fc.integer({ min: 1, max: 7 }), (brands, size) => {
        const content = brands.map((each) => ({
          brand: { companies: each.map((list) => company('x', ...list)) },
        }));
        const placed = (takeRecords(content, PATH) as Json[]).map((record, at) => ({ at, record }));
        const pages = Array.from({ length: Math.ceil(placed.length / size) }, (_, page) =>
          putRecords(content, PATH, placed.slice(page * size, (page + 1) * size)),
        );
        assert.deepEqual(
          pages.flatMap((page) => takeRecords(page, PATH)),
          brands.flat(2),
        );
      }),
    );
  });
});
