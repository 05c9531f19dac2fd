import type { Json } from '../connectors/data-connector.ts';
import type { Operation, Parameter } from '../contract/operation.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import { isRecord } from './enclosed-records.ts';
import { admittedValues, recordMembers } from './record-members.ts';

type Query = Readonly<Record<string, string>>;
type Test = (record: Json) => boolean;
type Filter = (query: Query, today: string | undefined) => Test | Problem | undefined;

const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/**
 * Makes the function that reads from a call which records it wants, by the parameters that its contract declares and
 * the members of its records:
 *
 * - `from…` and `to…` bound a date, both days included. The member is the one that the parameters are called after, or
 *   the only date of a record. A date with a time counts as the day that is written in it.
 * - Any other parameter selects by the member of its name, or by the only one that admits exactly its values.
 *
 * A parameter that no member fits is the connector's to apply.
 *
 * @returns per call: a test of records, undefined where all are wanted, or the problem of a date that is none.
 * `today` is where a missing end of a span lies; undefined leaves it open.
 */
export function createRecordFilters(): (
  operation: Operation,
  query: Query,
  today: string | undefined,
) => Test | Problem | undefined {
  const known = new WeakMap<Operation, readonly Filter[]>();
  return (operation, query, today) => {
    const filters = known.get(operation) ?? readFilters(operation);
    known.set(operation, filters);
    const tests: Test[] = [];
    for (const filter of filters) {
      const made = filter(query, today);
      if (typeof made === 'object') return made;
      if (made) tests.push(made);
    }
    return tests.length === 0 ? undefined : (record) => tests.every((test) => test(record));
  };
}

function readFilters({ parameters, answer }: Operation): Filter[] {
  const members = recordMembers(answer.split()?.record);
  const queries = parameters.filter(({ in: place }) => place === 'query');
  const spans = new Set(queries.flatMap(({ name }) => spanOf(name) ?? []));
  return [
    ...[...spans].flatMap((span) => {
      const member = findDate(span, members);
      return member === undefined ? [] : [filterByDate(span, member)];
    }),
    ...queries
      .filter(({ name }) => spanOf(name) === undefined)
      .flatMap((parameter) => {
        const member = findMember(parameter, members);
        return member === undefined ? [] : [filterByValue(parameter.name, member)];
      }),
  ];
}

/** What a parameter bounds, such as `BookingDate` of `fromBookingDate`. */
function spanOf(name: string): string | undefined {
  return /^(?:from|to)([A-Z].*)$/.exec(name)?.[1];
}

type Members = ReturnType<typeof recordMembers>;

function findDate(span: string, members: Members): string | undefined {
  const name = `${span[0]?.toLowerCase()}${span.slice(1)}`;
  const dates = [...members].filter(([member, schema]) => isDate(member, schema)).map(([member]) => member);
  const called = dates.find((date) => date === name) ?? dates.find((date) => date.startsWith(name));
  return called ?? (dates.length === 1 ? dates[0] : undefined);
}

function isDate(name: string, { format }: Readonly<Record<string, unknown>>): boolean {
  return format === 'date' || format === 'date-time' || /Date(?:Time)?$/.test(name);
}

function filterByDate(span: string, member: string): Filter {
  return (query, today) => {
    const from = query[`from${span}`] || today;
    const to = query[`to${span}`] || today;
    for (const [end, name] of [
      [from, `from${span}`],
      [to, `to${span}`],
    ] as const)
      if (end !== undefined && !DATE.test(end))
        return createProblem('PARAMETRO_INVALIDO', {
          detail: `O parâmetro ${name} deve ser uma data no formato AAAA-MM-DD.`,
        });
    if (from === undefined && to === undefined) return undefined;
    return (record) => {
      const value = isRecord(record) ? record[member] : undefined;
      if (typeof value !== 'string') return false;
      const day = value.slice(0, 10);
      return (from === undefined || day >= from) && (to === undefined || day <= to);
    };
  };
}

function findMember({ name, schema }: Parameter, members: Members): string | undefined {
  if (members.has(name)) return name;
  const wanted = admittedValues(schema);
  if (wanted === undefined) return undefined;
  const alike = [...members].filter(([, member]) => isSameSet(wanted, member.enum)).map(([member]) => member);
  return alike.length === 1 ? alike[0] : undefined;
}

function isSameSet(one: readonly unknown[], other: unknown): boolean {
  return Array.isArray(other) && one.length === other.length && one.every((value) => other.includes(value));
}

function filterByValue(parameter: string, member: string): Filter {
  return (query) => {
    const wanted = query[parameter];
    if (!wanted) return undefined;
    return (record) => isRecord(record) && String(record[member]) === wanted;
  };
}
