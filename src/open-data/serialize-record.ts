import { cleanRecord } from './clean-record.ts';

/** Digits or exponents that may be more than a double holds; a false alarm costs only time. */
const LONG_NUMBER = /\d[\d.]{15}|\d[eE][+-]?\d{3}/;

interface SourceAwareJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}

// TypeScript's library does not yet declare the source text that Node's JSON gives.
const json = JSON as unknown as SourceAwareJson;

/**
 * A value to write out in place of a cleaned one: the same, but numbers that a double cannot hold, such as process
 * numbers of 17 digits, stand in it as they were read. It is for `JSON.stringify` only.
 *
 * @param text the JSON text that the value was parsed from
 */
export function exactValue(value: unknown, text: string): unknown {
  if (!LONG_NUMBER.test(text)) return value;
  const exact = json.parse(text, (_key, inner, context) =>
    typeof inner === 'number' && String(inner) !== context.source ? json.rawJSON(context.source) : inner,
  );
  cleanRecord(exact);
  return exact;
}

/** Writes a record as compact JSON without side attributes, its numbers digit for digit. */
export function serializeRecord(record: unknown, text: string): string {
  return JSON.stringify(exactValue(record, text));
}
