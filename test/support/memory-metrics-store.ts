import { addCounts } from '../../src/metrics/add-counts.ts';
import { createDayOf } from '../../src/metrics/day-of.ts';
import { mergeMinutes, mergeSeconds } from '../../src/metrics/merge-batches.ts';
import {
  type Batch,
  type DayCounts,
  type MetricsStore,
  type MinuteCounts,
  type PeakTps,
  PROBE_CODES,
  type Probe,
  type ProbeHistory,
  type ProbeRun,
  type SecondCounts,
} from '../../src/metrics/metrics-store.ts';

/** How the next call of `append` or `appendProbes` ends. */
export type Mishap = 'refuses' | 'commits, then fails' | 'fails, then commits' | undefined;

/** A metrics store without a database, which keeps every promise of the port and fails when told to. */
export interface MemoryMetricsStore extends MetricsStore {
  /** Asked before each write and read. */
  mishap: () => Mishap;
  /** Lets what failed and was to be committed later be committed. */
  commitLate(): void;
  /** Everything appended, added up by endpoint and minute. */
  minutes(): MinuteCounts[];
  seconds(): SecondCounts[];
  probes(): Probe[];
}

export function createMemoryMetricsStore(timeZone = 'America/Sao_Paulo'): MemoryMetricsStore {
  const dayOf = createDayOf(timeZone);
  const lastSequence = new Map<string, number>();
  const probes = new Map<string, Map<number, Probe>>();
  const late: (() => void)[] = [];
  let minutes: MinuteCounts[] = [];
  let seconds: SecondCounts[] = [];

  function commit(batch: Batch): void {
    if (batch.sequence <= (lastSequence.get(batch.node) ?? Number.NEGATIVE_INFINITY)) return;
    lastSequence.set(batch.node, batch.sequence);
    minutes = mergeMinutes([...minutes, ...batch.minutes]);
    seconds = mergeSeconds([...seconds, ...batch.seconds]);
  }

  function commitProbes(some: readonly Probe[]): void {
    for (const probe of some) {
      const slots = probes.get(probe.ecosystem) ?? new Map<number, Probe>();
      probes.set(probe.ecosystem, slots);
      const known = slots.get(probe.slot);
      if (!known || severity(probe) < severity(known)) slots.set(probe.slot, probe);
    }
  }

  function write(store: MemoryMetricsStore, change: () => void): void {
    const mishap = store.mishap();
    if (mishap === undefined || mishap === 'commits, then fails') change();
    if (mishap === 'fails, then commits') late.push(change);
    if (mishap !== undefined) throw new Error(`the store ${mishap}`);
  }

  return {
    mishap: () => undefined,
    commitLate: () => {
      for (const change of late.splice(0)) change();
    },
    minutes: () => minutes,
    seconds: () => seconds,
    probes: () => [...probes.values()].flatMap((slots) => [...slots.values()]),

    async append(batch) {
      write(this, () => commit(batch));
    },
    async appendProbes(some) {
      const copy = [...some];
      write(this, () => commitProbes(copy));
    },
    async readDays(fromDay, toDay) {
      write(this, () => {});
      const days = new Map<string, DayCounts>();
      for (const { minute, seconds: perSecond, ...counts } of minutes) {
        const day = dayOf(minute);
        if (day < fromDay || day > toDay) continue;
        const key = `${day} ${counts.endpoint}`;
        const known = days.get(key);
        const peak = Math.max(known?.peak ?? 0, ...perSecond);
        days.set(key, { ...counts, ...(known ? addCounts(known, counts) : counts), day, peak });
      }
      return [...days.values()];
    },
    async readPeaks(fromDay, toDay) {
      write(this, () => {});
      const peaks = new Map<string, PeakTps>();
      for (const { ecosystem, minute, seconds: perSecond } of seconds) {
        const day = dayOf(minute);
        if (day < fromDay || day > toDay) continue;
        const key = `${day} ${ecosystem}`;
        peaks.set(key, { ecosystem, day, peak: Math.max(peaks.get(key)?.peak ?? 0, ...perSecond) });
      }
      return [...peaks.values()];
    },
    async readAvailability(fromSlot, toSlot) {
      write(this, () => {});
      return [...probes].map(([ecosystem, slots]): ProbeHistory => {
        const sorted = [...slots.values()].sort((a, b) => a.slot - b.slot);
        const firstSlot = sorted[0]?.slot as number;
        const inRange = sorted.filter(({ slot }) => slot >= fromSlot && slot < toSlot);
        return { ecosystem, firstSlot, runs: runsOf(inRange) };
      });
    },
    async rollUp() {},
  };
}

function runsOf(sorted: readonly Probe[]): ProbeRun[] {
  const runs: ProbeRun[] = [];
  for (const { slot, code, unavailableEndpoints } of sorted) {
    const last = runs.at(-1);
    if (
      last &&
      last.toSlot === slot &&
      last.code === code &&
      last.unavailableEndpoints.join() === unavailableEndpoints.join()
    )
      runs[runs.length - 1] = { ...last, toSlot: slot + 1 };
    else runs.push({ fromSlot: slot, toSlot: slot + 1, code, unavailableEndpoints });
  }
  return runs;
}

function severity({ code }: Probe): number {
  return PROBE_CODES.indexOf(code);
}
