import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { accessMadeUpHolder, errors, madeUpUrl, page } from '../../test/support/made-up-holder.ts';
import { pages } from './pages.ts';
import { records } from './records.ts';

const ACCOUNTS = { family: 'accounts', path: '/accounts' } as const;
const PATH = '/open-banking/accounts/v2/accounts';

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

function pageUrl(number: number, rest = ''): string {
  return madeUpUrl(`${PATH}?page=${number}${rest}`);
}

/** Serves records 1 to `total`, page by page. */
function serving(total: number, size: number) {
  return ({ url }: { url: URL }) => {
    const number = Number(url.searchParams.get('page') ?? 1);
    const last = Math.ceil(total / size);
    const data = Array.from({ length: Math.min(size, total - (number - 1) * size) }, (_, at) => ({
      id: (number - 1) * size + at + 1,
    }));
    return [200, page(data, number < last ? pageUrl(number + 1) : undefined, last)] as const;
  };
}

describe('given a list over many pages', () => {
  it('when its records are read, then each comes once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (total, size) => {
          const { access } = await accessMadeUpHolder({ answer: serving(total, size) });
          const found = await collect(records<{ id: number }>(access, ACCOUNTS));
          assert.deepEqual(
            found.map(({ id }) => id),
            Array.from({ length: total }, (_, at) => at + 1),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('when the reader stops early, then no further page is asked for', async () => {
    const { access, requests } = await accessMadeUpHolder({ answer: serving(100, 10) });
    for await (const record of records<{ id: number }>(access, ACCOUNTS)) if (record.id === 15) break;
    assert.equal(requests.length, 2);
  });

  it('when a query is given, then it is that of the first page; links have their own', async () => {
    const { access, requests } = await accessMadeUpHolder({ answer: serving(20, 10) });
    await collect(pages(access, ACCOUNTS, { query: { 'page-size': 10, fromDate: '2026-01-01' } }));
    assert.deepEqual(
      requests.map(({ url }) => url.search),
      ['?page-size=10&fromDate=2026-01-01', '?page=2'],
    );
  });

  it('when a page is refused, then what came before has been told', async () => {
    const { access } = await accessMadeUpHolder({
      answer: (request) =>
        request.url.searchParams.get('page') === '3' ? [500, errors('X')] : serving(50, 10)(request),
    });
    const found: number[] = [];
    await assert.rejects(
      async () => {
        for await (const { id } of records<{ id: number }>(access, ACCOUNTS)) found.push(id);
      },
      { name: 'HolderRefusal', status: 500 },
    );
    assert.equal(found.length, 20);
  });

  it('when there are more pages than are followed, then reading ends with that', async () => {
    const { access, requests } = await accessMadeUpHolder({ answer: serving(100, 10) });
    await assert.rejects(collect(pages(access, ACCOUNTS, { maxPages: 4 })), { fault: 'too-many-pages' });
    assert.equal(requests.length, 4);
  });

  it('when the link has no origin of its own, then it is that of the page', async () => {
    const { access, requests } = await accessMadeUpHolder({
      answer: ({ url }) => [200, page([], url.search === '' ? '?page=2' : undefined)],
    });
    await collect(pages(access, ACCOUNTS));
    assert.equal(requests[1]?.url.href, pageUrl(2));
  });
});

describe('given links that lead in circles', () => {
  it('when the last page leads to itself, then that is the end', async () => {
    const { access } = await accessMadeUpHolder({
      answer: ({ url }) => {
        const number = Number(url.searchParams.get('page') ?? 1);
        return [200, page([number], pageUrl(Math.min(number + 1, 3)), 3)];
      },
    });
    assert.deepEqual(await collect(records(access, ACCOUNTS)), [1, 2, 3]);
  });

  for (const [name, next] of [
    ['to the same page', 2],
    ['to an earlier page', 1],
  ] as const)
    it(`when a page in the middle leads ${name}, then no record comes twice and it is told`, async () => {
      const { access } = await accessMadeUpHolder({
        answer: ({ url }) => {
          const number = Number(url.searchParams.get('page'));
          return [200, page([number], pageUrl(number === 1 ? 2 : next), 5)];
        },
      });
      const found: unknown[] = [];
      await assert.rejects(
        async () => {
          for await (const one of records(access, ACCOUNTS, { query: { page: 1 } })) found.push(one);
        },
        { fault: 'repeated-page' },
      );
      assert.deepEqual(found, [1, 2]);
    });

  it('when only the order of the members differs, or the key of the series, then it is the same page', async () => {
    let turn = 0;
    const { access, requests } = await accessMadeUpHolder({
      answer: () => {
        turn += 1;
        return [
          200,
          page([], madeUpUrl(`${PATH}?${turn % 2 ? 'a=1&page=2' : 'page=2&a=1'}&pagination-key=${turn}`)),
        ];
      },
    });
    await assert.rejects(collect(pages(access, ACCOUNTS)), { fault: 'repeated-page' });
    assert.equal(requests.length, 2);
  });

  it('when pages have keys and no numbers, then another key is another page', async () => {
    let turn = 0;
    const { access } = await accessMadeUpHolder({
      answer: () => {
        turn += 1;
        return [200, page([turn], turn < 4 ? madeUpUrl(`${PATH}?pagination-key=${turn}`) : undefined)];
      },
    });
    assert.deepEqual(await collect(records(access, ACCOUNTS)), [1, 2, 3, 4]);
  });
});

describe('given links that lead elsewhere', () => {
  for (const next of [
    'https://elsewhere.example/open-banking/accounts/v2/accounts?page=2',
    'http://api.holder.example/open-banking/accounts/v2/accounts?page=2',
    'https://api.holder.example/open-banking/resources/v3/resources?page=2',
    '//elsewhere.example/open-banking/accounts/v2/accounts?page=2',
    '../../../admin',
  ])
    it(`when the next page is ${next}, then no token goes there`, async () => {
      const { access, requests } = await accessMadeUpHolder({ answer: () => [200, page([1], next)] });
      await assert.rejects(collect(pages(access, ACCOUNTS)), { name: 'UnusableAnswer', fault: 'elsewhere' });
      assert.equal(requests.length, 1);
    });

  it('when the link is no URL, then it is of no use', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => [200, page([1], 'https://[')] });
    await assert.rejects(collect(pages(access, ACCOUNTS)), { fault: 'malformed' });
  });
});

