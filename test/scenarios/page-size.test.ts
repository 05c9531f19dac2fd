import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type MadeUpContract,
  madeUpContract,
  madeUpData,
  makeThings,
  THINGS,
} from '../support/made-up-contract.ts';
import type { Json } from '../support/send-request.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;

function holderOf(wishes: MadeUpContract, configuration = {}, count = 1200) {
  return startDataHolder({
    contracts: [madeUpContract(wishes)],
    data: { [THINGS]: madeUpData('flat', [makeThings(count)]) },
    configuration,
  });
}

describe('given a contract that names no largest page size', async () => {
  const { get } = await holderOf({});

  it("when 1000 records are asked for, then the regulators' ceiling is still granted", async () => {
    assert.equal((await get(`${url}?page-size=1000`)).json().data.length, 1000);
  });

  it('when more are asked for, then the answer is 422', async () => {
    for (const size of ['1001', '9'.repeat(40)]) {
      const received = await get(`${url}?page-size=${size}`);
      assert.equal(received.status, 422);
      assert.match(received.json().errors[0].detail, /1000/);
    }
  });
});

describe('given a contract without a 422', async () => {
  const { get } = await holderOf({ statuses: [400, 404], pageSize: { maximum: 50 } });

  it('when a page is larger than its largest, then the answer is 400', async () => {
    assert.equal((await get(`${url}?page-size=50`)).json().data.length, 50);
    const received = await get(`${url}?page-size=51`);
    assert.equal(received.status, 400);
    assert.equal(received.json().errors[0].code, 'PAGINA_MUITO_GRANDE');
  });
});

describe('given a contract whose smallest page size is above one', async () => {
  const { get } = await holderOf({ pageSize: { minimum: 25, maximum: 1000 } }, {}, 60);

  it('when less is asked for, then the smallest page is given and named in the links', async () => {
    const answer = (await get(`${url}?page-size=3`)).json();
    assert.equal(answer.data.length, 25);
    assert.match(answer.links.self, /page=1&page-size=25$/);
    assert.equal(answer.meta.totalPages, 3);
  });

  it('when nothing is asked for or less than one, then the answer is 400', async () => {
    assert.equal((await get(`${url}?page-size=0`)).status, 400);
  });
});

describe('given a holder that caps its pages at 80', async () => {
  const { get } = await holderOf({}, { maxPageSize: 80 });

  it('when a permitted size above the cap is asked for, then pages are counted by the cap', async () => {
    const answer = (await get(`${url}?page=2&page-size=1000`)).json();
    assert.deepEqual(
      answer.data.map(({ code }: Json) => code),
      makeThings(160)
        .slice(80)
        .map(({ code }) => code),
    );
    assert.deepEqual(answer.meta, { totalRecords: 1200, totalPages: 15 });
    assert.match(answer.links.last, /page=15&page-size=80$/);
  });

  it('when the size is above the contract, then the cap is no excuse', async () => {
    assert.equal((await get(`${url}?page-size=1001`)).status, 422);
  });
});

describe('given a counted array that holds at most 30', async () => {
  const { get } = await holderOf({ list: { maxItems: 30 } }, {}, 70);

  it('when more is asked for, then pages hold 30 and stay valid', async () => {
    const answer = (await get(`${url}?page-size=100`)).json();
    assert.equal(answer.data.length, 30);
    assert.equal(answer.meta.totalPages, 3);
    const last = (await get(answer.links.last.replace(/^https:..[^/]*/, ''))).json();
    assert.equal(last.data.length, 10);
  });
});
