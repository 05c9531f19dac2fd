import { types } from 'pg';
import type { Json } from '../connector.ts';

/** A number as the database wrote it, with digits that a double might not keep. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What stands in a column. Days, instants and everything that JSON has no type for are text. */
export type ColumnValue = Json | Decimal;

/** One row of a query's answer, by the names of its columns. */
export type Row = Readonly<Record<string, ColumnValue>>;

/** The answer of a query is larger than may be read. */
export class AnswerTooLarge extends Error {}

const OID = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  textArray: 1009,
  bpcharArray: 1014,
  varcharArray: 1015,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
} as const;

/**
 * Makes the reader of one answer's columns: instants become ISO 8601 in UTC, numbers {@link Decimal}, arrays of text lists.
 * Throws {@link AnswerTooLarge} once the columns together have more than `mostBytes`.
 */
export function createColumnReader(mostBytes: number): { getTypeParser: typeof types.getTypeParser } {
  let bytes = 0;
  const parserOf =
    (oid: number) =>
    (text: string): ColumnValue => {
      bytes += text.length;
      if (bytes > mostBytes) throw new AnswerTooLarge();
      return readColumn(oid, text);
    };
  return { getTypeParser: parserOf as unknown as typeof types.getTypeParser };
}

function readColumn(oid: number, text: string): ColumnValue {
  switch (oid) {
    case OID.bool:
      return text === 't';
    case OID.int2:
    case OID.int4:
    case OID.int8:
    case OID.oid:
    case OID.float4:
    case OID.float8:
    case OID.numeric:
      return new Decimal(text);
    case OID.json:
    case OID.jsonb:
      return JSON.parse(text) as Json;
    case OID.timestamp:
    case OID.timestamptz:
      return toInstant(text);
    case OID.textArray:
    case OID.bpcharArray:
    case OID.varcharArray:
      return (types.getTypeParser as (oid: number) => (text: string) => Json)(oid)(text);
    default:
      return text;
  }
}

/** The connection's time zone is UTC; what is before Christ or infinite has no such form. */
function toInstant(text: string): string {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)(?:\+00)?$/.exec(text) ?? [];
  return day === undefined ? text : `${day}T${time}Z`;
}
