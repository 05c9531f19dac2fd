/** Nothing that a holder says makes anybody wait longer, in milliseconds. */
const LONGEST_MS = 3_600_000;

/**
 * Reads `retry-after` (RFC 9110, §10.2.3): seconds, or a date. In milliseconds from now; undefined for what is neither.
 *
 * @param now milliseconds since the epoch
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1_000, LONGEST_MS);
  // Dates of RFC 9110 begin with the day of the week; the parser takes much that is no date.
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - now, 0), LONGEST_MS);
}
