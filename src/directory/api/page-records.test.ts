import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Call } from '../../contract/call.ts';
import { type AskedPage, composePage, readAskedPage } from './page-records.ts';

const asked = (query: Record<string, string>, size?: number) =>
  readAskedPage({ query } as unknown as Call, size);

describe('given a call for a page', () => {
  it('when it says nothing, then it is the first page of 25, unsorted', () => {
    assert.deepEqual(asked({}), { offset: 0, limit: 25, sort: [] });
    assert.deepEqual(asked({ page: '', size: '', sort: '' }, 1000), { offset: 0, limit: 1000, sort: [] });
  });

  it('when it names page, size and member, then pages count from 0', () => {
    assert.deepEqual(asked({ page: '2', size: '10', sort: 'status,desc' }), {
      offset: 20,
      limit: 10,
      sort: [{ member: 'Status', descending: true }],
    });
    assert.deepEqual(asked({ sort: 'OrganisationName' }), {
      offset: 0,
      limit: 25,
      sort: [{ member: 'OrganisationName', descending: false }],
    });
  });

  it('when one of them is not what it should be, then the answer is 400', () => {
    const wrong = [
      { page: '-1' },
      { page: '1.5' },
      { page: '9999999' },
      { page: 'one' },
      { size: '0' },
      { size: '1001' },
      { size: '1e2' },
      { sort: "Name'--" },
      { sort: 'Name,up' },
      { sort: ',desc' },
    ];
    for (const query of wrong) {
      const answer = asked(query as unknown as Record<string, string>);
      assert.ok('kind' in answer && answer.kind === 'problem', JSON.stringify(query));
      assert.equal(answer.problem.status, 400);
    }
  });
});

describe('given a page', () => {
  it('when there are any number of records, then its numbers fit together', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(20), fc.integer({ min: 1, max: 50 }), (total, number, size) => {
        const offset = number * size;
        const content = Array.from({ length: Math.max(0, Math.min(size, total - offset)) }, () => ({}));
        const page = composePage(content, total, { offset, limit: size, sort: [] } satisfies AskedPage);
        assert.equal(page.numberOfElements, content.length);
        assert.equal(page.empty, content.length === 0);
        assert.equal(page.pageNumber, number);
        assert.ok((page.totalPages as number) * size >= total);
        assert.ok(((page.totalPages as number) - 1) * size < total);
      }),
    );
  });
});
