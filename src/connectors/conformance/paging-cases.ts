import { readWhole, widestQuery } from './base-answers.ts';
import { compareWalks, isUnchanged } from './compare-walks.ts';
import { type ConnectorCase, expect, triedOrNot } from './connector-case.ts';
import type { Target } from './connector-read.ts';
import { askPage, nameOf, type Walk, walkList } from './list-walk.ts';
import { longLists, NOT_PAGED, pagedLists } from './paged-lists.ts';
import type { Trial } from './trial.ts';

/** Page sizes that are tried, and how many pages of each: the ends of what receivers ask for, and the default. */
const SIZES = [
  { size: 1, mostPages: 30 },
  { size: 2, mostPages: 30 },
  { size: 25, mostPages: 40 },
] as const;
const CHANGING = { size: 2, mostPages: 30 } as const;
const CURSOR = /^[\x20-\x7e]{1,512}$/;
const MADE_UP_CURSOR = 'guiche-connector-test-cursor';
/** Cases about the pages of lists, and about cursors. */
export const PAGING_CASES: readonly ConnectorCase[] = [
  {
    number: 20,
    name: 'pages add up to the list',
    why: 'A receiver that reads every page has to end with every record once, in the same order at any size.',
    run: tryPages,
  },
  {
    number: 21,
    name: 'pages hold while others read and data changes',
    why: 'Reading five hundred pages takes minutes, in which others read too and the bank goes on working.',
    run: tryChangingPages,
  },
  {
    number: 22,
    name: 'there is nothing beyond the end',
    why: 'A page after the last is empty; anything else sends a receiver round for ever.',
    run: tryBeyondEnd,
  },
  {
    number: 23,
    name: 'cursors are well formed',
    why: 'A cursor travels in a link of the answer, which has room for 512 printable characters of ASCII.',
    run: tryCursors,
  },
  {
    number: 24,
    name: 'a cursor that was made up finds nothing',
    why: 'A cursor is a receiver’s to hold: what it makes of it must neither fail nor find.',
    run: tryMadeUpCursor,
  },
];

async function tryPages(trial: Trial): Promise<number> {
  let tried = 0;
  for (const target of await longLists(trial)) {
    for (const { size, mostPages } of SIZES) {
      const { before, walk, after } = await readBetween(trial, target, { size, mostPages });
      const at = `${nameOf(target)} in pages of ${size}`;
      const fault = walk.isPaged
        ? compareWalks({ before: before.records, pages: walk.records, after: after.records, ...walk })
        : compareWholes(before, walk, after);
      expect(fault === undefined, `${at}: ${fault}`);
      expect(
        !walk.isPaged || walk.counts.every((count) => count <= size),
        `${at}: a page holds more than that`,
      );
      expect(isOfOne([before, walk, after]), `${at}: its pages do not say that they are of the same`);
      const isTold = walk.totals.every((total) => isTotalOf(total, before, after));
      expect(isTold, `${at}: total is not the number of records`);
      tried += 1;
    }
  }
  return triedOrNot(tried, 'no list that has pages has a record');
}

async function tryChangingPages(trial: Trial): Promise<number> {
  let tried = 0;
  let changed = 0;
  const lists = await pagedLists(trial);
  for (const [at, target] of lists.entries()) {
    const neighbour = lists[(at + 1) % lists.length] ?? target;
    const between = async () => {
      for (const other of [target, neighbour])
        await askPage(trial, other, widestQuery(other.read), { offset: 0, size: CHANGING.size });
    };
    const { before, walk, after } = await readBetween(trial, target, { ...CHANGING, between });
    // What is paged by its place alone moves when something comes before it, and cannot help it.
    const byPlace = !walk.cursors.some((cursor) => typeof cursor === 'string');
    if (byPlace && !isUnchanged(before.records, after.records)) {
      changed += 1;
      continue;
    }
    const fault = compareWalks({
      before: before.records,
      pages: walk.records,
      after: after.records,
      isComplete: walk.isComplete,
    });
    expect(fault === undefined, `${nameOf(target)}, while page 1 is read again in between: ${fault}`);
    tried += 1;
  }
  return triedOrNot(tried, changed > 0 ? 'every list changed meanwhile and is paged by place' : NOT_PAGED);
}

async function tryBeyondEnd(trial: Trial): Promise<number> {
  const lists = await pagedLists(trial);
  for (const target of lists) {
    const whole = await readWhole(trial, target);
    if (!whole.isComplete) continue;
    // Some records may come meanwhile, and not as many.
    const page = { offset: whole.records.length + 1000, size: 25 };
    const found = await askPage(trial, target, widestQuery(target.read), page);
    const count = found.status === 'ok' ? target.read.recordsOf(found.data)?.length : 0;
    const isNothing = found.status === 'empty' || (found.status === 'ok' && count === 0);
    expect(isNothing, `${nameOf(target)}, beyond the end: ${found.status} with ${count ?? 'other'} records`);
  }
  return triedOrNot(lists.length, NOT_PAGED);
}

async function tryCursors(trial: Trial): Promise<number> {
  let tried = 0;
  for (const target of await pagedLists(trial)) {
    const { cursors } = await walkList(trial, target, { ...CHANGING, query: widestQuery(target.read) });
    for (const cursor of cursors) {
      const isGood = cursor === null || (typeof cursor === 'string' && CURSOR.test(cursor));
      expect(isGood, `${nameOf(target)}: a cursor is not 1 to 512 printable characters of ASCII, or null`);
      tried += 1;
    }
  }
  return triedOrNot(tried, 'no list is paged by cursor');
}

async function tryMadeUpCursor(trial: Trial): Promise<number> {
  let tried = 0;
  for (const target of await pagedLists(trial)) {
    const query = widestQuery(target.read);
    const first = await askPage(trial, target, query, { offset: 0, size: 1 });
    if (first.status !== 'ok' || typeof first.cursor !== 'string') continue;
    const found = await askPage(trial, target, query, { offset: 1, size: 1, cursor: MADE_UP_CURSOR });
    const count = found.status === 'ok' ? target.read.recordsOf(found.data)?.length : 0;
    expect(
      count === 0 && found.status !== 'notReady',
      `${nameOf(target)}: a made-up cursor finds ${count} records`,
    );
    tried += 1;
  }
  return triedOrNot(tried, 'no list is paged by cursor');
}

/** Reads a list in pages, and as a whole before and after. */
async function readBetween(
  trial: Trial,
  target: Target,
  wishes: { size: number; mostPages: number; between?: () => Promise<void> },
): Promise<{ before: Walk; walk: Walk; after: Walk }> {
  const before = await readWhole(trial, target);
  const walk = await walkList(trial, target, { ...wishes, query: widestQuery(target.read) });
  return { before, walk, after: await readWhole(trial, target) };
}

/** Whether all pages name the same owner, or none does, which another case finds. */
function isOfOne(walks: readonly Walk[]): boolean {
  return new Set(walks.flatMap((walk) => walk.owners)).size <= 1;
}

/** A list that is answered whole is the same whatever page was asked for. */
function compareWholes(before: Walk, walk: Walk, after: Walk): string | undefined {
  return compareWalks({
    before: before.records,
    pages: walk.records,
    after: after.records,
    isComplete: true,
  });
}

/** Of a list that changes, the number of before, of after, or one between. */
function isTotalOf(total: unknown, before: Walk, after: Walk): boolean {
  if (!Number.isInteger(total)) return false;
  if (!before.isComplete || !after.isComplete) return (total as number) >= before.records.length;
  const counts = [before.records.length, after.records.length];
  return (total as number) >= Math.min(...counts) && (total as number) <= Math.max(...counts);
}
