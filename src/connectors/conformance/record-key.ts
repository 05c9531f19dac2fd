import type { Json } from '../connector.ts';

/** A text that is the same for equal records, whatever the order of their members. */
export function recordKey(record: Json): string {
  return JSON.stringify(record, (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}
