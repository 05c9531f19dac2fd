/** Offsets change on the quarter hour everywhere. */
const QUARTER = 15 * 60_000;
const MOST_REMEMBERED = 20_000;

/**
 * Creates what tells how far a time zone's clocks are ahead of UTC at an instant, in milliseconds.
 *
 * @param timeZone such as `America/Sao_Paulo`
 * @throws RangeError for a zone that does not exist
 */
export function createZoneOffset(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  // Asking Intl costs microseconds, and a quarter of probes asks hundreds of thousands of times.
  const known = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at / QUARTER);
    let offset = known.get(quarter);
    if (offset === undefined) {
      offset = readOffset(format, quarter * QUARTER);
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(quarter, offset);
    }
    return offset;
  };
}

function readOffset(format: Intl.DateTimeFormat, at: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - at;
}
