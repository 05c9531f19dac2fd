/** How an operation is paged, as its parameters declare it. */
export interface PagingRule {
  readonly pageParameter: string;
  readonly sizeParameter: string;
  /** Parameter that tells calls for further pages from first ones; undefined where the contract has none. */
  readonly keyParameter?: string;
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

/** Where a page stands in its list. */
export interface PageExtent {
  /** Records of the whole list; undefined when nobody has counted them. */
  readonly total: number | undefined;
  readonly hasNext: boolean;
}

/** What links carry in the parameter of the rule that is for it. */
export interface LinkKeys {
  readonly self: string;
  readonly other: string;
}

/**
 * Builds the links of a page of a list that is counted: see {@link linkPage}.
 *
 * @param url the request's public URL without paging parameters
 */
export function pageLinks(rule: PagingRule, request: PageRequest, total: number, url: string): PageLinks {
  const hasNext = request.page - rule.firstPage < totalPages(total, request.size) - 1;
  return linkPage(rule, request, { total, hasNext }, url);
}

/**
 * Builds the links of a page: `first` and `prev` only after the first page, `next` and `last` only where more follows,
 * `last` only of a list that is counted. A link carries page and size, and a key where there are keys, when there is
 * more than one page; page and size also when the client named one.
 *
 * @param url the request's public URL without paging parameters
 */
export function linkPage(
  rule: PagingRule,
  request: PageRequest,
  { total, hasNext }: PageExtent,
  url: string,
  keysOf?: () => LinkKeys,
): PageLinks {
  const { page, size } = request;
  const pages = total === undefined ? undefined : totalPages(total, size);
  const last = pages === undefined ? undefined : Math.max(pages - 1, 0) + rule.firstPage;
  const isOnly = !hasNext && page <= rule.firstPage && (pages ?? 1) <= 1;
  const keys = isOnly ? undefined : keysOf?.();
  const at = (wanted: number, key: string | undefined) =>
    isOnly && !request.explicit ? url : withPaging(rule, url, wanted, size, key);
  return {
    self: at(page, keys?.self),
    ...(page > rule.firstPage && {
      first: at(rule.firstPage, keys?.other),
      prev: at(Math.min(page - 1, last ?? page), keys?.other),
    }),
    ...(hasNext && { next: at(page + 1, keys?.other) }),
    ...(hasNext && last !== undefined && { last: at(last, keys?.other) }),
  };
}

/** How many pages hold `total` records; none hold none. */
export function totalPages(total: number, size: number): number {
  return Math.ceil(total / size);
}

function withPaging(
  rule: PagingRule,
  url: string,
  page: number,
  size: number,
  key: string | undefined,
): string {
  const separator = url.includes('?') ? '&' : '?';
  const paged = `${url}${separator}${rule.pageParameter}=${page}&${rule.sizeParameter}=${size}`;
  return key === undefined || rule.keyParameter === undefined
    ? paged
    : `${paged}&${rule.keyParameter}=${encodeURIComponent(key)}`;
}
