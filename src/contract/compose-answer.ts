import { type Answer, answerProblem, type Call } from './call.ts';
import type { EnvelopeMember } from './envelope-places.ts';
import { formatDateTime } from './error-shape.ts';
import type { Operation } from './operation.ts';
import { pageProblem } from './page-problem.ts';
import {
  type PageRequest,
  type PagingRule,
  pageLinks,
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

/**
 * Makes the answer of an operation whose content is computed and not read from files: the page that the request asks
 * for, in the envelope of the operation's own contract, with only the members of links and meta that it declares.
 */
export function composeAnswer(call: Call, computed: Computed, settings: ComposeSettings): Answer {
  const { operation } = call;
  const rule = operation.paging ?? ONE_PAGE;
  const most = Math.min(settings.maxPageSize, operation.answer.split()?.maxItems ?? Number.POSITIVE_INFINITY);
  const request = readPageRequest(rule, call.query[rule.pageParameter], call.query[rule.sizeParameter], most);
  if (typeof request === 'string') return answerProblem(pageProblem(request, rule, operation));

  const total = 'list' in computed ? computed.list.length : 1;
  const range = pageRange(rule, request, total);
  const path = operation.answer.countedArray ?? ['data'];
  const made = envelope(call, rule, request, total, settings);
  if ('record' in computed) return answerBody(wrap(operation, path, computed.record, made));
  const page = computed.list.slice(range.from, range.to);
  return answerBody(
    computed.enclose
      ? wrap(operation, path.slice(0, 1), computed.enclose(page), made)
      : wrap(operation, path, page, made),
  );
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
  rule: PagingRule,
  request: PageRequest,
  total: number,
  { baseUrl, at }: ComposeSettings,
): Envelope {
  return {
    links: {
      ...pageLinks(
        rule,
        request,
        total,
        publicUrl(baseUrl, call, carriedQuery(queryNames(call.operation), call)),
      ),
    },
    meta: {
      totalRecords: total,
      totalPages: totalPages(total, request.size),
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
