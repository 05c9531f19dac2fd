import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { preparePage } from './prepared-page.ts';

const body = Buffer.from(JSON.stringify({ data: 'São Paulo '.repeat(200) }));

test('every encoding is made once and gives the same bytes', async () => {
  let grown = 0;
  const page = preparePage(body, '1.2.0', 5, () => {
    grown += 1;
  });
  assert.equal(page.body('identity'), body);
  const [gzip, again, br] = await Promise.all([page.body('gzip'), page.body('gzip'), page.body('br')]);
  assert.equal(gzip, again);
  assert.deepEqual(gunzipSync(gzip), body);
  assert.deepEqual(brotliDecompressSync(br), body);
  assert.equal(page.body('gzip'), gzip);
  assert.equal(grown, 2);
  assert.equal(page.bytes, body.length + gzip.length + br.length);
});

test('the tag depends on the bytes alone', () => {
  const tag = (bytes: Buffer, version = '1', at = 0) => preparePage(bytes, version, at, () => {}).etag;
  assert.equal(tag(body), tag(Buffer.from(body), '2', 9));
  assert.notEqual(tag(body), tag(body.subarray(1)));
  assert.match(tag(body), /^[\w-]{22}$/);
});
