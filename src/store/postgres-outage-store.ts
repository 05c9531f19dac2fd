import type { Kysely, Selectable } from 'kysely';
import type { Outage } from '../discovery/outage.ts';
import type { OutageStore } from '../discovery/outage-store.ts';
import type { Tables } from './tables.ts';

export interface OutageStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

/** Keeps outages in PostgreSQL. */
export function createPostgresOutageStore({ database }: OutageStoreSettings): OutageStore {
  return {
    async add(outage) {
      await database()
        .insertInto('outages')
        .values(toRow(outage))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async list({ from } = {}) {
      let query = database().selectFrom('outages').selectAll().orderBy('starts_at').orderBy('id');
      if (from !== undefined)
        query = query.where((row) => row(row('starts_at', '+', row.ref('duration_ms')), '>', from));
      return (await query.execute()).map(toOutage);
    },

    async cancel(id, at) {
      const { numUpdatedRows } = await database()
        .updateTable('outages')
        .set({ cancelled_at: at })
        .where('id', '=', id)
        .where('cancelled_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },
  };
}

function toRow(outage: Outage): Tables['outages'] {
  return {
    id: outage.id,
    ecosystem: outage.ecosystem ?? null,
    starts_at: outage.startsAt,
    duration_ms: outage.durationMs,
    duration: outage.duration,
    is_partial: outage.isPartial,
    explanation: outage.explanation,
    endpoints: [...outage.endpoints],
    announced_at: outage.announcedAt,
    cancelled_at: outage.cancelledAt ?? null,
  };
}

function toOutage(row: Selectable<Tables['outages']>): Outage {
  return {
    id: row.id,
    ecosystem: row.ecosystem ?? undefined,
    startsAt: row.starts_at,
    durationMs: row.duration_ms,
    duration: row.duration,
    isPartial: row.is_partial,
    explanation: row.explanation,
    endpoints: row.endpoints,
    announcedAt: row.announced_at,
    cancelledAt: row.cancelled_at ?? undefined,
  };
}
