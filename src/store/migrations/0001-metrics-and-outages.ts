import { type Kysely, type Migration, sql } from 'kysely';

/** Counts, peaks, probes and outages. */
export const metricsAndOutages: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await execute(db, statement);
  },
};

/**
 * Days are summed as batches arrive, so nothing has to be added up to read them. What is kept by minute is only what a
 * peak over several nodes needs. Rows that are updated all the time leave room in their page for the next version.
 */
const STATEMENTS = [
  `create table node_batches (
    node uuid primary key,
    sequence bigint not null,
    stored_at timestamptz not null default now()
  ) with (fillfactor = 70)`,

  `create table endpoints (
    id integer generated always as identity primary key,
    ecosystem text not null,
    key text not null,
    unique (key, ecosystem)
  )`,

  `create table endpoint_seconds (
    minute integer not null,
    endpoint integer not null references endpoints,
    calls integer[] not null,
    primary key (minute, endpoint)
  ) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)`,

  `create table ecosystem_seconds (
    minute integer not null,
    ecosystem text not null,
    calls integer[] not null,
    primary key (minute, ecosystem)
  ) with (fillfactor = 80)`,

  `create table endpoint_days (
    day date not null,
    endpoint integer not null references endpoints,
    calls bigint not null,
    unattended_calls bigint not null,
    errors bigint not null,
    rejections bigint not null,
    timed_calls bigint not null,
    duration_micros bigint not null,
    unattended_timed_calls bigint not null,
    unattended_duration_micros bigint not null,
    latency bigint[] not null,
    peak integer not null,
    primary key (day, endpoint)
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,

  `create table ecosystem_days (
    day date not null,
    ecosystem text not null,
    peak integer not null,
    primary key (day, ecosystem)
  ) with (fillfactor = 70)`,

  `create table probes (
    ecosystem text not null,
    slot integer not null,
    severity smallint not null,
    unavailable text[] not null,
    primary key (ecosystem, slot)
  )`,

  `create table probe_runs (
    ecosystem text not null,
    from_slot integer not null,
    to_slot integer not null,
    severity smallint not null,
    unavailable text[] not null,
    primary key (ecosystem, from_slot),
    check (from_slot < to_slot)
  )`,

  `create table outages (
    id text primary key,
    ecosystem text,
    starts_at bigint not null,
    duration_ms bigint not null,
    duration text not null,
    is_partial boolean not null,
    explanation text not null,
    endpoints text[] not null,
    announced_at bigint not null,
    cancelled_at bigint
  )`,
  'create index outages_by_start on outages (starts_at, id)',
];

function execute(db: Kysely<unknown>, statement: string): Promise<unknown> {
  return sql.raw(statement).execute(db);
}
