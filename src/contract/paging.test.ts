import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  linkPage,
  type PageLinks,
  type PagingRule,
  pageLinks,
  pageRange,
  readPageRequest,
  totalPages,
} from './paging.ts';

const RULE: PagingRule = {
  pageParameter: 'page',
  sizeParameter: 'page-size',
  firstPage: 1,
  defaultSize: 25,
  minSize: 1,
  maxSize: 1000,
};
const read = (page?: string, size?: string, rule = RULE, holderMax = 1000) =>
  readPageRequest(rule, page, size, holderMax);

describe('readPageRequest', () => {
  it('takes the defaults for what is missing or empty, and knows whether the client named any', () => {
    const first = { page: 1, size: 25, explicit: false };
    assert.deepEqual([read(), read('', ''), read(undefined, '')], [first, first, first]);
    assert.deepEqual(read('2'), { page: 2, size: 25, explicit: true });
    assert.deepEqual(read('', '10'), { page: 1, size: 10, explicit: true });
    assert.deepEqual(read('1', '25'), { page: 1, size: 25, explicit: true });
  });

  it('takes what lies within the rule', () => {
    assert.deepEqual(read('7', '1000'), { page: 7, size: 1000, explicit: true });
    assert.deepEqual(read('007', '1'), { page: 7, size: 1, explicit: true });
  });

  it('refuses what is no whole number, and what lies below 1', () => {
    for (const text of [
      '0',
      '-1',
      '+1',
      '1.0',
      '1e3',
      ' 1',
      '1 ',
      '0x1',
      'x',
      'NaN',
      'null',
      '٣',
      '1,2',
      '1'.repeat(401),
    ]) {
      assert.equal(read(text), 'page-not-a-number', text);
      assert.equal(read('1', text), 'size-not-a-number', text);
    }
  });

  it('refuses a size above the maximum, whatever the holder could serve', () => {
    assert.equal(read('1', '1001'), 'size-too-large');
    assert.equal(read('1', '9'.repeat(300)), 'size-too-large');
    assert.equal(read('1', '1001', RULE, 5000), 'size-too-large');
  });

  it('answers a size within the maximum but above the holder cap with the cap, in page arithmetic too', () => {
    const request = read('2', '1000', RULE, 800);
    assert.deepEqual(request, { page: 2, size: 800, explicit: true });
    assert.deepEqual(pageRange(RULE, request as never, 2000), { from: 800, to: 1600 });
    assert.deepEqual(read(undefined, undefined, RULE, 10), { page: 1, size: 10, explicit: false });
  });

  it('raises a size below the declared minimum to it', () => {
    const rule = { ...RULE, minSize: 25 };
    assert.deepEqual(read('1', '3', rule), { page: 1, size: 25, explicit: true });
    assert.equal(read('1', '0', rule), 'size-not-a-number');
  });

  it('counts from 0 where the contract does', () => {
    const rule = { ...RULE, firstPage: 0 };
    assert.deepEqual(read(undefined, undefined, rule), { page: 0, size: 25, explicit: false });
    assert.deepEqual(read('0', '', rule), { page: 0, size: 25, explicit: true });
    assert.deepEqual(pageRange(rule, { page: 1, size: 10, explicit: true }, 15), { from: 10, to: 15 });
  });

  it('takes a page of any length for one beyond the last', () => {
    const request = read('9'.repeat(400), '1000');
    assert.ok(typeof request === 'object');
    assert.deepEqual(pageRange(RULE, request, 42), { from: 42, to: 42 });
  });
});

const URL = 'https://api.example.com/open-insurance/things/v1/things';
const links = (page: number, total: number, { size = 10, explicit = false, rule = RULE, url = URL } = {}) =>
  pageLinks(rule, { page, size, explicit }, total, url);
const names = (made: PageLinks) => Object.keys(made).join(' ');

