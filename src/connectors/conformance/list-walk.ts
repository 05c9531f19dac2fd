import type { Found, Json, PageAsked } from '../connector.ts';
import { apiOf, askRead, type Query, type Target } from './connector-read.ts';
import type { Trial } from './trial.ts';

/** A list, read page after page as guiche reads it. */
export interface Walk {
  readonly status: Found<Json>['status'];
  /** What each page held, whatever surrounds its records. */
  readonly contents: readonly Json[];
  readonly records: readonly Json[];
  /** Records of each page. */
  readonly counts: readonly number[];
  /** False when some page had another form than the contract's: its records are then missing. */
  readonly isWellFormed: boolean;
  /** Whether the connector answered pages, and not the list as a whole. */
  readonly isPaged: boolean;
  /** Totals that pages gave. */
  readonly totals: readonly unknown[];
  /** Whom pages said to be of, undefined for those that did not say it. */
  readonly owners: readonly unknown[];
  /** Cursors that pages gave, null for the end. */
  readonly cursors: readonly unknown[];
  /** False when there was more than the pages that were wanted. */
  readonly isComplete: boolean;
}

export interface WalkWishes {
  readonly size: number;
  readonly mostPages: number;
  readonly query?: Query;
  /** Done after each page but the last. */
  readonly between?: () => Promise<void>;
}

/** Reads a list from its beginning. Rejects with `Broken` when a page cannot be had. */
export async function walkList(trial: Trial, target: Target, wishes: WalkWishes): Promise<Walk> {
  const { size, mostPages, query = {}, between } = wishes;
  const pages: Page[] = [];
  let cursor: string | undefined;
  for (let number = 0; number < mostPages; number += 1) {
    const found = await askPage(trial, target, query, {
      offset: number * size,
      size,
      ...(cursor && { cursor }),
    });
    const page = readPage(target, found);
    pages.push(page);
    cursor = typeof page.cursor === 'string' ? page.cursor : undefined;
    if (!goesOn(page, (number + 1) * size)) return summarise(pages, true);
    await between?.();
  }
  return summarise(pages, false);
}

/** One page of a list. */
export function askPage(
  trial: Trial,
  target: Target,
  query: Query,
  page: PageAsked | undefined,
): Promise<Found<Json>> {
  return trial.ask(nameOf(target), (asking) =>
    askRead(trial.connector, target, asking, query, target.read.operation.paging && page),
  );
}

/** What a report calls a read. */
export function nameOf({ read }: Pick<Target, 'read'>): string {
  return `${read.operation.path} (${apiOf(read)})`;
}

/** Whether an answer is a page, and not a whole list. */
export function isPage(found: Found<Json>): boolean {
  return found.status === 'ok' && (found.total !== undefined || found.cursor !== undefined);
}

interface Page {
  readonly status: Found<Json>['status'];
  readonly content: Json | undefined;
  readonly records: readonly Json[] | undefined;
  readonly isPage: boolean;
  readonly owner: unknown;
  readonly total: unknown;
  readonly cursor: unknown;
}

function readPage({ read }: Target, found: Found<Json>): Page {
  if (found.status !== 'ok')
    return {
      status: found.status,
      content: undefined,
      records: [],
      isPage: false,
      owner: undefined,
      total: undefined,
      cursor: null,
    };
  const { data, owner, total, cursor } = found;
  return {
    status: 'ok',
    content: data,
    records: read.recordsOf(data),
    isPage: isPage(found),
    owner,
    total,
    cursor,
  };
}

function goesOn({ isPage, total, cursor }: Page, reached: number): boolean {
  if (!isPage) return false;
  return cursor === undefined ? Number(total) > reached : cursor !== null;
}

function summarise(pages: readonly Page[], isComplete: boolean): Walk {
  return {
    status: pages[0]?.status ?? 'empty',
    contents: pages.flatMap(({ content }) => (content === undefined ? [] : [content])),
    records: pages.flatMap(({ records }) => records ?? []),
    counts: pages.map(({ records }) => records?.length ?? 0),
    isWellFormed: pages.every(({ records }) => records !== undefined),
    isPaged: pages.some(({ isPage }) => isPage),
    owners: pages.flatMap(({ content, owner }) => (content === undefined ? [] : [owner])),
    totals: pages.flatMap(({ total }) => (total === undefined ? [] : [total])),
    cursors: pages.flatMap(({ cursor, isPage }) => (isPage && cursor !== undefined ? [cursor] : [])),
    isComplete,
  };
}
