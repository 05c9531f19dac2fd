/** How an operation is paged, as its parameters declare it. */
export interface PagingRule {
  readonly pageParameter: string;
  readonly sizeParameter: string;
  /** 1 in both data ecosystems, 0 in the directory. */
  readonly firstPage: number;
  readonly defaultSize: number;
  /** Sizes below it are raised to it: the regulators' texts say so where it is above 1. */
  readonly minSize: number;
  /** Sizes above it are refused: the contract's maximum, or 1000 where it names none (both portals). */
  readonly maxSize: number;
}

/** The page that a request asks for, after every limit has been applied. */
export interface PageRequest {
  readonly page: number;
  readonly size: number;
  /** True when the client named a page or a size, which links then repeat. */
  readonly explicit: boolean;
}

export type PageRefusal = 'page-not-a-number' | 'size-not-a-number' | 'size-too-large';

/** The regulators' ceiling for any endpoint that does not name its own. */
export const REGULATORY_MAX_PAGE_SIZE = 1000;

/**
 * Reads the paging parameters of a request. Absent and empty values take the default.
 *
 * @param holderMax the holder's own cap and the contract's `maxItems`: larger sizes within the rule are answered with it.
 */
export function readPageRequest(
  rule: PagingRule,
  page: string | undefined,
  size: string | undefined,
  holderMax: number,
): PageRequest | PageRefusal {
  const wantedPage = page === undefined || page === '' ? rule.firstPage : readCount(page);
  if (wantedPage === undefined || wantedPage < rule.firstPage) return 'page-not-a-number';
  const wantedSize = size === undefined || size === '' ? rule.defaultSize : readCount(size);
  if (wantedSize === undefined || wantedSize < 1) return 'size-not-a-number';
  if (wantedSize > rule.maxSize) return 'size-too-large';
  const explicit = Boolean(page) || Boolean(size);
  return { page: wantedPage, size: Math.min(Math.max(wantedSize, rule.minSize), holderMax), explicit };
}

/** Whole numbers in digits only, up to what a double holds exactly; larger pages are simply beyond the last. */
function readCount(text: string): number | undefined {
  if (!/^\d{1,400}$/.test(text)) return undefined;
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

/** The half-open range of records, counted from 0, that a page holds, cut at the end of the data. */
export function pageRange(
  rule: PagingRule,
  request: PageRequest,
  total: number,
): { from: number; to: number } {
  const from = Math.min((request.page - rule.firstPage) * request.size, total);
  return { from, to: Math.min(from + request.size, total) };
}

export interface PageLinks {
  readonly self: string;
  readonly first?: string;
  readonly prev?: string;
  readonly next?: string;
  readonly last?: string;
}

/**
 * Builds the links of a page: `first` and `prev` only after the first page, `next` and `last` only before the last.
 * A link carries page and size when there is more than one page or the client named one.
 *
 * @param url the request's public URL without paging parameters
 */
export function pageLinks(rule: PagingRule, request: PageRequest, total: number, url: string): PageLinks {
  const pages = totalPages(total, request.size);
  const last = Math.max(pages - 1, 0) + rule.firstPage;
  const shown = request.explicit || pages > 1;
  const at = (page: number) => (shown ? withPaging(rule, url, page, request.size) : url);
  const { page } = request;
  return {
    self: at(page),
    ...(page > rule.firstPage ? { first: at(rule.firstPage), prev: at(Math.min(page - 1, last)) } : {}),
    ...(page < last ? { next: at(page + 1), last: at(last) } : {}),
  };
}

/** How many pages hold `total` records; none hold none. */
export function totalPages(total: number, size: number): number {
  return Math.ceil(total / size);
}

function withPaging(rule: PagingRule, url: string, page: number, size: number): string {
  const separator = url.includes('?') ? '&' : '?';
  return `${url}${separator}${rule.pageParameter}=${page}&${rule.sizeParameter}=${size}`;
}