describe('given lists within other members', () => {
  const of = async (data: unknown, at?: string) => {
    const { access } = await accessMadeUpHolder({ answer: () => [200, page(data)] });
    return collect(records(access, ACCOUNTS, at === undefined ? {} : { at }));
  };
  const policies = [
    { brand: 'A', companies: [{ policies: [1, 2] }, {}] },
    { brand: 'B', companies: [{ policies: [3] }] },
  ];

  it('when nobody says where, then the nearest list is taken', async () => {
    assert.deepEqual(await of({ brand: { name: 'A', deeper: { list: [9] }, companies: [1, 2] } }), [1, 2]);
    assert.deepEqual(await of(policies), policies);
    assert.deepEqual(await of([]), []);
    assert.deepEqual(await of({ balance: 1 }), []);
  });

  it('when it is said where, then all lists there are one', async () => {
    assert.deepEqual(await of(policies, '/data/*/companies/*/policies'), [1, 2, 3]);
    assert.deepEqual(await of({ 'a/b': { '~': [[1], [2]] } }, '/data/a~1b/~0'), [[1], [2]]);
    assert.deepEqual(await of(policies, '/data/*/nothing'), []);
  });

  it('when there is no list where it is said to be, then that is told', async () => {
    await assert.rejects(of(policies, '/data/*/brand'), { fault: 'malformed' });
  });

  it('when a page has no body, then it has no records', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => [204] });
    assert.deepEqual(await collect(records(access, ACCOUNTS)), []);
  });
});
