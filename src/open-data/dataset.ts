import { LRUCache } from 'lru-cache';
import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import type { Operation } from '../contract/operation.ts';
import { pageProblem } from '../contract/page-problem.ts';
import { type PageRequest, type PagingRule, pageRange, readPageRequest } from '../contract/paging.ts';
import { carriedQuery, publicUrl, queryNames } from '../contract/public-url.ts';
import { createProblem } from '../kernel/problem.ts';
import type { DatasetPlan } from './dataset-plan.ts';
import type { Selection } from './frame.ts';
import type { PageCache } from './page-cache.ts';
import { preparePage } from './prepared-page.ts';
import { matchesRecord, type RecordMatch } from './record-match.ts';
import { renderPage } from './render-page.ts';
import type { Snapshot } from './snapshot.ts';

/** The published records of one operation: the snapshot in use and the answers made from it. */
export interface Dataset {
  readonly operation: Operation;
  readonly plan: DatasetPlan;
  /** Undefined while nothing is offered. */
  readonly snapshot: Snapshot | undefined;
  /** Puts another snapshot in place of the one in use, at once and whole. */
  publish(snapshot: Snapshot | undefined): void;
  read(call: Call): Answer;
}

export interface DatasetSettings {
  readonly baseUrl: string;
  /** The holder's own cap on page sizes. */
  readonly maxPageSize: number;
  readonly pages: PageCache;
  readonly now: () => number;
}

/** Bound on the record lists of filtered requests kept for a snapshot: callers choose how many there are. */
const FILTERS_BYTES = 4 * 1024 * 1024;
/** What a record list costs besides its numbers. */
const FILTER_OVERHEAD_BYTES = 512;

/** One page holding everything, for contracts whose lists have no paging parameters. */
const UNPAGED: PagingRule = Object.freeze({
  pageParameter: 'page',
  sizeParameter: 'page-size',
  firstPage: 1,
  defaultSize: Number.MAX_SAFE_INTEGER,
  minSize: 1,
  maxSize: Number.MAX_SAFE_INTEGER,
});

let published = 0;

/** Creates a dataset with nothing published. */
export function createDataset(operation: Operation, plan: DatasetPlan, settings: DatasetSettings): Dataset {
  const rule = operation.paging ?? UNPAGED;
  const holderMax = operation.paging
    ? Math.min(settings.maxPageSize, plan.split?.maxItems ?? Number.POSITIVE_INFINITY)
    : UNPAGED.maxSize;
  const allowsEmpty = (operation.answer.split()?.minItems ?? 0) === 0;
  const carried = queryNames(operation);
  // A page that names its moment is different every time it is made.
  const isTimed = plan.places.some(({ meta }) => meta?.required.has('requestDateTime'));
  const selections = new LRUCache<string, Uint32Array>({
    maxSize: FILTERS_BYTES,
    sizeCalculation: ({ byteLength }) => byteLength + FILTER_OVERHEAD_BYTES,
  });
  let snapshot: Snapshot | undefined;
  let edition = '';
  let usual: Answer | undefined;

  /** The page that most callers ask for, by naming nothing, is at hand without being looked up. */
  function read(call: Call): Answer {
    if (plan.filters.length > 0 || isTimed || !isEmpty(call.query)) return readPage(call);
    usual ??= readPage(call);
    return usual;
  }

  function readPage(call: Call): Answer {
    if (!snapshot) return answerProblem(createProblem('PRODUTO_NAO_OFERTADO'));
    const request = readPageRequest(
      rule,
      call.query[rule.pageParameter],
      call.query[rule.sizeParameter],
      holderMax,
    );
    if (typeof request === 'string') return answerProblem(pageProblem(request, rule, operation));
    const filters = readFilters(plan, call);
    if ('refused' in filters)
      return answerProblem(createProblem('PARAMETRO_INVALIDO', { detail: filters.refused }));
    const query = carriedQuery(carried, call);
    const key = `${edition} ${request.page} ${request.size} ${request.explicit} ${filters.key} ${query}`;
    const known = settings.pages.get(key);
    return known
      ? { kind: 'content', content: known }
      : makePage(snapshot, request, filters.wanted, key, publicUrl(settings.baseUrl, call, query));
  }

  function makePage(
    current: Snapshot,
    request: PageRequest,
    wanted: Record<string, string>,
    key: string,
    url: string,
  ): Answer {
    const ids = current.matches && Object.keys(wanted).length > 0 ? findMatches(current, wanted) : undefined;
    const total = ids?.length ?? current.total;
    const range = pageRange(rule, request, total);
    if (range.from === range.to && current.isList && !allowsEmpty) return emptyAnswer(operation);

    const selection: Selection = ids ? { ids: ids.subarray(range.from, range.to) } : range;
    const body = renderPage({
      snapshot: current,
      places: plan.places,
      rule,
      request,
      selection,
      total,
      url,
      at: settings.now(),
    });
    const page = preparePage(body, operation.version, current.lastModified, () => settings.pages.grow(key));
    if (!isTimed) settings.pages.set(key, page);
    return { kind: 'content', content: page };
  }

  function findMatches(current: Snapshot, wanted: Record<string, string>): Uint32Array {
    const key = JSON.stringify(wanted);
    const known = selections.get(key);
    if (known) return known;
    const verdicts = new Map<RecordMatch | undefined, boolean>();
    const found: number[] = [];
    for (let id = 0; id < current.total; id += 1) {
      const match = current.matches?.[id];
      const verdict = verdicts.get(match) ?? matchesRecord(match, wanted);
      verdicts.set(match, verdict);
      if (verdict) found.push(id);
    }
    const ids = Uint32Array.from(found);
    selections.set(key, ids);
    return ids;
  }

  return {
    operation,
    plan,
    get snapshot() {
      return snapshot;
    },
    publish(next) {
      published += 1;
      snapshot = next;
      usual = undefined;
      edition = String(published);
      selections.clear();
    },
    read,
  };
}

function isEmpty(query: Call['query']): boolean {
  for (const _name in query) return false;
  return true;
}

/** The regulators answer a list without records with an empty list; where the contract forbids one, 204, else 404. */
function emptyAnswer(operation: Operation): Answer {
  return operation.statuses.has(204) ? { kind: 'empty' } : answerProblem(createProblem('SEM_REGISTROS'));
}

function readFilters(
  plan: DatasetPlan,
  call: Call,
): { wanted: Record<string, string>; key: string } | { refused: string } {
  const wanted: Record<string, string> = {};
  let key = '';
  for (const filter of plan.filters) {
    const value = filter.in === 'path' ? call.path[filter.parameter] : call.query[filter.parameter];
    if (value === undefined || value === '') continue;
    if (filter.allowed && !filter.allowed.includes(value.trim()))
      return { refused: `O parâmetro ${filter.parameter} não é um dos valores permitidos.` };
    wanted[filter.parameter] = value;
    key += `${encodeURIComponent(value)}/`;
  }
  return { wanted, key: plan.filters.length > 0 ? `${key}${Object.keys(wanted)}` : '' };
}
