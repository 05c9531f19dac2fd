import { LRUCache } from 'lru-cache';
import type { PreparedPage } from './prepared-page.ts';

/** Prepared pages of all datasets within one bound on memory; the least recently used leave first. */
export interface PageCache {
  get(key: string): PreparedPage | undefined;
  set(key: string, page: PreparedPage): void;
  /** Accounts for a page that has grown. */
  grow(key: string): void;
}

/** What a page costs besides its bytes: its key, its headers, its place in the cache. */
const OVERHEAD_BYTES = 1024;

/** Creates a cache of at most `maxBytes` bytes. */
export function createPageCache(maxBytes: number): PageCache {
  const cache = new LRUCache<string, PreparedPage>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes + OVERHEAD_BYTES,
  });
  return {
    get: (key) => cache.get(key),
    set: (key, page) => {
      cache.set(key, page);
    },
    grow: (key) => {
      const page = cache.peek(key);
      if (!page) return;
      // The cache measures a value when it enters, and never again.
      cache.delete(key);
      cache.set(key, page);
    },
  };
}
