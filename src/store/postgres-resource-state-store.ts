import { type Kysely, sql } from 'kysely';
import type { ResourceStatus } from '../resources/resource-state.ts';
import type {
  RecordedState,
  RecordedStates,
  ResourceStateStore,
  ResourceTransition,
  StateChanges,
} from '../resources/resource-state-store.ts';
import type { StateReason } from '../resources/state-reasons.ts';
import type { Tables } from './tables.ts';

export interface ResourceStateStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

const SWEPT_AT_ONCE = 5_000;
const STATES_KEPT_MONTHS = 3;
const HISTORY_KEPT_MONTHS = 12;

/** Keeps the states of resources in PostgreSQL. */
export function createPostgresResourceStateStore({
  database,
}: ResourceStateStoreSettings): ResourceStateStore {
  return {
    async find(consentId) {
      const { rows } = await sql<FoundRow>`
        select resources_revision as revision,
          (select ready_at from resource_lists where consent = consents.id) as ready_at,
          (select json_agg(states) from resource_states as states where consent = consents.id) as states
        from consents where id = ${consentId}`.execute(database());
      return toRecordedStates(rows[0]);
    },

    async record(consentId, revision, changes) {
      const { rows } = await recordStates(database(), consentId, revision, changes);
      return rows[0]?.revision;
    },

    async history(resourceId, limit) {
      const rows = await database()
        .selectFrom('resource_transitions')
        .selectAll()
        .where('resource', '=', resourceId)
        .orderBy('position', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toTransition);
    },

    async sweep(now) {
      const swept = await forgetStates(database(), monthsBefore(now, STATES_KEPT_MONTHS));
      return swept + (await forgetHistory(database(), monthsBefore(now, HISTORY_KEPT_MONTHS)));
    },
  };
}

interface FoundRow {
  readonly revision: number;
  readonly ready_at: number | null;
  readonly states: readonly Tables['resource_states'][] | null;
}

function toRecordedStates(row: FoundRow | undefined): RecordedStates {
  return {
    revision: row?.revision ?? 0,
    readyAt: row?.ready_at ?? undefined,
    states: new Map((row?.states ?? []).map((state) => [state.resource, toRecordedState(state)])),
  };
}

function toRecordedState({
  resource,
  type,
  status,
  reason,
  since,
}: Tables['resource_states']): RecordedState {
  return { resource, type, status: status as ResourceStatus, reason: reason as StateReason, since };
}

/** One statement: the consent's count is moved first, and only whoever moves it writes the rest. */
function recordStates(
  database: Kysely<Tables>,
  consent: string,
  revision: number,
  { states, isReady, at }: StateChanges,
) {
  return sql<{ revision: number }>`
    with moved as (
        update consents set resources_revision = resources_revision + 1
        where id = ${consent} and resources_revision = ${revision}
        returning id, resources_revision as revision),
      found as (
        select moved.id as consent, found.*
        from moved, json_to_recordset(${JSON.stringify(states)}::json)
          as found(resource text, type text, status text, reason text, since bigint)),
      ready as (
        insert into resource_lists (consent, ready_at) select id, ${at} from moved where ${isReady}
        on conflict (consent) do nothing),
      history as (
        insert into resource_transitions (consent, resource, type, from_status, to_status, reason, at)
        select found.consent, found.resource, found.type, known.status, found.status, found.reason, ${at}
        from found left join resource_states as known using (consent, resource)),
      kept as (
        insert into resource_states (consent, resource, type, status, reason, since)
        select consent, resource, type, status, reason, since from found
        on conflict (consent, resource) do update
          set status = excluded.status, reason = excluded.reason, since = excluded.since)
    select revision from moved`.execute(database);
}

/**
 * Rows that somebody is writing to are left for the next time: whoever changes consents locks several of them, and would
 * wait for this in a circle.
 */
async function forgetStates(database: Kysely<Tables>, before: number): Promise<number> {
  const { rows } = await sql`
    with ended as (
        select id from consents
        where resources_revision > 0 and status in ('REJECTED', 'CONSUMED') and status_updated_at < ${before}
        order by status_updated_at limit ${SWEPT_AT_ONCE} for update skip locked),
      states as (delete from resource_states using ended where consent = ended.id),
      lists as (delete from resource_lists using ended where consent = ended.id)
    update consents set resources_revision = 0 from ended where consents.id = ended.id
    returning consents.id`.execute(database);
  return rows.length;
}

async function forgetHistory(database: Kysely<Tables>, before: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from resource_transitions where position in (
      select position from resource_transitions where at < ${before} order by at limit ${SWEPT_AT_ONCE})`.execute(
    database,
  );
  return Number(numAffectedRows ?? 0);
}

function monthsBefore(at: number, months: number): number {
  const date = new Date(at);
  return date.setUTCMonth(date.getUTCMonth() - months);
}

function toTransition(row: Omit<Tables['resource_transitions'], 'position'>): ResourceTransition {
  return {
    consentId: row.consent,
    type: row.type,
    from: (row.from_status as ResourceStatus | null) ?? undefined,
    to: row.to_status as ResourceStatus,
    reason: row.reason as StateReason,
    at: row.at,
  };
}
