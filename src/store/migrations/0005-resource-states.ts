import { type Migration, sql } from 'kysely';

/** In which states the resources of consents are, and how they came there. */
export const resourceStates: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/** Resources are known by their public ids only. Instants are milliseconds since the epoch. */
const STATEMENTS = [
  'alter table consents add column resources_revision integer not null default 0',
  // Ended consents whose states are still there; deleting those sets the count back.
  `create index consents_with_states on consents (status_updated_at)
    where resources_revision > 0 and status in ('REJECTED', 'CONSUMED')`,

  `create table resource_lists (
    consent text primary key references consents,
    ready_at bigint not null
  )`,

  `create table resource_states (
    consent text not null references consents,
    resource text not null,
    type text not null,
    status text not null check (
      status in ('AVAILABLE', 'UNAVAILABLE', 'TEMPORARILY_UNAVAILABLE', 'PENDING_AUTHORISATION')),
    reason text not null,
    since bigint not null,
    primary key (consent, resource)
  )`,

  `create table resource_transitions (
    position bigint generated always as identity primary key,
    consent text not null,
    resource text not null,
    type text not null,
    from_status text,
    to_status text not null,
    reason text not null,
    at bigint not null
  )`,
  'create index resource_transitions_by_resource on resource_transitions (resource, position)',
  'create index resource_transitions_by_time on resource_transitions (at)',
];
