import { formatDateTime } from '../contract/error-shape.ts';
import type { ExpiryRule } from './consent-profile.ts';

/**
 * Reads a date and time as both ecosystems write it, in milliseconds since the epoch; NaN for one that the calendar
 * does not have, such as the 30th of February.
 */
export function parseDateTime(text: string): number {
  const at = Date.parse(text);
  return !Number.isNaN(at) && formatDateTime(at) === text ? at : Number.NaN;
}

/** Whether a consent that is asked for now may end at `end`; undefined is a consent without end, NaN never an end. */
export function isAcceptableEnd(rule: ExpiryRule, end: number | undefined, now: number): boolean {
  if (end === undefined) return !rule.isRequired;
  return end > now && end <= addMonths(now, rule.maxMonths) + rule.toleranceMs;
}

/** Whether a consent that ends at `current` may be renewed until `end`: only ever to a later one. */
export function isAcceptableRenewal(
  rule: ExpiryRule,
  end: number | undefined,
  current: number | undefined,
  now: number,
): boolean {
  const isLater = end === undefined || (current !== undefined && end > current);
  return isLater && isAcceptableEnd(rule, end, now);
}

/** The same day and time of a later month, or that month's last day where it is shorter; UTC. */
function addMonths(at: number, months: number): number {
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, last));
}
