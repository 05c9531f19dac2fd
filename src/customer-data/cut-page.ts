import type { Found, Json, PageAsked } from '../connectors/connector.ts';
import type { ComputedPage } from '../contract/compose-answer.ts';
import type { Operation } from '../contract/operation.ts';
import { totalPages } from '../contract/paging.ts';
import type { ContractBreach } from './check-answers.ts';
import type { PlacedRecord } from './enclosed-records.ts';
import { anchorAt, locateAnchor } from './page-anchor.ts';
import type { PagePlan } from './page-plan.ts';
import type { RecordSelection } from './record-filters.ts';
import type { ScreenedList } from './screen-records.ts';

type Page = Omit<ComputedPage, 'enclose'>;
type FoundList = Extract<Found<Json>, { status: 'ok' }>;

/** What connectors may say of where the next page begins. */
const CURSOR = /^[\x20-\x7e]{1,512}$/;

/**
 * The page of a plan: cut out of a whole list, or as the connector has cut it itself. What is wrong with it where the
 * connector does not keep to what it says of a page, or leaves out what the contract demands.
 */
export function cutPage(
  operation: Operation,
  plan: PagePlan,
  found: FoundList,
  list: ScreenedList,
  selection: RecordSelection | undefined,
): Page | ContractBreach {
  const isPage = found.total !== undefined || found.cursor !== undefined;
  if (!isPage) return cutWhole(plan, list.select(selection));
  const wrong = pageFault(plan.asked, found, list.found) ?? (plan.asked && totalsFault(operation, found));
  if (wrong) return { pointer: '', reason: wrong };
  return plan.asked ? takePage(plan, found, list) : cutWhole(plan, list.select(selection));
}

/** By its number, or right after where the page before ended. */
function cutWhole({ rule, request, mark, keysOf }: PagePlan, list: readonly PlacedRecord[]): Page {
  const total = list.length;
  const records = { length: total, recordAt: (at: number) => (list[at] as PlacedRecord).record };
  const first = Math.min((request.page - rule.firstPage) * request.size, total);
  const from = mark.anchor ? locateAnchor(mark.anchor, records) : first;
  const to = Math.min(from + request.size, total);
  return {
    records: list.slice(from, to),
    total,
    hasNext: to < total,
    keys: keysOf && (() => keysOf({ anchor: anchorAt(records, to) })),
  };
}

function takePage(
  { rule, request, keysOf }: PagePlan,
  { total, cursor }: FoundList,
  list: ScreenedList,
): Page {
  const number = request.page - rule.firstPage + 1;
  const hasNext = cursor === undefined ? number < totalPages(total ?? 0, request.size) : cursor !== null;
  const next = typeof cursor === 'string' ? { cursor } : {};
  return { records: list.select(undefined), total, hasNext, keys: keysOf && (() => keysOf(next)) };
}

function pageFault(
  asked: PageAsked | undefined,
  { total, cursor }: FoundList,
  found: number,
): string | undefined {
  if (total !== undefined && !(Number.isSafeInteger(total) && total >= 0)) return 'total of the page';
  if (typeof cursor === 'string' && !CURSOR.test(cursor)) return 'cursor of the page';
  if (asked) return found > asked.size ? 'size of the page' : undefined;
  // A part of what was asked for would pass for the whole.
  return typeof cursor === 'string' || (total ?? found) > found
    ? 'page of what was asked for whole'
    : undefined;
}

/** A contract that demands totals cannot be kept with a list that nobody has counted. */
function totalsFault({ answer }: Operation, { total }: FoundList): string | undefined {
  if (total !== undefined) return undefined;
  const demanded = answer.places
    .flatMap(({ meta }) => [...(meta?.required ?? [])])
    .find((name) => name === 'totalRecords' || name === 'totalPages');
  return demanded && `required: ${demanded}`;
}
