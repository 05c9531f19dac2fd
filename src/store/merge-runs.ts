/** Slots in a row, `fromSlot` to before `toSlot`, with one finding. */
export interface SeverityRun {
  readonly fromSlot: number;
  readonly toSlot: number;
  /** The larger, the more severe. */
  readonly severity: number;
  readonly unavailable: readonly string[];
}

/**
 * Makes of runs that may overlap those that do not: where two do, the less severe finding stays, and of equal ones the
 * one that comes first in the list. Neighbours with the same finding become one. Ascending.
 */
export function mergeRuns(runs: readonly SeverityRun[]): SeverityRun[] {
  const edges = [...new Set(runs.flatMap(({ fromSlot, toSlot }) => [fromSlot, toSlot]))].sort(
    (a, b) => a - b,
  );
  const waiting = runs.map((run, rank) => ({ run, rank })).sort((a, b) => a.run.fromSlot - b.run.fromSlot);
  let running: typeof waiting = [];
  let next = 0;
  const merged: SeverityRun[] = [];
  for (const [place, fromSlot] of edges.entries()) {
    running = running.filter(({ run }) => run.toSlot > fromSlot);
    for (; waiting[next]?.run.fromSlot === fromSlot; next += 1)
      running.push(waiting[next] as (typeof waiting)[0]);
    const best = running.toSorted((a, b) => a.run.severity - b.run.severity || a.rank - b.rank)[0]?.run;
    if (best) join(merged, { ...best, fromSlot, toSlot: edges[place + 1] as number });
  }
  return merged;
}

function join(merged: SeverityRun[], run: SeverityRun): void {
  const last = merged.at(-1);
  if (last && last.toSlot === run.fromSlot && haveSameFinding(last, run))
    merged[merged.length - 1] = { ...last, toSlot: run.toSlot };
  else merged.push(run);
}

function haveSameFinding(a: SeverityRun, b: SeverityRun): boolean {
  return a.severity === b.severity && JSON.stringify(a.unavailable) === JSON.stringify(b.unavailable);
}
