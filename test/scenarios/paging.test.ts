import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpContract, madeUpData, makeThings, THINGS, thingsOf } from '../support/made-up-contract.ts';
import type { Json } from '../support/send-request.ts';
import { PUBLIC_ORIGIN, startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const self = `${PUBLIC_ORIGIN}${url}`;

function codesOf(answer: Json): string[] {
  return thingsOf('flat', answer).map((thing: Json) => thing.code);
}

describe('given 60 records and a contract whose pages hold 25', async () => {
  const { get } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: madeUpData('flat', [makeThings(60)]) },
  });

  it('when no page is named, then the first 25 come with totals', async () => {
    const answer = (await get(url)).json();
    assert.equal(codesOf(answer)[0], 'T1');
    assert.equal(codesOf(answer).length, 25);
    assert.deepEqual(answer.meta, { totalRecords: 60, totalPages: 3 });
  });

  it('when paging parameters are there without a value, then they count as absent', async () => {
    const answer = (await get(`${url}?page=&page-size=`)).json();
    assert.equal(codesOf(answer).length, 25);
    assert.deepEqual(answer, (await get(url)).json());
  });

  it('when the last page is asked for, then it holds what is left', async () => {
    const answer = (await get(`${url}?page=3`)).json();
    assert.deepEqual(
      codesOf(answer),
      makeThings(60)
        .slice(50)
        .map(({ code }) => code),
    );
  });

  it('when a page lies beyond the last, then the list is empty and the totals stay', async () => {
    const answer = (await get(`${url}?page=4`)).json();
    assert.deepEqual(answer.data, []);
    assert.deepEqual(answer.meta, { totalRecords: 60, totalPages: 3 });
  });

  it('when a page number is too large for any number type, then it is simply beyond the last', async () => {
    for (const page of ['2147483648', '9007199254740993', '9'.repeat(300)]) {
      const received = await get(`${url}?page=${page}`);
      assert.equal(received.status, 200);
      assert.deepEqual(received.json().data, []);
    }
  });

  it('when page numbers are not whole numbers from 1, then the answer is 400', async () => {
    for (const wrong of ['0', '-1', '1.5', '1e1', 'abc', '+1', '%201', '0x1', '1,2', '%D9%A1', 'null']) {
      assert.equal((await get(`${url}?page=${wrong}`)).status, 400, `page=${wrong}`);
      assert.equal((await get(`${url}?page-size=${wrong}`)).status, 400, `page-size=${wrong}`);
    }
  });

  it('when a number has leading zeros or is percent-encoded, then it is read', async () => {
    assert.equal((await get(`${url}?page=%32`)).json().links.self, `${self}?page=2&page-size=25`);
    assert.equal((await get(`${url}?page=002`)).json().links.self, `${self}?page=2&page-size=25`);
  });

  it('when a paging parameter stands twice, then the answer is 400', async () => {
    const received = await get(`${url}?page=1&page=2`);
    assert.equal(received.status, 400);
    assert.equal(received.json().errors[0].code, 'PARAMETRO_REPETIDO');
    assert.equal((await get(`${url}?page=1&%70age=1`)).status, 400);
  });

  it('when the names differ in case, then they are other parameters and change nothing', async () => {
    assert.deepEqual((await get(`${url}?Page=3&PAGE-SIZE=1`)).json(), (await get(url)).json());
  });
});

describe('given a list whose contract declares no paging', async () => {
  const { get } = await startDataHolder({
    contracts: [madeUpContract({ paged: false })],
    data: { [THINGS]: madeUpData('flat', [makeThings(60)]) },
  });

  it('when it is read, then every record comes at once', async () => {
    const answer = (await get(url)).json();
    assert.equal(codesOf(answer).length, 60);
    assert.deepEqual(answer.meta, { totalRecords: 60, totalPages: 1 });
    assert.deepEqual(answer.links, { self });
  });

  it('when paging parameters are sent all the same, then they are unknown and ignored', async () => {
    assert.equal(codesOf((await get(`${url}?page=2&page-size=10`)).json()).length, 60);
  });
});
