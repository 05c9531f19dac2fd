const DAY = 86_400_000;

/** No interruption that is announced lasts longer. */
const LONGEST_DAYS = 90;
const LONGEST_TEXT = 64;

const AMOUNT = String.raw`\d+(?:\.\d+)?`;
const DURATION = new RegExp(
  `^P(?:(${AMOUNT})W)?(?:(${AMOUNT})D)?(T(?:(${AMOUNT})H)?(?:(${AMOUNT})M)?(?:(${AMOUNT})S)?)?$`,
);
/** As DURATION, with the years and months that its rule leaves out. */
const CALENDAR = new RegExp(
  `^P(?=[^T]*[YM])(?:${AMOUNT}Y)?(?:${AMOUNT}M)?(?:${AMOUNT}W)?(?:${AMOUNT}D)?(?:T.*)?$`,
);

/** A duration, or in English why the text is none that can be announced. */
export type ParsedDuration = { readonly ms: number } | { readonly fault: string };

/**
 * Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `PT2H30M`, into milliseconds.
 * Amounts may have a fraction. What it takes also has the form that every contract of the catalog demands.
 */
export function parseDuration(text: string): ParsedDuration {
  if (text === '') return { fault: 'the duration is empty' };
  if (text.length > LONGEST_TEXT) return { fault: `the duration is longer than ${LONGEST_TEXT} characters` };
  if (/^-|-\d/.test(text)) return { fault: 'a duration cannot be negative' };
  const found = DURATION.exec(text);
  if (!found) return { fault: faultOf(text) };
  const [, weeks, days, time, hours, minutes, seconds] = found;
  const isBare = [weeks, days, hours, minutes, seconds].every((amount) => amount === undefined);
  if (isBare || time === 'T') return { fault: `"${text}" names no amount; such as PT2H30M` };
  const inDays = Number(weeks ?? 0) * 7 + Number(days ?? 0);
  const inSeconds = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  const ms = Math.round(inDays * DAY + inSeconds * 1000);
  if (ms < 1000) return { fault: 'the duration is shorter than a second' };
  return ms > LONGEST_DAYS * DAY ? { fault: `the duration is longer than ${LONGEST_DAYS} days` } : { ms };
}

function faultOf(text: string): string {
  if (CALENDAR.test(text))
    return 'years and months differ in length: give weeks, days or hours instead (minutes stand after a T: PT30M)';
  return `"${text}" is no ISO 8601 duration such as PT2H30M or P1DT12H`;
}
