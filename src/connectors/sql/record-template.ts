import type { Json } from '../connector.ts';
import { type ColumnValue, Decimal, type Row } from './column-value.ts';
import { type Conversion, convertColumn } from './convert-column.ts';

/** What the rows of a query are made into, as a mapping writes it. */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'column'; readonly column: string; readonly conversion: Conversion }
  | { readonly kind: 'map'; readonly members: readonly (readonly [name: string, Template])[] }
  | { readonly kind: 'list'; readonly elements: readonly Template[] }
  /** One element for each combination of values that the columns have among the rows, in their order. */
  | { readonly kind: 'groups'; readonly by: readonly string[]; readonly element: Template };

/** Rows that make one value differ in a column that it has only once. */
export class AmbiguousColumn extends Error {
  readonly column: string;

  constructor(column: string) {
    super('rows differ in a column of which only one value can be told');
    this.column = column;
  }
}

/** Content that rows become, and whether any of it came from a column rather than being written in the mapping. */
interface Filled {
  readonly value: Json;
  readonly isTold: boolean;
}

const LEFT_OUT = Symbol('left out');

/**
 * Fills a template with rows that belong together, of which there is at least one. Members whose column is null are left
 * out, and so are maps and lists in which every column is null, literals included; a list of groups without any is empty.
 * Throws {@link AmbiguousColumn}.
 */
export function fillTemplate(template: Template, rows: readonly Row[]): Json {
  const filled = fill(template, rows);
  return filled === LEFT_OUT ? {} : filled.value;
}

/** Every column that a template reads. */
export function columnsOf(template: Template): string[] {
  switch (template.kind) {
    case 'literal':
      return [];
    case 'column':
      return [template.column];
    case 'map':
      return template.members.flatMap(([, member]) => columnsOf(member));
    case 'list':
      return template.elements.flatMap(columnsOf);
    case 'groups':
      return [...template.by, ...columnsOf(template.element)];
  }
}

function fill(template: Template, rows: readonly Row[]): Filled | typeof LEFT_OUT {
  switch (template.kind) {
    case 'literal':
      return { value: template.value, isTold: false };
    case 'column': {
      const value = columnOf(template.column, rows);
      return value === null ? LEFT_OUT : { value: convertColumn(value, template.conversion), isTold: true };
    }
    case 'map':
      return fillMap(template.members, rows);
    case 'list':
      return fillList(template.elements, rows);
    case 'groups':
      return fillGroups(template.by, template.element, rows);
  }
}

function fillMap(
  members: readonly (readonly [string, Template])[],
  rows: readonly Row[],
): Filled | typeof LEFT_OUT {
  const value: Record<string, Json> = {};
  let isTold = false;
  let isLeftOut = false;
  for (const [name, member] of members) {
    const filled = fill(member, rows);
    if (filled === LEFT_OUT) isLeftOut = true;
    else {
      value[name] = filled.value;
      isTold ||= filled.isTold;
    }
  }
  return isLeftOut && !isTold ? LEFT_OUT : { value, isTold };
}

function fillList(elements: readonly Template[], rows: readonly Row[]): Filled | typeof LEFT_OUT {
  const filled = elements.map((element) => fill(element, rows));
  const kept = filled.filter((element) => element !== LEFT_OUT);
  const isTold = kept.some((element) => element.isTold);
  return kept.length < filled.length && !isTold
    ? LEFT_OUT
    : { value: kept.map(({ value }) => value), isTold };
}

function fillGroups(by: readonly string[], element: Template, rows: readonly Row[]): Filled {
  const named = rows.filter((row) => by.every((column) => cellOf(row, column) !== null));
  const groups = Map.groupBy(named, (row) => by.map((column) => keyOf(cellOf(row, column))).join());
  const value = [...groups.values()].flatMap((group) => {
    const filled = fill(element, group);
    return filled === LEFT_OUT ? [] : [filled.value];
  });
  return { value, isTold: value.length > 0 };
}

function columnOf(column: string, rows: readonly Row[]): ColumnValue {
  const first = cellOf(rows[0] as Row, column);
  if (rows.length === 1) return first;
  const key = keyOf(first);
  if (rows.some((row) => keyOf(cellOf(row, column)) !== key)) throw new AmbiguousColumn(column);
  return first;
}

function cellOf(row: Row, column: string): ColumnValue {
  return row[column] ?? null;
}

function keyOf(value: ColumnValue): string {
  return JSON.stringify(value instanceof Decimal ? value.text : value);
}
