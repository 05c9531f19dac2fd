import type { Access } from './access.ts';
import type { Target } from './holder.ts';
import { type Page, type PagesOptions, pages } from './pages.ts';
import { UnusableAnswer } from './receiver-errors.ts';

export interface RecordsOptions extends PagesOptions {
  /**
   * Where the records are in each page: a JSON pointer (RFC 6901) to a list, in which a member called `*` stands for every
   * element of a list on the way. Unless it is said: `data`, or the first list within it.
   */
  readonly at?: string;
}

/** Objects in objects that are looked into for a list. */
const DEEPEST = 5;

/** Reads a list record by record, over all of its pages, each record once. Rejects as `pages` does. */
export async function* records<T = unknown>(
  access: Access,
  target: Target,
  { at, ...options }: RecordsOptions = {},
): AsyncGenerator<T, void, undefined> {
  for await (const { body } of pages(access, target, options)) {
    yield* (at === undefined ? findList(body) : listsAt(body, at)) as readonly T[];
  }
}

/** The list of a page, where nobody says where it is; the nearest one to `data`. */
function findList(page: Page): readonly unknown[] {
  let level: readonly unknown[] = [page?.data];
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const list = level.find((value) => Array.isArray(value));
    if (list) return list;
    level = level.flatMap((value) => (isObject(value) ? Object.values(value) : []));
    if (level.length === 0) return [];
  }
  throw new UnusableAnswer('malformed', 'no list was found in the answer');
}

function listsAt(page: Page, pointer: string): readonly unknown[] {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const lists = names.reduce<readonly unknown[]>(
    (values, name) => values.flatMap((value) => membersOf(value, name)),
    [page],
  );
  if (lists.every((list) => Array.isArray(list))) return lists.flat();
  throw new UnusableAnswer('malformed', `what is at ${pointer} is no list`);
}

/** What is not there has no records. */
function membersOf(value: unknown, name: string): readonly unknown[] {
  if (name === '*') return Array.isArray(value) ? value : [];
  // In one more list, which the caller flattens: members may be lists themselves.
  return isObject(value) && value[name] !== undefined ? [value[name]] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
