import { type Kysely, sql } from 'kysely';
import type { Batch, DayCounts, MetricsStore } from '../metrics/metrics-store.ts';
import { addElements } from './add-elements.ts';
import { createEndpointNumbers } from './endpoint-numbers.ts';
import { createPostgresProbes } from './postgres-probes.ts';
import { type SummedCounts, sumByDay } from './sum-by-day.ts';
import type { Tables } from './tables.ts';

const MINUTE_MS = 60_000;
/** Keep each statement of a long backlog far from the statement timeout. */
const ROWS_PER_STATEMENT = 1000;
const ROWS_PER_DELETE = 20_000;
/** A node that has not stored anything for that long has no batch left to send again. */
const NODES_KEPT_DAYS = 100;
/** Names the lock of rolling up among the advisory locks of the database. */
const ROLL_UP_LOCK = 7_201_903_117_541n;

export interface MetricsStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
  /** The zone whose midnight ends a day. */
  readonly timeZone: string;
}

/**
 * Keeps counts and probes in PostgreSQL.
 *
 * A batch is added to the sums of its days at once, in the transaction that notes its sequence, so that reading days
 * costs the same at any hour. By minute only the calls per second are kept, for the peak over all nodes: rolling up
 * forgets them. Rows are always locked in one order (node, minutes, days; each ascending), so that nodes that store at
 * the same time wait for each other and never in a circle.
 */
export function createPostgresMetricsStore({ database, timeZone }: MetricsStoreSettings): MetricsStore {
  const endpointNumbers = createEndpointNumbers();

  async function append(batch: Batch): Promise<void> {
    const db = database();
    const numberOf = await endpointNumbers(db, batch.minutes);
    await db.transaction().execute(async (transaction) => {
      if (!(await noteSequence(transaction, batch))) return;
      const minutes = batch.minutes
        .map((counts) => ({ counts, minute: counts.minute / MINUTE_MS, endpoint: numberOf(counts) }))
        .sort((a, b) => a.minute - b.minute || a.endpoint - b.endpoint);
      const peaks = [];
      for (const slice of slices(minutes)) peaks.push(...(await addEndpointSeconds(transaction, slice)));
      const ecosystemPeaks = await addEcosystemSeconds(transaction, batch);
      for (const slice of slices(sumByDay(minutes, peaks))) await addEndpointDays(transaction, slice);
      await raiseEcosystemPeaks(transaction, ecosystemPeaks);
    });
  }

  /** False when the batch, or a later one of its node, is there already. Another attempt under way is waited for. */
  async function noteSequence(db: Kysely<Tables>, { node, sequence }: Batch): Promise<boolean> {
    const { rows } = await sql`
      insert into node_batches as known (node, sequence) values (${node}, ${sequence})
      on conflict (node) do update set sequence = excluded.sequence, stored_at = now()
        where known.sequence < excluded.sequence
      returning sequence`.execute(db);
    return rows.length > 0;
  }

  async function addEndpointSeconds(db: Kysely<Tables>, minutes: readonly NumberedMinute[]) {
    const rows = minutes.map(({ minute, endpoint, counts }) => ({ minute, endpoint, calls: counts.seconds }));
    const { rows: peaks } = await sql<{ minute: number; endpoint: number; day: string; peak: number }>`
      insert into endpoint_seconds as known (minute, endpoint, calls)
      select minute, endpoint, calls
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new(minute int, endpoint int, calls int[])
      on conflict (minute, endpoint) do update set calls = ${addElements('calls')}
      returning minute, endpoint, ${dayOfMinute} as day, (select max(c) from unnest(known.calls) as c) as peak`.execute(
      db,
    );
    return peaks;
  }

  async function addEcosystemSeconds(db: Kysely<Tables>, { seconds }: Batch) {
    const rows = seconds
      .map((counts) => ({
        minute: counts.minute / MINUTE_MS,
        ecosystem: counts.ecosystem,
        calls: counts.seconds,
      }))
      .sort((a, b) => a.minute - b.minute || (a.ecosystem < b.ecosystem ? -1 : 1));
    const { rows: peaks } = await sql<{ day: string; ecosystem: string; peak: number }>`
      with merged as (
        insert into ecosystem_seconds as known (minute, ecosystem, calls)
        select minute, ecosystem, calls
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new(minute int, ecosystem text, calls int[])
        on conflict (minute, ecosystem) do update set calls = ${addElements('calls')}
        returning ecosystem, ${dayOfMinute} as day, (select max(c) from unnest(known.calls) as c) as peak)
      select day, ecosystem, max(peak) as peak from merged group by day, ecosystem order by day, ecosystem`.execute(
      db,
    );
    return peaks;
  }

  const dayOfMinute = sql`(to_timestamp(minute * 60::float8) at time zone ${timeZone})::date`;

  async function readDays(fromDay: string, toDay: string): Promise<DayCounts[]> {
    const { rows } = await sql<DayCounts>`
      select endpoints.key as endpoint, endpoints.ecosystem, day, calls, unattended_calls as "unattendedCalls",
        errors, rejections, timed_calls as "timedCalls", duration_micros as "durationMicros",
        unattended_timed_calls as "unattendedTimedCalls",
        unattended_duration_micros as "unattendedDurationMicros", latency, peak
      from endpoint_days join endpoints on endpoints.id = endpoint_days.endpoint
      where day between ${fromDay}::date and ${toDay}::date`.execute(database());
    return rows;
  }

  async function readPeaks(fromDay: string, toDay: string) {
    return database()
      .selectFrom('ecosystem_days')
      .select(['ecosystem', 'day', 'peak'])
      .where('day', '>=', fromDay)
      .where('day', '<=', toDay)
      .execute();
  }

  async function rollUp(before: number): Promise<void> {
    await database()
      .transaction()
      .execute(async (transaction) => {
        const { rows } = await sql<{ taken: boolean }>`
          select pg_try_advisory_xact_lock(${ROLL_UP_LOCK}) as taken`.execute(transaction);
        // Another node is at it.
        if (!rows[0]?.taken) return;
        await forgetSeconds(transaction, Math.ceil(before / MINUTE_MS));
        await sql`delete from node_batches where stored_at < now() - make_interval(days => ${NODES_KEPT_DAYS})`.execute(
          transaction,
        );
        await probes.foldBefore(transaction, before);
      });
  }

  const probes = createPostgresProbes({ database });
  return {
    append,
    readDays,
    readPeaks,
    appendProbes: probes.append,
    readAvailability: probes.read,
    rollUp,
  };
}

