import { cleanRecord } from './clean-record.ts';

/** Numbers with this many digits may be more than a double holds. */
const LONG_NUMBER = /\d{16}/;

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
 * Writes a record as compact JSON without side attributes.
 *
 * Numbers that a double cannot hold, such as process numbers of 17 digits, are written as they were read.
 */
export function serializeRecord(record: unknown, text: string): string {
  if (!LONG_NUMBER.test(text)) return JSON.stringify(record);
  const exact = json.parse(text, (_key, value, context) =>
    typeof value === 'number' && String(value) !== context.source ? json.rawJSON(context.source) : value,
  );
  cleanRecord(exact);
  return JSON.stringify(exact);
}
