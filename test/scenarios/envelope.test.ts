import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  type AnswerRoot,
  madeUpContract,
  madeUpData,
  makeThings,
  THINGS,
} from '../support/made-up-contract.ts';
import type { Json } from '../support/send-request.ts';
import { PUBLIC_ORIGIN, startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const self = `${PUBLIC_ORIGIN}${url}`;
const INSURER = join(import.meta.dirname, '../../examples/insurer/data');

/** Page 2 of 4 with two records each: the end of the first company, the beginning of the second. */
const META = { totalRecords: 7, totalPages: 4 };
const LINKS = {
  self: `${self}?page=2&page-size=2`,
  first: `${self}?page=1&page-size=2`,
  prev: `${self}?page=1&page-size=2`,
  next: `${self}?page=3&page-size=2`,
  last: `${self}?page=4&page-size=2`,
};

const companies = [
  { name: 'Company 0', things: [{ code: 'T3' }] },
  { name: 'Company 1', things: [{ code: 'T1' }] },
];
const SECOND_PAGE: Record<AnswerRoot, Json> = {
  flat: { data: [{ code: 'T3' }, { code: 'T1' }], links: LINKS, meta: META },
  grouped: { data: { brand: { name: 'Brand', companies } }, links: LINKS, meta: META },
  nested: {
    data: companies.map((company, index) => ({ brand: { name: `Brand ${index}`, companies: [company] } })),
    links: LINKS,
    meta: META,
  },
  'root-array': [{ code: 'T3' }, { code: 'T1' }],
  'root-envelopes': companies.map((company) => ({ ...company, links: LINKS, meta: META })),
};

for (const [root, expected] of Object.entries(SECOND_PAGE)) {
  describe(`given ${root} records of companies with 3, 4 and no records`, async () => {
    const data = madeUpData(root as AnswerRoot, [makeThings(3), makeThings(4), []]);
    const { get } = await startDataHolder({
      contracts: [madeUpContract({ root: root as AnswerRoot })],
      data: { [THINGS]: data },
    });

    it('when a page spans two companies, then it is whole and leaves out companies without records', async () => {
      assert.deepEqual((await get(`${url}?page=2&page-size=2`)).json(), expected);
    });
  });
}

describe('given a data file that brings links and meta of its own', async () => {
  const whole = {
    links: { self: 'https://elsewhere.example', next: 'null' },
    data: makeThings(2),
    meta: { totalRecords: 99, totalPages: 9, requestDateTime: 'never' },
  };
  for (const [given, content] of Object.entries({
    'the whole answer': whole,
    'only what goes under data': whole.data,
  })) {
    it(`when the file holds ${given}, then the answer is the same, with its own links and meta`, async () => {
      const { get } = await startDataHolder({ contracts: [madeUpContract()], data: { [THINGS]: content } });
      const answer = (await get(url)).json();
      assert.deepEqual(answer, {
        data: makeThings(2),
        links: { self },
        meta: { totalRecords: 2, totalPages: 1 },
      });
    });
  }
});

describe('given the oldest documents, which put the envelope in odd places', async () => {
  const { get } = await startDataHolder({ folders: [INSURER] });
  const products = '/open-insurance/products-services/v1';
  const read = async (path: string) => {
    const received = await get(path);
    assert.equal(received.status, 200, path);
    return received.json();
  };

  it('when life-pension is read, then each element of the root array has links and meta', async () => {
    const answer = await read(`${products}/life-pension?page-size=2`);
    assert.ok(Array.isArray(answer) && answer.length > 0);
    for (const element of answer) {
      assert.equal(element.links.self, `${PUBLIC_ORIGIN}${products}/life-pension?page=1&page-size=2`);
      assert.ok(element.meta.totalRecords >= 2);
    }
  });

  it('when documents without data are read, then brand stands at the root beside links and meta', async () => {
    for (const path of [
      `${products}/capitalization-title`,
      `${products}/pension-plan`,
      '/open-insurance/channels/v1/electronic-channels',
    ]) {
      const answer = await read(path);
      assert.ok(answer.brand, path);
      // One of them requires a `data` that it gives no content.
      assert.deepEqual(answer.data ?? {}, {}, path);
      assert.match(JSON.stringify(answer), /"links[A-Za-z]*":\{"self":"https:/, path);
      assert.match(JSON.stringify(answer), /"meta[A-Za-z]*":\{"totalRecords":\d+,"totalPages":\d+\}/, path);
    }
  });

  it('when a current document is read, then data, links and meta stand side by side', async () => {
    const answer = await read('/open-insurance/channels/v2/branches');
    assert.deepEqual(Object.keys(answer), ['data', 'links', 'meta']);
  });
});
