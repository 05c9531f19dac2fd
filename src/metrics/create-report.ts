import type { Computed } from '../contract/compose-answer.ts';
import { formatDateTime } from '../contract/error-shape.ts';
import type { Operation } from '../contract/operation.ts';
import { projectOnSchema } from '../contract/project-on-schema.ts';
import { type Downtime, type DowntimeSeconds, sumDowntime } from './availability/downtime.ts';
import { slotAt, slotStart } from './availability/probe-slot.ts';
import { type Calendar, shiftDay } from './calendar.ts';
import type { DayCounts, PeakTps } from './metrics-store.ts';

const DAY_SECONDS = 86_400;

/** How many days before today a report shows. */
export const PREVIOUS_DAYS = 7;

/** Today alone, or the days before it too. */
export type ReportPeriod = 'CURRENT' | 'ALL';

export interface ReportSettings {
  /** The operation that asks, whose own answer schema decides what the report holds. */
  readonly operation: Operation;
  /** All operations that are reported on; those of other ecosystems are left out. */
  readonly operations: readonly Operation[];
  readonly period: ReportPeriod;
  /** From {@link PREVIOUS_DAYS} days before today to today. */
  readonly days: readonly DayCounts[];
  readonly peaks: readonly PeakTps[];
  /** Of the operation's ecosystem. */
  readonly downtime: Downtime;
  readonly calendar: Calendar;
  readonly baseUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A figure of today and of the days before, yesterday first. */
interface Series {
  readonly currentDay: number;
  readonly previousDays: readonly number[];
}

/** The counts of one endpoint by day. */
type DayMap = ReadonlyMap<string, DayCounts>;

/**
 * Makes the regulatory report of an ecosystem: one record, or one per endpoint where the contract has a list. It holds
 * every member that any version of the contract knows, each by the definition in `docs/metrics.md`, cut to those that
 * the operation's own contract declares.
 */
export function createReport(settings: ReportSettings): Computed {
  const { operation, now, calendar, baseUrl, downtime } = settings;
  const operations = settings.operations.filter(({ ecosystem }) => ecosystem === operation.ecosystem);
  const countsOf = indexCounts(settings.days);
  const today = calendar.dayOf(now);
  const previous = settings.period === 'ALL' ? previousDays(settings, today) : [];
  const elapsedToday = Math.max(1, Math.floor((now - calendar.startOf(today)) / 1000));

  const series = (figure: (day: string) => number): Series => ({
    currentDay: Math.round(figure(today)),
    previousDays: previous.map((day) => Math.round(figure(day))),
  });
  const sum = (scope: readonly Operation[], figure: (counts: DayCounts) => number) =>
    series((day) => total(countsOf, scope, day, figure));
  const average = (scope: readonly Operation[]) =>
    series((day) =>
      ratio(
        total(countsOf, scope, day, ({ durationMicros }) => durationMicros) / 1000,
        total(countsOf, scope, day, ({ timedCalls }) => timedCalls),
      ),
    );

  function traffic(scope: readonly Operation[], peakOn: (day: string) => number) {
    const open = scope.filter((one) => one.open);
    const high = scope.filter(({ tier }) => tier === 'high');
    const medium = scope.filter(({ tier }) => tier === 'medium');
    const calls = (some: readonly Operation[]) => sum(some, (counts) => counts.calls);
    return {
      invocations: {
        ...calls(scope),
        unauthenticated: calls(open),
        highPriority: calls(high),
        mediumPriority: calls(medium),
        unattended: sum(scope, ({ unattendedCalls }) => unattendedCalls),
      },
      averageResponse: {
        ...average(scope),
        unauthenticated: average(open),
        highPriority: average(high),
        mediumPriority: average(medium),
        unattended: series((day) =>
          ratio(
            total(countsOf, scope, day, ({ unattendedDurationMicros }) => unattendedDurationMicros) / 1000,
            total(countsOf, scope, day, ({ unattendedTimedCalls }) => unattendedTimedCalls),
          ),
        ),
      },
      averageTps: series(
        (day) =>
          total(countsOf, scope, day, (counts) => counts.calls) /
          (day === today ? elapsedToday : DAY_SECONDS),
      ),
      peakTps: series(peakOn),
      errors: sum(scope, ({ errors }) => errors),
      rejections: sum(scope, ({ rejections }) => rejections),
    };
  }

  const requestTime = formatDateTime(now);
  const reported = previous.length + 1;
  const down = sumDowntime(downtime, slotAt(calendar.startOf(previous.at(-1) ?? today)), downtime.untilSlot);
  const endpoints = Map.groupBy(operations, ({ path }) => path);
  const lists = endpointLists([...endpoints.keys()], down, reported, baseUrl);
  const shape = listShape(operation);

  if (shape) {
    const list = [...endpoints].map(([path, scope]) => ({
      // The contract wants a URI, in which braces are escaped.
      endpoint: encodeURI(`${baseUrl}${path}`),
      requestTime,
      availability: availability(down, reported, down.ofEndpoint(path), lists),
      ...traffic(scope, (day) =>
        Math.max(0, ...scope.map(({ key }) => countsOf.get(key)?.get(day)?.peak ?? 0)),
      ),
    }));
    return { list: projectedData(operation, list) as unknown[] };
  }
  const peaks = new Map(
    settings.peaks
      .filter(({ ecosystem }) => ecosystem === operation.ecosystem)
      .map(({ day, peak }) => [day, peak]),
  );
  const record = {
    endpoint: encodeURI(`${baseUrl}${operation.path}`),
    requestTime,
    availability: availability(down, reported, down.general, lists),
    ...traffic(operations, (day) => peaks.get(day) ?? 0),
  };
  return { record: projectedData(operation, record) };
}

/** The share of a number of days that was up, as the regulators write it. */
export function uptimeRate(downSeconds: number, days: number): string {
  return Math.max(0, 1 - downSeconds / (DAY_SECONDS * days)).toFixed(6);
}

function availability(
  down: DowntimeSeconds,
  days: number,
  partial: number,
  lists: ReturnType<typeof endpointLists>,
) {
  return {
    uptime: {
      generalUptimeRate: uptimeRate(down.general, days),
      uptimeRate: uptimeRate(partial, days),
      endpoints: lists.uptime,
    },
    downtime: {
      generalDowntime: down.general,
      scheduledOutage: down.scheduled,
      partialDowntime: partial,
      endpoints: lists.downtime,
    },
  };
}

function endpointLists(paths: readonly string[], down: DowntimeSeconds, days: number, baseUrl: string) {
  return {
    uptime: paths.map((path) => ({
      url: `${baseUrl}${path}`,
      uptimeRate: uptimeRate(down.ofEndpoint(path), days),
    })),
    downtime: paths.map((path) => ({ url: `${baseUrl}${path}`, partialDowntime: down.ofEndpoint(path) })),
  };
}

/** The days before today of which anything is known, yesterday first: from the first count or probe on. */
function previousDays({ days, operation, downtime, calendar }: ReportSettings, today: string): string[] {
  const known = days.filter(({ ecosystem }) => ecosystem === operation.ecosystem).map(({ day }) => day);
  if (downtime.fromSlot < downtime.untilSlot) known.push(calendar.dayOf(slotStart(downtime.fromSlot)));
  const first = known.sort()[0] ?? today;
  return Array.from({ length: PREVIOUS_DAYS }, (_, index) => shiftDay(today, -1 - index)).filter(
    (day) => day >= first,
  );
}

function indexCounts(days: readonly DayCounts[]): Map<string, DayMap> {
  const index = new Map<string, Map<string, DayCounts>>();
  for (const counts of days) {
    const known = index.get(counts.endpoint) ?? new Map<string, DayCounts>();
    index.set(counts.endpoint, known.set(counts.day, counts));
  }
  return index;
}

function total(
  countsOf: ReadonlyMap<string, DayMap>,
  scope: readonly Operation[],
  day: string,
  figure: (counts: DayCounts) => number,
): number {
  let sum = 0;
  for (const { key } of scope) {
    const counts = countsOf.get(key)?.get(day);
    if (counts) sum += figure(counts);
  }
  return sum;
}

function ratio(dividend: number, divisor: number): number {
  return divisor === 0 ? 0 : dividend / divisor;
}

function listShape({ answer }: Operation): boolean {
  return answer.countedArray !== undefined;
}

function projectedData({ answer }: Operation, data: unknown): unknown {
  const schema = answer.schema();
  return schema === undefined ? data : (projectOnSchema(schema, { data }) as { data: unknown }).data;
}
