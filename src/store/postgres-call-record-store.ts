import { type Kysely, sql } from 'kysely';
import type { CallRecord } from '../explain/call-record.ts';
import type { CallRecordStore } from '../explain/call-record-store.ts';
import type { Tables } from './tables.ts';

const DAY_MS = 86_400_000;
const BATCHES_PER_PAGE = 10;
/** Bounds how much is taken apart for an interaction id that a receiver sends with every call. */
const MOST_PAGES = 10;
/** Names the lock of making partitions among the advisory locks of the database. */
const PARTITION_LOCK = 7_201_903_117_542n;
/** SQLSTATE of a row that no partition takes. */
const NO_PARTITION = '23514';

export interface CallRecordStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

/** Keeps calls in PostgreSQL: a row for each batch, a partition for each day (UTC). */
export function createPostgresCallRecordStore({ database }: CallRecordStoreSettings): CallRecordStore {
  /** The day whose partition is known to be there, by connection: after a reconnection it may be another database. */
  const prepared = new WeakMap<Kysely<Tables>, number>();

  return {
    async append(batch) {
      const db = database();
      const day = dayOf(batch.at);
      if (prepared.get(db) !== day) await makePartition(db, day);
      prepared.set(db, day);
      try {
        await sql`
          with lazily as (select set_config('synchronous_commit', 'off', true))
          insert into call_records (day, id, at, interaction_ids, calls)
          select ${day}::integer, ${batch.id}::uuid, ${batch.at}::bigint, ${batch.interactionIds}::text[], ${batch.calls}
            from lazily
          on conflict do nothing`.execute(db);
      } catch (error) {
        if ((error as { code?: string }).code === NO_PARTITION) prepared.delete(db);
        throw error;
      }
    },

    async find(interactionId, limit) {
      const found: CallRecord[] = [];
      for (let page = 0; page < MOST_PAGES && found.length < limit; page += 1) {
        const batches = await readBatches(database(), interactionId, page);
        // Taken apart here: PostgreSQL refuses JSON with characters that no text of its own can have.
        for (const { calls } of batches)
          found.push(...(JSON.parse(calls) as CallRecord[]).filter((call) => isOf(call, interactionId)));
        if (batches.length < BATCHES_PER_PAGE) break;
      }
      return found.sort((one, other) => other.at - one.at).slice(0, limit);
    },

    async forgetBefore(at) {
      const db = database();
      const { rows } = await sql<{ day: number }>`
        select substring(relname from '[0-9]+$')::integer as day
          from pg_inherits join pg_class on pg_class.oid = inhrelid
          where inhparent = 'call_records'::regclass`.execute(db);
      for (const { day } of rows.filter((row) => row.day < dayOf(at)))
        await sql`drop table if exists ${partitionOf(day)}`.execute(db);
    },
  };
}

/** Batches with calls of an interaction id, the newest first. */
async function readBatches(
  db: Kysely<Tables>,
  interactionId: string,
  page: number,
): Promise<{ calls: string }[]> {
  const { rows } = await sql<{ calls: string }>`
    select calls from call_records where interaction_ids @> array[${interactionId}]
    order by at desc, id limit ${BATCHES_PER_PAGE} offset ${page * BATCHES_PER_PAGE}`.execute(db);
  return rows;
}

function isOf(call: CallRecord, interactionId: string): boolean {
  return call.interactionId.toLowerCase() === interactionId;
}

async function makePartition(db: Kysely<Tables>, day: number): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // Two that make the same table at the same time would hurt each other.
    await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(transaction);
    await sql`create table if not exists ${partitionOf(day)} partition of call_records for values in (${sql.lit(day)})`.execute(
      transaction,
    );
  });
}

function partitionOf(day: number) {
  return sql.table(`call_records_${day}`);
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
