import { type Kysely, sql } from 'kysely';
import { PROBE_CODES, type Probe, type ProbeCode, type ProbeHistory } from '../metrics/metrics-store.ts';
import { mergeRuns, type SeverityRun } from './merge-runs.ts';
import type { Tables } from './tables.ts';

const SLOT_MS = 30_000;

interface RunRow extends SeverityRun {
  readonly ecosystem: string;
}

/**
 * Keeps probes in PostgreSQL: one row per slot while they are fresh, one row per run of equal findings after they were
 * folded. A probe that is sent again after that is a row of its own until the next folding, and loses to its run
 * unless it is less severe.
 */
export function createPostgresProbes({ database }: { readonly database: () => Kysely<Tables> }) {
  async function append(probes: readonly Probe[]): Promise<void> {
    const rows = leastSevere(probes).map(({ ecosystem, slot, code, unavailableEndpoints }) => ({
      ecosystem,
      slot,
      severity: PROBE_CODES.indexOf(code),
      unavailable: unavailableEndpoints,
    }));
    await sql`
      insert into probes as known (ecosystem, slot, severity, unavailable)
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as new(ecosystem text, slot int, severity int, unavailable text[])
      on conflict (ecosystem, slot) do update
        set severity = excluded.severity, unavailable = excluded.unavailable
        where excluded.severity < known.severity`.execute(database());
  }

  async function read(fromSlot: number, toSlot: number): Promise<ProbeHistory[]> {
    const db = database();
    const [first, runs] = await Promise.all([readFirstSlots(db), readRuns(db, fromSlot, toSlot)]);
    const byEcosystem = Map.groupBy(runs, ({ ecosystem }) => ecosystem);
    return first.map(({ ecosystem, firstSlot }) => ({
      ecosystem,
      firstSlot,
      runs: mergeRuns(byEcosystem.get(ecosystem) ?? []).map((run) => ({
        code: PROBE_CODES[run.severity] as ProbeCode,
        unavailableEndpoints: run.unavailable,
        fromSlot: run.fromSlot,
        toSlot: run.toSlot,
      })),
    }));
  }

  return { append, read, foldBefore };
}

/** An ecosystem's first slot never changes back, but an earlier one may still arrive. */
async function readFirstSlots(db: Kysely<Tables>): Promise<{ ecosystem: string; firstSlot: number }[]> {
  const { rows } = await sql<{ ecosystem: string; firstSlot: number }>`
    select ecosystem, min(slot) as "firstSlot" from (
      select ecosystem, min(slot) as slot from probes group by ecosystem
      union all
      select ecosystem, min(from_slot) from probe_runs group by ecosystem
    ) as firsts
    group by ecosystem order by ecosystem`.execute(db);
  return rows;
}

/** Stored runs first: of equal findings the earlier one stays. One statement, so that folding is seen whole or not. */
async function readRuns(db: Kysely<Tables>, fromSlot: number, toSlot: number): Promise<RunRow[]> {
  const { rows } = await sql<RunRow>`
    with single as (select * from probes where slot >= ${fromSlot} and slot < ${toSlot})
    select ecosystem, greatest(from_slot, ${fromSlot}) as "fromSlot", least(to_slot, ${toSlot}) as "toSlot", severity,
      unavailable, 0 as rank
    from probe_runs where from_slot < ${toSlot} and to_slot > ${fromSlot}
    union all
    ${runsOf('single')}
    order by rank, "fromSlot"`.execute(db);
  return rows;
}

/** Slots in a row with one finding have one difference between their slot and their place among its slots. */
function runsOf(source: string) {
  return sql`
    select ecosystem, min(slot) as "fromSlot", max(slot) + 1 as "toSlot", severity, unavailable, 1 as rank
    from (
      select *, slot - row_number() over (partition by ecosystem, severity, unavailable order by slot) as island
      from ${sql.table(source)}
    ) as islands
    group by ecosystem, severity, unavailable, island`;
}

/** Moves the probes of slots that ended before an instant into runs. What is read stays the same. */
async function foldBefore(db: Kysely<Tables>, before: number): Promise<void> {
  const toSlot = Math.floor(before / SLOT_MS);
  const { rows: fresh } = await sql<RunRow>`
    with gone as (delete from probes where slot < ${toSlot} returning *)
    ${runsOf('gone')} order by "fromSlot"`.execute(db);
  for (const [ecosystem, runs] of Map.groupBy(fresh, (run) => run.ecosystem)) {
    const fromSlot = Math.min(...runs.map((run) => run.fromSlot));
    // Neighbours are taken along, so that a finding that goes on makes its run longer.
    const { rows: stored } = await sql<RunRow>`
      delete from probe_runs where ecosystem = ${ecosystem} and to_slot >= ${fromSlot}
      returning ecosystem, from_slot as "fromSlot", to_slot as "toSlot", severity, unavailable`.execute(db);
    const rows = mergeRuns([...stored, ...runs]).map((run) => ({
      ecosystem,
      from_slot: run.fromSlot,
      to_slot: run.toSlot,
      severity: run.severity,
      unavailable: run.unavailable,
    }));
    await sql`
      insert into probe_runs select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as new(ecosystem text, from_slot int, to_slot int, severity int, unavailable text[])`.execute(db);
  }
}

/** A statement may touch a row once only. */
function leastSevere(probes: readonly Probe[]): Probe[] {
  const best = new Map<string, Probe>();
  for (const probe of probes) {
    const key = `${probe.ecosystem} ${probe.slot}`;
    const other = best.get(key);
    if (!other || PROBE_CODES.indexOf(probe.code) < PROBE_CODES.indexOf(other.code)) best.set(key, probe);
  }
  return [...best.values()].sort((a, b) => a.slot - b.slot || (a.ecosystem < b.ecosystem ? -1 : 1));
}
