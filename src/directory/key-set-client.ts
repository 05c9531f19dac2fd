import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';
import type { PublicJwk } from './directory-trust.ts';
import type { FetchDocument } from './fetch-document.ts';
import type { LastGood } from './last-good.ts';
import { readKeySet } from './read-key-set.ts';
import { createRemoteDocument, type RemoteDocument } from './remote-document.ts';

const MOST_KEY_SETS = 2000;
const MAX_AGE_MS = 60_000;
const LIMITS = { maxBytes: 1_048_576, timeoutMs: 5000 };
/** Nothing in it that a server could take for another path than we do. */
const PLAIN_PATH = /^[\w./~-]*$/;

/** Reads key sets of a directory's key store. */
export interface KeySetClient {
  /**
   * The keys at a URL, at most a minute old. With a `kid` that is not among them they are fetched anew, unless that was
   * done within the last 10 seconds. Rejects for URLs outside the key store, and when no keys can be had.
   */
  keys(url: string, kid?: string): Promise<readonly PublicJwk[]>;
}

export interface KeySetClientSettings {
  /** Base URL of the key store. Nothing else is ever fetched. */
  readonly keyStoreUrl: string;
  readonly fetch: FetchDocument;
  readonly lastGood: LastGood;
  readonly clock: Pick<Clock, 'now'>;
}

/** Creates a client of a key store that remembers the 2000 key sets that were asked for last. */
export function createKeySetClient(settings: KeySetClientSettings): KeySetClient {
  const { keyStoreUrl, fetch, lastGood, clock } = settings;
  const base = new URL(keyStoreUrl);
  const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  const documents = new LRUCache<string, RemoteDocument<readonly PublicJwk[]>>({ max: MOST_KEY_SETS });

  function open(address: string): RemoteDocument<readonly PublicJwk[]> {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !isInside(url)) throw new Error("the key set is not in the directory's key store");
    const known = documents.get(url.href);
    if (known) return known;
    const created = createRemoteDocument({ url, limits: LIMITS, parse: readKeySet, fetch, lastGood, clock });
    documents.set(url.href, created);
    return created;
  }

  function isInside(url: URL): boolean {
    return (
      url.origin === base.origin &&
      url.pathname.startsWith(folder) &&
      PLAIN_PATH.test(url.pathname) &&
      `${url.username}${url.password}${url.search}${url.hash}` === ''
    );
  }

  return {
    async keys(url, kid) {
      const document = open(url);
      const keys = await document.get(MAX_AGE_MS);
      if (kid === undefined || keys.some((key) => key.kid === kid)) return keys;
      return document.refresh();
    },
  };
}
