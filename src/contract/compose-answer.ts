import { type Answer, answerProblem, type Call } from './call.ts';
import type { EnvelopeMember } from './envelope-places.ts';
import { formatDateTime } from './error-shape.ts';
import type { Operation } from './operation.ts';
import { pageProblem } from './page-problem.ts';
import {
  type LinkKeys,
  linkPage,
  type PageExtent,
  type PageRequest,
  type PagingRule,
  pageRange,
  readPageRequest,
  totalPages,
} from './paging.ts';
import { carriedQuery, publicUrl, queryNames } from './public-url.ts';

/** What guiche computes for an operation: a list that is paged, or one record. */
export type Computed =
  | {
      readonly list: readonly unknown[];
      /** Makes the answer's outermost member of a page, where records do not stand alone in it. */
      readonly enclose?: (page: readonly unknown[]) => unknown;
    }
  | { readonly record: unknown };

export interface ComposeSettings {
  readonly baseUrl: string;
  /** The holder's own cap on page sizes. */
  readonly maxPageSize: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const ONE_PAGE: PagingRule = Object.freeze({
  pageParameter: 'page',
  sizeParameter: 'page-size',
  firstPage: 1,
  defaultSize: 1000,
  minSize: 1,
  maxSize: 1000,
});

/** The page that a request asks for, by the rule of its operation. */
export interface WantedPage {
  readonly rule: PagingRule;
  readonly request: PageRequest;
}

/** A page of a list, cut out of it already. */
export interface ComputedPage extends PageExtent {
  readonly records: readonly unknown[];
  /** As {@link Computed} has it. */
  readonly enclose?: (page: readonly unknown[]) => unknown;
  /** What links carry, asked for only where there is more than one page. */
  readonly keys?: (() => LinkKeys) | undefined;
}

/**
 * Makes the answer of an operation whose content is computed and not read from files: the page that the request asks
 * for, in the envelope of the operation's own contract, with only the members of links and meta that it declares.
 */
export function composeAnswer(call: Call, computed: Computed, settings: ComposeSettings): Answer {
  const wanted = readPage(call, settings.maxPageSize);
  if ('kind' in wanted) return wanted;
  if ('record' in computed) return composeRecord(call, wanted, computed.record, settings);
  const { list, enclose } = computed;
  const { from, to } = pageRange(wanted.rule, wanted.request, list.length);
  const hasNext =
    wanted.request.page - wanted.rule.firstPage < totalPages(list.length, wanted.request.size) - 1;
  const page = { records: list.slice(from, to), total: list.length, hasNext };
  return composePage(call, wanted, enclose ? { ...page, enclose } : page, settings);
}

/** Reads which page a request asks for, or says why it cannot be one. */
export function readPage(call: Call, maxPageSize: number): WantedPage | Answer {
  const { operation, query } = call;
  const rule = operation.paging ?? ONE_PAGE;
  const most = Math.min(maxPageSize, operation.answer.split()?.maxItems ?? Number.POSITIVE_INFINITY);
  const request = readPageRequest(rule, query[rule.pageParameter], query[rule.sizeParameter], most);
  return typeof request === 'string'
    ? answerProblem(pageProblem(request, rule, operation))
    : { rule, request };
}

/** Makes the answer of a page that has been cut out of its list. A list that nobody counted has no totals in its meta. */
export function composePage(
  call: Call,
  wanted: WantedPage,
  page: ComputedPage,
  settings: ComposeSettings,
): Answer {
  const { operation } = call;
  const path = operation.answer.countedArray ?? ['data'];
  const made = envelope(call, wanted, page, settings, page.keys);
  return answerBody(
    page.enclose
      ? wrap(operation, path.slice(0, 1), page.enclose(page.records), made)
      : wrap(operation, path, page.records, made),
  );
}

function composeRecord(call: Call, wanted: WantedPage, record: unknown, settings: ComposeSettings): Answer {
  const { operation } = call;
  const made = envelope(call, wanted, { total: 1, hasNext: false }, settings);
  return answerBody(wrap(operation, operation.answer.countedArray ?? ['data'], record, made));
}

function answerBody(body: unknown): Answer {
  return { kind: 'json', status: 200, body };
}

interface Envelope {
  readonly links: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
}

function envelope(
  call: Call,
  { rule, request }: WantedPage,
  extent: PageExtent,
  { baseUrl, at }: ComposeSettings,
  keysOf?: () => LinkKeys,
): Envelope {
  const url = publicUrl(baseUrl, call, carriedQuery(queryNames(call.operation), call));
  const { total } = extent;
  return {
    links: { ...linkPage(rule, request, extent, url, keysOf) },
    meta: {
      ...(total !== undefined && { totalRecords: total, totalPages: totalPages(total, request.size) }),
      requestDateTime: formatDateTime(at),
    },
  };
}

/** Puts the content at a path from the root, and links and meta where the contract declares them on the way. */
function wrap(
  operation: Operation,
  path: readonly string[],
  content: unknown,
  { links, meta }: Envelope,
): unknown {
  let value: unknown = content;
  for (let depth = path.length; depth >= 0; depth -= 1) {
    if (depth < path.length) value = { [path[depth] as string]: value };
    const place = operation.answer.places.find((candidate) => candidate.path.length === depth);
    if (!place || depth === path.length) continue;
    const made = value as Record<string, unknown>;
    if (place.links) made[place.links.name] = declaredOnly(links, place.links);
    if (place.meta) made[place.meta.name] = declaredOnly(meta, place.meta);
  }
  return value;
}

function declaredOnly(values: Record<string, unknown>, { members }: EnvelopeMember): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => members.has(name)));
}
