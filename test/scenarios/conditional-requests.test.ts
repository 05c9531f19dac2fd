import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;

describe('given a published page', async () => {
  const { get, send } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: madeUpData('flat', [makeThings(200)]) },
  });
  const plain = await get(url);
  const etag = plain.headers.etag as string;
  const lastModified = plain.headers['last-modified'] as string;

  it('then it says who may keep it, how long, and what names it', () => {
    assert.match(etag, /^"[\w-]{22}"$/);
    assert.equal(new Date(lastModified).toUTCString(), lastModified);
    assert.equal(plain.headers['cache-control'], 'public, no-cache');
    assert.equal(plain.headers.vary, 'accept-encoding');
  });

  it('when the caller has that tag, in any form the protocol has for it, then 304 comes without a body', async () => {
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*', ` ${etag} `, `${etag},"x"`]) {
      const answer = await get(url, { 'if-none-match': tag });
      assert.equal(answer.status, 304, tag);
      assert.equal(answer.bytes.length, 0);
      for (const name of ['etag', 'vary', 'cache-control', 'last-modified', 'x-v']) {
        assert.equal(answer.headers[name], plain.headers[name], name);
      }
      assert.equal(answer.headers['content-length'], undefined);
      assert.equal(answer.headers['content-type'], undefined);
    }
  });

  it('when the caller has another tag, then the page comes, whatever the date says', async () => {
    for (const tag of ['"other"', etag.slice(0, -2), 'garbage', '""']) {
      const answer = await get(url, { 'if-none-match': tag, 'if-modified-since': lastModified });
      assert.equal(answer.status, 200, tag);
      assert.deepEqual(answer.bytes, plain.bytes);
    }
  });

  it('when the caller asks for changes since a date, then 304 comes from that date on', async () => {
    const before = new Date(Date.parse(lastModified) - 1000).toUTCString();
    const after = new Date(Date.parse(lastModified) + 60_000).toUTCString();
    assert.equal((await get(url, { 'if-modified-since': lastModified })).status, 304);
    assert.equal((await get(url, { 'if-modified-since': after })).status, 304);
    assert.equal((await get(url, { 'if-modified-since': before })).status, 200);
  });

  it('when the date is no HTTP date, then it is ignored', async () => {
    for (const since of ['tomorrow', '9999', '2999-01-01', '2999-01-01T00:00:00Z', '', '0']) {
      assert.equal((await get(url, { 'if-modified-since': since })).status, 200, since);
    }
  });

  it('when only the head is asked for, then the headers are those of GET and no byte follows', async () => {
    for (const encoding of ['identity', 'gzip', 'br']) {
      const headers = { 'accept-encoding': encoding };
      const head = await send({ method: 'HEAD', path: url, headers });
      const got = await get(url, headers);
      assert.equal(head.status, 200);
      assert.equal(head.bytes.length, 0);
      assert.deepEqual(withoutMoments(head.headers), withoutMoments(got.headers));
    }
    assert.equal((await send({ method: 'HEAD', path: url, headers: { 'if-none-match': etag } })).status, 304);
    const missing = await send({ method: 'HEAD', path: `${url}?page=0` });
    assert.equal(missing.status, 400);
    assert.equal(missing.bytes.length, 0);
    assert.ok(Number(missing.headers['content-length']) > 0);
  });

  it('when a compressed form is accepted, then it decodes to the same bytes and has a tag of its own', async () => {
    const forms = [
      { encoding: 'gzip', accept: 'gzip', decode: gunzipSync },
      { encoding: 'br', accept: 'br', decode: brotliDecompressSync },
      { encoding: 'br', accept: 'gzip, deflate, br, zstd', decode: brotliDecompressSync },
      { encoding: 'gzip', accept: 'br;q=0.1, gzip;q=0.9', decode: gunzipSync },
      { encoding: 'br', accept: '*', decode: brotliDecompressSync },
      { encoding: 'gzip', accept: 'br;q=0, *', decode: gunzipSync },
    ];
    for (const { encoding, accept, decode } of forms) {
      for (const _ of ['first', 'kept']) {
        const answer = await get(url, { 'accept-encoding': accept });
        assert.equal(answer.headers['content-encoding'], encoding, accept);
        assert.deepEqual(decode(answer.bytes), plain.bytes);
        assert.ok(answer.bytes.length < plain.bytes.length);
        assert.equal(answer.headers.etag, etag.replace(/"$/, `-${encoding}"`));
        assert.equal(answer.headers.vary, 'accept-encoding');
        const again = await get(url, {
          'accept-encoding': accept,
          'if-none-match': answer.headers.etag as string,
        });
        assert.equal(again.status, 304);
      }
    }
  });

  it('when no compressed form is accepted, then the plain bytes come', async () => {
    for (const accept of [
      '',
      'identity',
      'deflate',
      'zstd',
      'gzip;q=0',
      'br;q=0, gzip;q=0',
      ';;;',
      ',',
      'gzip;q=x',
    ]) {
      const answer = await get(url, { 'accept-encoding': accept });
      assert.equal(answer.status, 200, accept);
      if (answer.headers['content-encoding'] === undefined) assert.deepEqual(answer.bytes, plain.bytes);
      else assert.equal(accept, 'gzip;q=x');
    }
  });

  it('when many callers want a form that nobody has made yet, then all get the same', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => get(`${url}?page-size=150`, { 'accept-encoding': 'br' })),
    );
    for (const { bytes } of answers) assert.deepEqual(bytes, answers[0]?.bytes);
  });

  it('when pages differ, then so do their tags', async () => {
    const tags = await Promise.all(
      ['', '?page=2', '?page-size=10', '?page=1'].map(async (query) => (await get(url + query)).headers.etag),
    );
    assert.equal(new Set(tags).size, 3, 'page 1 by name and by default are the same bytes');
  });
});

function withoutMoments(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { date: _date, 'x-fapi-interaction-id': _id, ...rest } = headers;
  return rest;
}
