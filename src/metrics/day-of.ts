import { createZoneOffset } from './zone-offset.ts';

const DAY = 86_400_000;

/** The calendar day of an instant (milliseconds since the epoch), as `YYYY-MM-DD`. */
export type DayOf = (at: number) => string;

/**
 * Creates what tells the calendar day of an instant in a time zone.
 *
 * @throws RangeError for a zone that does not exist
 */
export function createDayOf(timeZone: string, offsetOf = createZoneOffset(timeZone)): DayOf {
  let number = Number.NaN;
  let name = '';
  return (at) => {
    const wanted = Math.floor((at + offsetOf(at)) / DAY);
    if (wanted !== number) {
      number = wanted;
      name = new Date(wanted * DAY).toISOString().slice(0, 10);
    }
    return name;
  };
}
