import { type Calendar, shiftDay } from '../calendar.ts';
import { type Downtime, sumDowntime } from './downtime.ts';
import { SLOT_SECONDS, slotAt, slotStart } from './probe-slot.ts';

const DAY_SECONDS = 86_400;
const HOUR_SLOTS = 3600 / SLOT_SECONDS;
const DAY_SLOTS = DAY_SECONDS / SLOT_SECONDS;

/** Spans of time that availability is promised for; months and quarters are those of the calendar. */
export type ServicePeriod = 'day' | 'month' | 'quarter';

/** What must be up of each period, in thousandths. */
export const SERVICE_TARGETS: Readonly<Record<ServicePeriod, number>> = {
  day: 850,
  month: 950,
  quarter: 995,
};

/** When a target will be missed if downtime goes on as in a recent window. Instants are milliseconds since the epoch. */
export type Forecast =
  | { readonly state: 'never' }
  | { readonly state: 'expected'; readonly at: number }
  | { readonly state: 'missed' };

/** How a running period stands against its target. */
export interface ServiceLevel {
  readonly period: ServicePeriod;
  /** First and last day of the period. */
  readonly fromDay: string;
  readonly toDay: string;
  /** Share of the whole period that must be up, from 0 to 1. */
  readonly target: number;
  /** What is up of the whole period if nothing more goes wrong. */
  readonly uptimeRate: number;
  readonly downSeconds: number;
  /** How much downtime the target allows in the whole period. */
  readonly allowedSeconds: number;
  /** What is left of it; negative when the target is missed. */
  readonly remainingSeconds: number;
  /** By the share of downtime in the last hour, and in the last 24 hours. */
  readonly forecast: { readonly lastHour: Forecast; readonly lastDay: Forecast };
}

export interface ServiceLevelSettings {
  /** Measured from the start of the running quarter. */
  readonly downtime: Downtime;
  readonly calendar: Calendar;
  /** Full path template of one endpoint; the ecosystem in general without it. */
  readonly endpoint?: string;
}

/** Compares the running day, month and quarter with their targets, as of the last slot judged. */
export function serviceLevels(settings: ServiceLevelSettings): ServiceLevel[] {
  const { downtime, calendar, endpoint } = settings;
  const { untilSlot } = downtime;
  const today = calendar.dayOf(slotStart(untilSlot - 1));

  function secondsDown(fromSlot: number): number {
    const seconds = sumDowntime(downtime, fromSlot, untilSlot);
    return endpoint === undefined ? seconds.general : seconds.ofEndpoint(endpoint);
  }

  /** Share of the window that was down; of what is known of it when it reaches further back than the first probe. */
  function burnRate(windowSlots: number): number {
    const from = Math.max(untilSlot - windowSlots, downtime.fromSlot);
    return from < untilSlot ? secondsDown(from) / ((untilSlot - from) * SLOT_SECONDS) : 0;
  }
  const lastHourRate = burnRate(HOUR_SLOTS);
  const lastDayRate = burnRate(DAY_SLOTS);

  return (Object.keys(SERVICE_TARGETS) as ServicePeriod[]).map((period) => {
    const { fromDay, nextDay } = periodOf(period, today);
    const endsAt = calendar.startOf(nextDay);
    const length = (Date.parse(nextDay) - Date.parse(fromDay)) / 1000;
    const downSeconds = secondsDown(slotAt(calendar.startOf(fromDay)));
    const allowedSeconds = (length * (1000 - SERVICE_TARGETS[period])) / 1000;
    const remainingSeconds = allowedSeconds - downSeconds;
    const forecastBy = (rate: number) => forecast(remainingSeconds, rate, slotStart(untilSlot), endsAt);
    return {
      period,
      fromDay,
      toDay: shiftDay(nextDay, -1),
      target: SERVICE_TARGETS[period] / 1000,
      uptimeRate: 1 - downSeconds / length,
      downSeconds,
      allowedSeconds,
      remainingSeconds,
      forecast: { lastHour: forecastBy(lastHourRate), lastDay: forecastBy(lastDayRate) },
    };
  });
}

/** The target is kept at exactly what it allows and missed beyond. */
function forecast(remainingSeconds: number, rate: number, from: number, endsAt: number): Forecast {
  if (remainingSeconds < 0) return { state: 'missed' };
  if (rate === 0) return { state: 'never' };
  const at = from + (remainingSeconds / rate) * 1000;
  return at < endsAt ? { state: 'expected', at: Math.round(at) } : { state: 'never' };
}

/** The day on which the quarter of a day begins: from here {@link measureDowntime} must measure. */
export function quarterStart(day: string): string {
  return periodOf('quarter', day).fromDay;
}

function periodOf(period: ServicePeriod, day: string): { fromDay: string; nextDay: string } {
  if (period === 'day') return { fromDay: day, nextDay: shiftDay(day, 1) };
  const year = Number(day.slice(0, 4));
  const month = Number(day.slice(5, 7)) - 1;
  const months = period === 'month' ? 1 : 3;
  const first = month - (month % months);
  const dayAt = (index: number) => new Date(Date.UTC(year, index, 1)).toISOString().slice(0, 10);
  return { fromDay: dayAt(first), nextDay: dayAt(first + months) };
}
