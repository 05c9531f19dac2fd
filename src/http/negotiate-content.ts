import { createRequire } from 'node:module';
import { LRUCache } from 'lru-cache';
import { CONTENT_ENCODINGS, type ContentEncoding } from '../contract/call.ts';

const Negotiator = createRequire(import.meta.url)('negotiator') as typeof import('negotiator');

/** Callers repeat a handful of header values; the bound keeps the rest from piling up. */
const KEPT = 500;
const LONGEST_KEPT = 256;

const accepted = new LRUCache<string, boolean>({ max: KEPT });
const encodings = new LRUCache<string, ContentEncoding>({ max: KEPT });

/** The same answer by two names: a caller that asks for the charset as well means what it gets. */
const JSON_TYPES = ['application/json', 'application/json; charset=utf-8'];

/** Tells whether an `accept` header admits JSON. */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return true;
  return remember(
    accepted,
    accept,
    () => new Negotiator({ headers: { accept } }).mediaTypes(JSON_TYPES).length > 0,
  );
}

/** The best encoding that an `accept-encoding` header admits. */
export function chooseEncoding(acceptEncoding: string | undefined): ContentEncoding {
  if (acceptEncoding === undefined || acceptEncoding === '') return 'identity';
  return remember(encodings, acceptEncoding, () => {
    const negotiator = new Negotiator({ headers: { 'accept-encoding': acceptEncoding } });
    // The published types lag behind the library, which takes the server's own preference among equals.
    const encodingsOf = negotiator.encodings as (
      available: readonly string[],
      options: { preferred: readonly string[] },
    ) => string[];
    const [best] = encodingsOf.call(negotiator, CONTENT_ENCODINGS, { preferred: CONTENT_ENCODINGS });
    return (best ?? 'identity') as ContentEncoding;
  });
}

function remember<T extends {}>(cache: LRUCache<string, T>, header: string, decide: () => T): T {
  const known = cache.get(header);
  if (known !== undefined) return known;
  const decision = decide();
  if (header.length <= LONGEST_KEPT) cache.set(header, decision);
  return decision;
}
