import type { Json } from '../connector.ts';
import { readWhole, widestQuery } from './base-answers.ts';
import { compareWalks } from './compare-walks.ts';
import { type ConnectorCase, expect, triedOrNot } from './connector-case.ts';
import type { Query, Target } from './connector-read.ts';
import { nameOf, walkList } from './list-walk.ts';
import { longLists } from './paged-lists.ts';
import type { Trial } from './trial.ts';

/** Records whose values are tried as those of a filter. */
const MOST_SAMPLED = 20;

/** The case about filters of lists. */
export const FILTER_CASE: ConnectorCase = {
  number: 25,
  name: 'filters keep what they want, both ends included',
  why: 'A span from one day to the same day is that whole day; a page that is filtered too late has too few records.',
  run: tryFilters,
};

async function tryFilters(trial: Trial): Promise<number> {
  let tried = 0;
  for (const target of await longLists(trial)) {
    const { records } = await readWhole(trial, target);
    for (const { name, query } of filtersFor(target, records)) {
      const wants = target.read.filterOf(query) ?? (() => true);
      const walk = await walkList(trial, target, { size: 25, mostPages: 40, query });
      const after = await readWhole(trial, target);
      const at = `${nameOf(target)}, by ${name}`;
      // A list that is answered whole is filtered by guiche: it only has to hold what is wanted.
      const pages = walk.isPaged ? walk.records : walk.records.filter(wants);
      const fault = compareWalks({
        before: records.filter(wants),
        pages,
        after: after.records.filter(wants),
        isComplete: walk.isComplete,
      });
      expect(fault === undefined, `${at}: ${fault}`);
      tried += 1;
    }
  }
  return triedOrNot(tried, 'no list has a filter that tells its records apart');
}

interface Filter {
  /** Of the parameters, such as `fromBookingDate and toBookingDate`. */
  readonly name: string;
  readonly query: Query;
}

/** A query for each filter of a list, which wants some of its records and, where it can, not all. */
function filtersFor({ read }: Target, records: readonly Json[]): Filter[] {
  const names = read.operation.parameters
    .filter(({ in: place }) => place === 'query')
    .map(({ name }) => name);
  const wide = widestQuery(read);
  const spans = names.filter((name) => name in wide && name.startsWith('from')).map((name) => name.slice(4));
  const others = names.filter((name) => !(name in wide));
  const values = [...new Set(records.slice(0, MOST_SAMPLED).flatMap(simpleMembers))];
  const days = [...new Set(values.flatMap((value) => /^\d{4}-\d{2}-\d{2}/.exec(value) ?? []))];
  return [
    ...spans.flatMap((span) =>
      pick(`from${span} and to${span}`, days, (day) => ({
        ...wide,
        [`from${span}`]: day,
        [`to${span}`]: day,
      })),
    ),
    ...others.flatMap((name) => pick(name, values, (value) => ({ ...wide, [name]: value }))),
  ];

  function pick(name: string, candidates: readonly string[], queryOf: (value: string) => Query): Filter[] {
    const fitting = candidates.map(queryOf).flatMap((query) => {
      const wants = read.filterOf(query);
      const count = wants ? records.filter(wants).length : 0;
      return wants && count > 0 ? [{ query, isTelling: count < records.length }] : [];
    });
    const best = fitting.find(({ isTelling }) => isTelling) ?? fitting[0];
    return best ? [{ name, query: best.query }] : [];
  }
}

function simpleMembers(record: Json): string[] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return [];
  return Object.values(record)
    .filter((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    .map(String);
}
