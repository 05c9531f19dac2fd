import { createHash } from 'node:crypto';
import type { Access } from './access.ts';
import type { HolderAnswer } from './call-holder.ts';
import { type Holder, isSameApi, type Target, targetUrl } from './holder.ts';
import { type ReadOptions, readOnce } from './read-once.ts';
import { inside } from './receiver.ts';
import { UnusableAnswer } from './receiver-errors.ts';

export interface PagesOptions extends ReadOptions {
  /** Pages after which reading is given up; 10,000 unless it is said. */
  readonly maxPages?: number;
}

/** As much of a page as paging needs; undefined for an answer without a body. */
export type Page =
  | {
      readonly data?: unknown;
      readonly links?: { readonly next?: unknown };
      readonly meta?: { readonly totalPages?: unknown };
    }
  | undefined;

const MOST_PAGES = 10_000;
/** Characters of what is remembered of each page: 120 bits. */
const DIGEST_LENGTH = 20;

/**
 * Reads a list page by page, by `links.next`. One page is held at a time; the next is asked for when it is wanted.
 *
 * Rejects as `read` does, and with `UnusableAnswer`: `elsewhere` for a link that leaves the API of the first page,
 * `repeated-page` for one to a page that was read already while there are more to come, `too-many-pages`.
 */
export async function* pages<T extends Page = Page>(
  access: Access,
  target: Target,
  { query = {}, maxPages = MOST_PAGES, ...options }: PagesOptions = {},
): AsyncGenerator<HolderAnswer<T>, void, undefined> {
  const { holder } = access[inside].connection;
  const first = targetUrl(holder, target, query);
  const seen = new Set<string>();
  let url = first;
  for (let count = 1; ; count += 1) {
    seen.add(digestOf(url));
    const answer = await readOnce<T>(access, url, options);
    yield answer;
    const next = nextPage(answer, first, holder);
    if (!next) return;
    if (seen.has(digestOf(next))) {
      // Some holders let the last page link to itself.
      if (Number(answer.body?.meta?.totalPages) <= count) return;
      throw new UnusableAnswer('repeated-page', `page ${count} leads back to a page that was read before`);
    }
    if (count >= maxPages)
      throw new UnusableAnswer('too-many-pages', `there are more than ${maxPages} pages`);
    url = next;
  }
}

function nextPage({ body, url }: HolderAnswer<Page>, first: URL, holder: Holder): URL | undefined {
  const next = body?.links?.next;
  if (typeof next !== 'string' || next === '') return undefined;
  if (!URL.canParse(next, url.href))
    throw new UnusableAnswer('malformed', 'the link to the next page is no URL');
  const target = new URL(next, url);
  if (isSameApi(holder, first, target)) return target;
  throw new UnusableAnswer('elsewhere', 'the link to the next page leaves the API');
}

/** Two URLs of one page differ in the order of their members and, where pages have numbers, in the key of the series. */
function digestOf({ origin, pathname, searchParams }: URL): string {
  const members = new URLSearchParams(searchParams);
  if (members.has('page')) members.delete('pagination-key');
  members.sort();
  return createHash('sha256')
    .update(`${origin}${pathname}?${members}`)
    .digest('base64url')
    .slice(0, DIGEST_LENGTH);
}