describe('pageLinks', () => {
  it('gives what the table of the regulators gives', () => {
    assert.equal(names(links(1, 10)), 'self');
    assert.equal(names(links(1, 30)), 'self next last');
    assert.equal(names(links(2, 30)), 'self first prev next last');
    assert.equal(names(links(3, 30)), 'self first prev');
    assert.equal(names(links(1, 0)), 'self');
  });

  it('leads from page to page, repeating size and the other parameters', () => {
    const at = (page: number) => `${URL}?line=A%20B&page=${page}&page-size=10`;
    assert.deepEqual(links(2, 45, { url: `${URL}?line=A%20B` }), {
      self: at(2),
      first: at(1),
      prev: at(1),
      next: at(3),
      last: at(5),
    });
  });

  it('shows page and size of a single page only when the client named one', () => {
    assert.deepEqual(links(1, 3), { self: URL });
    assert.deepEqual(links(1, 3, { explicit: true }), { self: `${URL}?page=1&page-size=10` });
  });

  it('leads back from a page beyond the last to the last', () => {
    const { prev, next, last } = links(9, 30, { explicit: true });
    assert.deepEqual([prev, next, last], [`${URL}?page=3&page-size=10`, undefined, undefined]);
    assert.equal(links(9, 0, { explicit: true }).prev, `${URL}?page=1&page-size=10`);
  });

  it('uses the names and the first page of the contract', () => {
    const rule = { ...RULE, pageParameter: 'page', sizeParameter: 'size', firstPage: 0 };
    assert.deepEqual(links(0, 15, { rule }), {
      self: `${URL}?page=0&size=10`,
      next: `${URL}?page=1&size=10`,
      last: `${URL}?page=1&size=10`,
    });
    assert.equal(names(links(1, 15, { rule })), 'self first prev');
  });
});

describe('linkPage', () => {
  const rule = { ...RULE, keyParameter: 'key' };
  const keys = () => ({ self: 'own', other: 'o+r' });
  const page = (number: number, explicit = true) => ({ page: number, size: 10, explicit });

  it('leads on and back through a list that nobody has counted, and to no end of it', () => {
    const on = { total: undefined, hasNext: true };
    assert.deepEqual(Object.keys(linkPage(RULE, page(1, false), on, '/x')), ['self', 'next']);
    assert.deepEqual(linkPage(RULE, page(3), on, '/x'), {
      self: '/x?page=3&page-size=10',
      first: '/x?page=1&page-size=10',
      prev: '/x?page=2&page-size=10',
      next: '/x?page=4&page-size=10',
    });
    const off = { total: undefined, hasNext: false };
    assert.deepEqual(linkPage(RULE, page(1, false), off, '/x'), { self: '/x' });
  });

  it('carries keys, of its own to the page itself, where there are further pages', () => {
    const links = linkPage(rule, page(1), { total: 11, hasNext: true }, '/x', keys);
    assert.deepEqual(links, {
      self: '/x?page=1&page-size=10&key=own',
      next: '/x?page=2&page-size=10&key=o%2Br',
      last: '/x?page=2&page-size=10&key=o%2Br',
    });
    const single = { total: 10, hasNext: false };
    const none = () => assert.fail('keys of a single page');
    assert.deepEqual(linkPage(rule, page(1), single, '/x', none), { self: '/x?page=1&page-size=10' });
    assert.doesNotMatch(JSON.stringify(linkPage(RULE, page(2), single, '/x', keys)), /key/);
  });
});

describe('paging as a whole', () => {
  const asked = fc.record({
    total: fc.nat(400),
    size: fc.integer({ min: 1, max: 60 }),
    firstPage: fc.constantFrom(0, 1),
    holderMax: fc.integer({ min: 1, max: 60 }),
  });

  it('shows every record exactly once, in order, to a client that follows next from the first page', () => {
    fc.assert(
      fc.property(asked, ({ total, size, firstPage, holderMax }) => {
        const rule = { ...RULE, firstPage };
        const records = Array.from({ length: total }, (_, index) => index);
        const seen: number[] = [];
        let url: string | undefined = `${URL}?page-size=${size}`;
        let pages = 0;
        while (url !== undefined) {
          const query: URLSearchParams = new globalThis.URL(url).searchParams;
          const request = readPageRequest(
            rule,
            query.get('page') ?? undefined,
            query.get('page-size') ?? undefined,
            holderMax,
          );
          assert.ok(typeof request === 'object');
          const { from, to } = pageRange(rule, request, total);
          seen.push(...records.slice(from, to));
          assert.ok(to - from <= Math.min(size, holderMax));
          url = pageLinks(rule, request, total, URL).next;
          pages += 1;
        }
        assert.deepEqual(seen, records);
        assert.equal(pages, Math.max(totalPages(total, Math.min(size, holderMax)), 1));
      }),
    );
  });

  it('has first and prev exactly after the first page, next and last exactly before the last', () => {
    fc.assert(
      fc.property(asked, fc.nat(50), ({ total, size, firstPage }, offset) => {
        const rule = { ...RULE, firstPage };
        const page = firstPage + offset;
        const made = pageLinks(rule, { page, size, explicit: true }, total, URL);
        const pages = totalPages(total, size);
        const after = offset > 0;
        const before = offset < pages - 1;
        assert.deepEqual([made.first, made.prev, made.next, made.last].map(Boolean), [
          after,
          after,
          before,
          before,
        ]);
        assert.match(made.self, new RegExp(`\\?page=${page}&page-size=${size}$`));
      }),
    );
  });
});