interface NumberedMinute {
  readonly counts: Batch['minutes'][number];
  readonly minute: number;
  readonly endpoint: number;
}

/** Rows that a batch is just being added to are left for the next time: waiting for them could close a circle. */
async function forgetSeconds(db: Kysely<Tables>, beforeMinute: number): Promise<void> {
  for (const [table, key] of [
    ['endpoint_seconds', 'endpoint'],
    ['ecosystem_seconds', 'ecosystem'],
  ] as const) {
    for (let forgotten = ROWS_PER_DELETE; forgotten === ROWS_PER_DELETE; ) {
      const { numAffectedRows } = await sql`
        delete from ${sql.table(table)} where (minute, ${sql.ref(key)}) in (
          select minute, ${sql.ref(key)} from ${sql.table(table)} where minute < ${beforeMinute}
          limit ${ROWS_PER_DELETE} for update skip locked
        )`.execute(db);
      forgotten = Number(numAffectedRows);
    }
  }
}

async function addEndpointDays(db: Kysely<Tables>, days: readonly SummedCounts[]): Promise<void> {
  await sql`
    insert into endpoint_days as known
    select * from jsonb_to_recordset(${JSON.stringify(days)}::jsonb) as new(
      day date, endpoint int, calls bigint, unattended_calls bigint, errors bigint, rejections bigint,
      timed_calls bigint, duration_micros bigint, unattended_timed_calls bigint, unattended_duration_micros bigint,
      latency bigint[], peak int)
    on conflict (day, endpoint) do update set
      calls = known.calls + excluded.calls,
      unattended_calls = known.unattended_calls + excluded.unattended_calls,
      errors = known.errors + excluded.errors,
      rejections = known.rejections + excluded.rejections,
      timed_calls = known.timed_calls + excluded.timed_calls,
      duration_micros = known.duration_micros + excluded.duration_micros,
      unattended_timed_calls = known.unattended_timed_calls + excluded.unattended_timed_calls,
      unattended_duration_micros = known.unattended_duration_micros + excluded.unattended_duration_micros,
      latency = ${addElements('latency')},
      peak = greatest(known.peak, excluded.peak)`.execute(db);
}

async function raiseEcosystemPeaks(
  db: Kysely<Tables>,
  peaks: readonly { readonly day: string; readonly ecosystem: string; readonly peak: number }[],
): Promise<void> {
  await sql`
    insert into ecosystem_days as known (day, ecosystem, peak)
    select * from jsonb_to_recordset(${JSON.stringify(peaks)}::jsonb) as new(day date, ecosystem text, peak int)
    on conflict (day, ecosystem) do update set peak = greatest(known.peak, excluded.peak)`.execute(db);
}

function* slices<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT)
    yield rows.slice(from, from + ROWS_PER_STATEMENT);
}
