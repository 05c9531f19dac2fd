import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import { PUBLIC_ORIGIN, startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const self = `${PUBLIC_ORIGIN}${url}`;
const at = (page: number, size = 10) => `${self}?page=${page}&page-size=${size}`;

describe('given 30 records', async () => {
  const { get } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: madeUpData('flat', [makeThings(30)]) },
  });
  const linksOf = async (query: string, headers = {}) => (await get(`${url}${query}`, headers)).json().links;

  it('when they fit one page, then self stands alone, with paging only if the caller named it', async () => {
    assert.deepEqual(await linksOf('?page-size=30'), { self: at(1, 30) });
    assert.deepEqual(await linksOf('?page=1&page-size=1000'), { self: at(1, 1000) });
  });

  it('when the first of several pages is read, then next and last are there, first and prev are not', async () => {
    assert.deepEqual(await linksOf('?page-size=10'), { self: at(1), next: at(2), last: at(3) });
    assert.deepEqual(await linksOf(''), { self: at(1, 25), next: at(2, 25), last: at(2, 25) });
  });

  it('when a middle page is read, then all five are there', async () => {
    const expected = { self: at(2), first: at(1), prev: at(1), next: at(3), last: at(3) };
    assert.deepEqual(await linksOf('?page=2&page-size=10'), expected);
  });

  it('when the last page is read, then next and last are not there', async () => {
    assert.deepEqual(await linksOf('?page=3&page-size=10'), { self: at(3), first: at(1), prev: at(2) });
  });

  it('when a page beyond the last is read, then prev leads back to the last', async () => {
    assert.deepEqual(await linksOf('?page=9&page-size=10'), { self: at(9), first: at(1), prev: at(3) });
  });

  it('when the caller names other hosts, then the links keep the configured origin', async () => {
    const headers = {
      host: 'evil.example',
      forwarded: 'host=evil.example;proto=http',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '81',
    };
    assert.deepEqual(await linksOf('?page=2&page-size=10', headers), await linksOf('?page=2&page-size=10'));
    assert.deepEqual(await linksOf('/?page-size=30'), { self: at(1, 30) });
  });

  it('when unknown parameters are sent, then they are not repeated in links', async () => {
    assert.deepEqual(await linksOf('?utm=%3Cscript%3E&page-size=30'), { self: at(1, 30) });
  });
});

describe('given a single short page and a base URL with a path and plain http', async () => {
  const { get } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: madeUpData('flat', [makeThings(3)]) },
    configuration: { baseUrl: 'http://gateway.example:8080' },
  });

  it('when no paging is named, then self has no query and the configured scheme', async () => {
    assert.deepEqual((await get(url)).json().links, { self: `http://gateway.example:8080${url}` });
  });
});

describe('given a contract whose query parameter names no member of its records', async () => {
  const key = { name: 'pagination-key', in: 'query', schema: { type: 'string', maxLength: 2048 } };
  const { get } = await startDataHolder({
    contracts: [madeUpContract({ parameters: [key] })],
    data: { [THINGS]: madeUpData('flat', [makeThings(30)]) },
  });

  it('when it is sent, then every link carries it on', async () => {
    for (const value of ['abc', 'd/e f']) {
      const links = (
        await get(`${url}?pagination-key=${encodeURIComponent(value)}&page-size=10&page=2`)
      ).json().links;
      assert.equal(Object.keys(links).length, 5);
      for (const link of Object.values(links)) {
        assert.equal(new URL(link as string).searchParams.get('pagination-key'), value);
      }
    }
  });
});
