import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createPageCache } from './page-cache.ts';
import { type PreparedPage, preparePage } from './prepared-page.ts';

/** Bytes of the pages that the cache still gives. */
function held(cache: ReturnType<typeof createPageCache>, keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + (cache.get(key)?.bytes ?? 0), 0);
}

const pageOf = (bytes: number): PreparedPage => preparePage(Buffer.alloc(bytes, 'a'), '1.0.0', 0, () => {});

test('pages stay within the bound, and the least recently used leaves first', () => {
  const cache = createPageCache(50_000);
  const keys = Array.from({ length: 100 }, (_, index) => `page ${index}`);
  for (const key of keys) {
    cache.set(key, pageOf(4000));
    cache.get('page 0');
  }
  assert.ok(held(cache, keys) <= 50_000);
  assert.ok(cache.get('page 0') && cache.get('page 99'));
  assert.equal(cache.get('page 50'), undefined);
});

test('a page larger than the bound is not kept', () => {
  const cache = createPageCache(10_000);
  cache.set('large', pageOf(20_000));
  assert.equal(cache.get('large'), undefined);
});

test('compressed forms count once they are made', async () => {
  const cache = createPageCache(100_000);
  const keys = Array.from({ length: 9 }, (_, index) => `page ${index}`);
  for (const key of keys) {
    cache.set(
      key,
      preparePage(randomBytes(8000), '1.0.0', 0, () => cache.grow(key)),
    );
  }
  for (const key of keys) await cache.get(key)?.body('br');
  assert.ok(held(cache, keys) <= 100_000, `${held(cache, keys)} bytes are held`);
  assert.ok(held(cache, keys) > 0);
});

test('a page that has left the cache may still grow', () => {
  const cache = createPageCache(10_000);
  cache.grow('gone');
  assert.equal(cache.get('gone'), undefined);
});
