import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const base = url.slice(0, url.lastIndexOf('/'));

describe('given a product at one path', async () => {
  const { get, send, logged } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: madeUpData('flat', [makeThings(3)]) },
  });

  it('when the path is written in another way that means the same, then it answers', async () => {
    for (const path of [`${url}/`, `${base}/%74hings`, `${url}/?page=1`, `${url}?`, `${url}?&&=&`]) {
      assert.equal((await get(path)).status, 200, path);
    }
    assert.equal((await get(`http://elsewhere.example${url}`)).status, 200);
  });

  it('when the path is another, then 404 says that no such resource exists', async () => {
    for (const path of [
      '/',
      '',
      '//',
      '/favicon.ico',
      '/health/live',
      '/metrics',
      '/package.json',
      `/${url}`,
      `${url}//`,
      `${base}//things`,
      `${url}/T1`,
      `${url}.json`,
      `${url};page=1`,
      `${url}%2f`,
      `${url}%00`,
      url.toUpperCase(),
      `${base}/things%20`,
      `${base}%2Fthings`,
      `${base}/x/../things`,
      `${base}/%2e%2e/v1/things`,
      '/..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/../../../../etc/passwd',
      '/..\\..\\package.json',
      '/%5c..%5c',
      `/open-insurance/${'%2e%2e/'.repeat(50)}etc/passwd`,
      `/${'a'.repeat(12_000)}`,
      `/${'a/'.repeat(6_000)}`,
    ]) {
      const received = await get(path);
      assert.equal(received.status, 404, path.slice(0, 80));
      assert.equal(received.json().errors[0].code, 'ROTA_DESCONHECIDA', path.slice(0, 80));
      assert.doesNotMatch(String(received.bytes), /root:|etc|node_modules/);
    }
  });

  it('when the path is badly encoded, then the answer is 400', async () => {
    for (const path of ['/%', '/%zz', '/%ff', `${url}%`, '/%c0%ae%c0%ae/', '/%E0%A4%A']) {
      assert.equal((await get(path)).status, 400, path);
    }
  });

  it('when the query is badly encoded, then 400 for what is looked at, and nothing for what is not', async () => {
    for (const query of ['page=%', 'page=%ff', '%=1', '%ff']) {
      assert.equal((await get(`${url}?${query}`)).status, 400, query);
    }
    assert.equal((await get(`${url}?other=%`)).status, 200);
  });

  it('when unknown parameters are sent, then they change nothing', async () => {
    const plain = await get(url);
    for (const query of [
      'a=1&a=2',
      'page[]=2',
      'page[size]=2',
      '__proto__=1&constructor=2&hasOwnProperty=3',
      'PAGE=2',
      `${'a=1&'.repeat(99)}`,
      `x=${'y'.repeat(8_000)}`,
    ]) {
      const received = await get(`${url}?${query}`);
      assert.equal(received.status, 200, query.slice(0, 60));
      assert.deepEqual(received.bytes, plain.bytes);
    }
  });

  it('when the method is another, then 405 names those that the path has', async () => {
    for (const method of [
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'QUERY',
      'PROPFIND',
      'PURGE',
      'M-SEARCH',
    ]) {
      for (const path of [url, `${url}/`, `${base}/%74hings`, `http://elsewhere.example${url}?page=1`]) {
        const received = await send({ method, path });
        assert.equal(received.status, 405, `${method} ${path}`);
        assert.equal(received.headers.allow, 'GET, HEAD');
      }
      assert.equal((await send({ method, path: '/nothing' })).status, 404, method);
    }
  });

  it('when a body comes with the request, then it is not looked at', async () => {
    const bodies = [
      { body: '{"broken', headers: { 'content-type': 'application/json' } },
      { body: 'x'.repeat(3_000_000), headers: { 'content-type': 'application/json' } },
      { body: '<a/>', headers: { 'content-type': 'text/xml' } },
      { body: '?', headers: { 'content-type': ';;;' } },
      { body: '?', headers: {} },
    ];
    for (const { body, headers } of bodies) {
      assert.equal((await send({ method: 'POST', path: url, body, headers })).status, 405);
      assert.equal((await send({ method: 'POST', path: '/nothing', body, headers })).status, 404);
    }
    const read = { path: url, body: '{}', headers: { 'content-type': 'application/json' } };
    assert.equal((await send(read)).status, 200);
  });

  it('when a request demands what nobody has to grant, then it is answered as if it did not', async () => {
    assert.equal((await get(url, { expect: '200-ok' })).status, 200);
    assert.equal(
      (await get(url, { upgrade: 'h2c', connection: 'upgrade', 'http2-settings': '' })).status,
      200,
    );
    assert.equal((await get(url, { range: 'bytes=0-1' })).status, 200);
  });

  it('then nothing of all that was worth an error in the log', () => {
    assert.deepEqual(logged, []);
  });
});

describe('given a literal path beside one with a parameter', async () => {
  const { get } = await startDataHolder({
    contracts: [
      madeUpContract({
        path: '/things/{code}',
        parameters: [{ name: 'code', in: 'path', required: true, schema: { type: 'string' } }],
      }),
      madeUpContract({ path: '/things/special' }),
    ],
    data: {
      [THINGS]: madeUpData('flat', [makeThings(3)]),
      [`${THINGS}/special`]: madeUpData('flat', [makeThings(1)]),
    },
  });

  it('when both fit, then the literal one answers', async () => {
    assert.equal((await get(`${url}/special`)).json().meta.totalRecords, 1);
    assert.equal((await get(`${url}/T2`)).json().data[0].code, 'T2');
    assert.equal((await get(`${url}/special%20`)).json().meta.totalRecords, 0);
  });
});
