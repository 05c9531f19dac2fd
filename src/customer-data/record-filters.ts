import type { Json } from '../connectors/connector.ts';
import type { Operation, Parameter } from '../contract/operation.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import { isRecord } from './enclosed-records.ts';
import { admittedValues, recordMembers } from './record-members.ts';

type Query = Readonly<Record<string, string>>;
type Test = (record: Json) => boolean;
type Filter = (query: Query, days: SpanDays) => RecordSelection | Problem | undefined;

/** The records that a call wants. */
export interface RecordSelection {
  /** The same for the same selection of one operation. */
  readonly key: string;
  readonly isWanted: Test;
  /** Parameters that the call leaves to what they stand for when they are missing. */
  readonly implied: Query;
}

/** The days, as `2026-01-31`, that spans of dates are measured by. */
export interface SpanDays {
  /** Where a missing end of a span lies; undefined leaves it open. */
  readonly today: () => string | undefined;
  /** Before which no span may begin; undefined where any may. */
  readonly earliest: () => string | undefined;
}

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
 * @returns per call: what selects records, undefined where all are wanted, or the problem of a date that is none or of a
 * span that begins too early
 */
export function createRecordFilters(): (
  operation: Operation,
  query: Query,
  days: SpanDays,
) => RecordSelection | Problem | undefined {
  const known = new WeakMap<Operation, readonly Filter[]>();
  return (operation, query, days) => {
    const filters = known.get(operation) ?? readFilters(operation);
    known.set(operation, filters);
    const made: RecordSelection[] = [];
    for (const filter of filters) {
      const selection = filter(query, days);
      if (selection && 'code' in selection) return selection;
      if (selection) made.push(selection);
    }
    if (made.length < 2) return made[0];
    return {
      key: made.map(({ key }) => key).join('&'),
      isWanted: (record) => made.every(({ isWanted }) => isWanted(record)),
      implied: Object.assign({}, ...made.map(({ implied }) => implied)),
    };
  };
}

function readFilters({ parameters, answer, statuses }: Operation): Filter[] {
  const members = recordMembers(answer.split()?.record);
  const queries = parameters.filter(({ in: place }) => place === 'query');
  const spans = new Set(queries.flatMap(({ name }) => spanOf(name) ?? []));
  return [
    ...[...spans].flatMap((span) => {
      const member = findDate(span, members);
      return member === undefined ? [] : [filterByDate(span, member, statuses.has(422) ? 422 : 400)];
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

function filterByDate(span: string, member: string, tooEarlyStatus: number): Filter {
  return (query, days) => {
    const from = query[`from${span}`] || days.today();
    const to = query[`to${span}`] || days.today();
    for (const [end, name] of [
      [from, `from${span}`],
      [to, `to${span}`],
    ] as const)
      if (end !== undefined && !DATE.test(end))
        return createProblem('PARAMETRO_INVALIDO', {
          detail: `O parâmetro ${name} deve ser uma data no formato AAAA-MM-DD.`,
        });
    const earliest = days.earliest();
    if (earliest !== undefined && [from, to].some((end) => end !== undefined && end < earliest))
      return createProblem('PERIODO_NAO_PERMITIDO', { status: tooEarlyStatus });
    if (from === undefined && to === undefined) return undefined;
    return {
      key: `${span}=${from ?? ''}/${to ?? ''}`,
      isWanted: isWithin(member, from, to),
      implied: {
        ...(from !== undefined && !query[`from${span}`] && { [`from${span}`]: from }),
        ...(to !== undefined && !query[`to${span}`] && { [`to${span}`]: to }),
      },
    };
  };
}

function isWithin(member: string, from: string | undefined, to: string | undefined): Test {
  return (record) => {
    const value = isRecord(record) ? record[member] : undefined;
    if (typeof value !== 'string') return false;
    const day = value.slice(0, 10);
    return (from === undefined || day >= from) && (to === undefined || day <= to);
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
    return {
      key: `${parameter}=${encodeURIComponent(wanted)}`,
      isWanted: (record) => isRecord(record) && String(record[member]) === wanted,
      implied: {},
    };
  };
}
