import { createDayOf, type DayOf } from './day-of.ts';
import { createZoneOffset } from './zone-offset.ts';

const DAY = 86_400_000;

/** Days as the regulation cuts them. Days are `YYYY-MM-DD`, instants milliseconds since the epoch. */
export interface Calendar {
  readonly dayOf: DayOf;
  /** The first instant of a day. */
  startOf(day: string): number;
  /** What clocks show, as seconds since midnight. */
  secondOfDay(at: number): number;
}

/**
 * Creates the calendar of a time zone.
 *
 * @throws RangeError for a zone that does not exist
 */
export function createCalendar(timeZone: string): Calendar {
  const offsetOf = createZoneOffset(timeZone);
  const dayOf = createDayOf(timeZone, offsetOf);
  return {
    dayOf,
    startOf(day) {
      const midnight = Date.parse(`${day}T00:00:00Z`);
      // Where clocks change at midnight, the offset before and after it differ and one of the two begins the day.
      const candidates = [midnight - offsetOf(midnight - DAY), midnight - offsetOf(midnight + DAY)];
      return Math.min(...candidates.filter((at) => dayOf(at) === day));
    },
    secondOfDay: (at) => Math.floor(((at + offsetOf(at)) % DAY) / 1000),
  };
}

/** The day that many days later, or earlier when negative. */
export function shiftDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}
