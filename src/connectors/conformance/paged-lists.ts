import { type BaseAnswer, readEverything, widestQuery } from './base-answers.ts';
import { NotTried } from './connector-case.ts';
import { isList, type Target } from './connector-read.ts';
import { askPage, isPage } from './list-walk.ts';
import type { Trial } from './trial.ts';

/** Lists that are tried, the longest first. */
const MOST_LISTS = 12;

/** Why nothing about pages can be tried. */
export const NOT_PAGED = 'every list is answered whole, and guiche makes the pages';

/** Lists that the contract pages and that have records, the longest first. */
export async function longLists(trial: Trial): Promise<Target[]> {
  const { answers } = await readEverything(trial);
  const countOf = ({ walk }: BaseAnswer) => walk?.records.length ?? 0;
  return answers
    .filter(({ target, walk }) => isList(target.read) && target.read.operation.paging && walk?.isWellFormed)
    .filter((answer) => countOf(answer) > 0)
    .sort((one, other) => countOf(other) - countOf(one))
    .slice(0, MOST_LISTS)
    .map(({ target }) => target);
}

/** Those of them whose pages the connector makes. */
export async function pagedLists(trial: Trial): Promise<Target[]> {
  const paged: Target[] = [];
  for (const target of await longLists(trial)) {
    const found = await askPage(trial, target, widestQuery(target.read), { offset: 0, size: 1 });
    if (isPage(found)) paged.push(target);
  }
  if (paged.length === 0) throw new NotTried(NOT_PAGED);
  return paged;
}
