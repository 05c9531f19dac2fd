import type { Calendar } from '../calendar.ts';
import type { ProbeHistory, ProbeRun } from '../metrics-store.ts';
import { SLOT_SECONDS, slotStart } from './probe-slot.ts';

const HOUR = 3600;
/** Scheduled outages are foreseen from 01:00:00 to before 07:00:00. */
const WINDOW_FROM = 1 * HOUR;
const WINDOW_TO = 7 * HOUR;
/** And excused for three hours a month, when announced a week ahead. */
const EXCUSED_SLOTS_A_MONTH = (3 * HOUR) / SLOT_SECONDS;
const NOTICE_MS = 7 * 24 * HOUR * 1000;

/** A scheduled outage as far as its excuse depends on it. Instants are milliseconds since the epoch. */
export interface AnnouncedOutage {
  /** Undefined for all. */
  readonly ecosystem: string | undefined;
  readonly startsAt: number;
  readonly endsAt: number;
  /** When it was made public in `/outages`. */
  readonly announcedAt: number;
}

/** Slots in a row, `fromSlot` to before `toSlot`, in which the same endpoints were down. */
export interface DownRun {
  readonly fromSlot: number;
  readonly toSlot: number;
  /** Full path templates; empty when some were down and it is not known which. */
  readonly endpoints: readonly string[] | 'all';
}

/** When an ecosystem was down, by the regulator's arithmetic. Runs are ascending and do not overlap. */
export interface Downtime {
  /** The first slot that was judged; nothing is known of what came before. */
  readonly fromSlot: number;
  /** The slot after the last that was judged. */
  readonly untilSlot: number;
  /** What counts as downtime. */
  readonly counted: readonly DownRun[];
  /** Scheduled outages inside the window, excused or not: those that are not stand in `counted` too. */
  readonly scheduled: readonly DownRun[];
}

export interface DowntimeSettings {
  /** Undefined for an ecosystem that was never probed. */
  readonly history: ProbeHistory | undefined;
  /** Outages of the ecosystem. */
  readonly outages: readonly AnnouncedOutage[];
  readonly calendar: Calendar;
  /** Where to begin: the start of a month, because the excused hours are counted from there. */
  readonly fromSlot: number;
  /** The running slot, which is not judged. */
  readonly untilSlot: number;
}

/**
 * Judges every slot: OK is up; any other answer, and a slot without a probe, is down, at any hour. A scheduled outage
 * between 01:00:00 and 07:00:00 goes to a counter of its own, and is no downtime while it was announced seven days
 * before it starts and the month's three hours last. Slots before the first probe ever are not judged.
 */
export function measureDowntime(settings: DowntimeSettings): Downtime {
  const { history, outages, calendar, untilSlot } = settings;
  const fromSlot = Math.min(Math.max(history?.firstSlot ?? untilSlot, settings.fromSlot), untilSlot);
  const counted: DownRun[] = [];
  const scheduled: DownRun[] = [];
  const excusedSlots = new Map<string, number>();

  function judgeScheduled(slot: number, endpoints: DownRun['endpoints']): void {
    const at = slotStart(slot);
    const second = calendar.secondOfDay(at);
    const isInWindow = second >= WINDOW_FROM && second < WINDOW_TO;
    if (isInWindow) extend(scheduled, slot, slot + 1, endpoints);
    const month = calendar.dayOf(at).slice(0, 7);
    const used = excusedSlots.get(month) ?? 0;
    if (isInWindow && used < EXCUSED_SLOTS_A_MONTH && isAnnounced(outages, at))
      excusedSlots.set(month, used + 1);
    else extend(counted, slot, slot + 1, endpoints);
  }

  let next = fromSlot;
  for (const run of history?.runs ?? []) {
    const from = Math.max(run.fromSlot, next);
    const to = Math.min(run.toSlot, untilSlot);
    if (from >= to) continue;
    // A slot without a probe is one without an answer.
    if (from > next) extend(counted, next, from, 'all');
    next = to;
    const endpoints = endpointsDown(run);
    if (run.code === 'SCHEDULED_OUTAGE')
      for (let slot = from; slot < to; slot += 1) judgeScheduled(slot, endpoints);
    else if (run.code !== 'OK') extend(counted, from, to, endpoints);
  }
  if (next < untilSlot) extend(counted, next, untilSlot, 'all');
  return { fromSlot, untilSlot, counted, scheduled };
}

/** Seconds of downtime in a range of slots. */
export interface DowntimeSeconds {
  /** With any endpoint down; endpoints that are down together count once. */
  readonly general: number;
  /** Scheduled outage inside its window. */
  readonly scheduled: number;
  /** Of one endpoint, by its full path template. */
  ofEndpoint(path: string): number;
}

/** Adds up the downtime from `fromSlot` to before `toSlot`. */
export function sumDowntime(downtime: Downtime, fromSlot: number, toSlot: number): DowntimeSeconds {
  let general = 0;
  let everywhere = 0;
  const single = new Map<string, number>();
  for (const run of downtime.counted) {
    const seconds = overlap(run, fromSlot, toSlot);
    if (seconds === 0) continue;
    general += seconds;
    if (run.endpoints === 'all') everywhere += seconds;
    else for (const path of run.endpoints) single.set(path, (single.get(path) ?? 0) + seconds);
  }
  const scheduled = downtime.scheduled.reduce((sum, run) => sum + overlap(run, fromSlot, toSlot), 0);
  return { general, scheduled, ofEndpoint: (path) => everywhere + (single.get(path) ?? 0) };
}

function overlap(run: DownRun, fromSlot: number, toSlot: number): number {
  return Math.max(0, Math.min(run.toSlot, toSlot) - Math.max(run.fromSlot, fromSlot)) * SLOT_SECONDS;
}

function endpointsDown({ code, unavailableEndpoints }: ProbeRun): DownRun['endpoints'] {
  const isAll = unavailableEndpoints.length === 0 && code !== 'PARTIAL_FAILURE';
  return isAll || code === 'NO_ANSWER' ? 'all' : unavailableEndpoints;
}

function isAnnounced(outages: readonly AnnouncedOutage[], at: number): boolean {
  return outages.some(
    ({ startsAt, endsAt, announcedAt }) =>
      startsAt <= at && at < endsAt && announcedAt <= startsAt - NOTICE_MS,
  );
}

/** Adds slots to the end of a list of runs, to its last run when they go on from it. */
function extend(runs: DownRun[], fromSlot: number, toSlot: number, endpoints: DownRun['endpoints']): void {
  const last = runs.at(-1);
  if (last && last.toSlot === fromSlot && last.endpoints === endpoints)
    runs[runs.length - 1] = { fromSlot: last.fromSlot, toSlot, endpoints };
  else runs.push({ fromSlot, toSlot, endpoints });
}
