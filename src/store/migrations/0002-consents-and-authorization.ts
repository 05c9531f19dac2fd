import { type Migration, sql } from 'kysely';

/** Keys, consents with their ledger, and what authorization servers keep. */
export const consentsAndAuthorization: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/**
 * What is personal is encrypted with its person's key, without which nothing is left of it. Instants are milliseconds
 * since the epoch. Ids of bearer artifacts are hashes.
 */
const STATEMENTS = [
  `create table key_roots (
    name text primary key,
    master_key text not null,
    sealed bytea not null
  )`,

  `create table persons (
    id uuid primary key,
    lookup bytea not null unique,
    master_key text not null,
    sealed_key bytea not null,
    document bytea not null
  )`,

  // Consents outlive their person's row, and are then unreadable where they were personal.
  `create table consents (
    id text primary key,
    ecosystem text not null,
    client_id text not null,
    organisation_id text not null,
    status text not null,
    created_at bigint not null,
    status_updated_at bigint not null,
    expires_at bigint,
    permissions text[] not null,
    is_linked boolean,
    rejection jsonb,
    subject text,
    grant_id text,
    person uuid not null,
    personal bytea not null,
    selection bytea,
    idempotency_key text,
    fingerprint text,
    revision integer not null
  ) with (fillfactor = 80)`,
  `create unique index consents_by_request on consents (client_id, ecosystem, idempotency_key)
    where idempotency_key is not null`,
  'create index consents_by_person on consents (person)',
  `create index consents_awaiting on consents (created_at) where status = 'AWAITING_AUTHORISATION'`,
  `create index consents_ending on consents (expires_at) where status = 'AUTHORISED'`,
  `create index consents_alive on consents (client_id) where status in ('AWAITING_AUTHORISATION', 'AUTHORISED')`,

  `create table consent_approvers (
    consent text not null references consents,
    person uuid not null,
    primary key (person, consent)
  )`,

  `create table consent_ledger (
    seq bigint primary key,
    version smallint not null,
    at bigint not null,
    consent text not null,
    event text not null,
    actor text not null,
    revision integer not null,
    body text not null,
    previous_hash bytea not null,
    hash bytea not null,
    unique (consent, revision)
  )`,

  `create table consent_extensions (
    consent text not null references consents,
    revision integer not null,
    requested_at bigint not null,
    expires_at bigint,
    previous_expires_at bigint,
    personal bytea not null,
    primary key (consent, revision),
    foreign key (consent, revision) references consent_ledger (consent, revision)
  )`,

  `create table consent_ledger_head (
    singleton boolean primary key default true check (singleton),
    seq bigint not null,
    hash bytea not null
  ) with (fillfactor = 10)`,
  `insert into consent_ledger_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'))`,

  `create table artifacts (
    key bytea primary key,
    issuer text not null,
    model text not null,
    uid bytea,
    grant_id text,
    client_id text,
    payload bytea not null,
    expires_at bigint,
    consumed_at bigint
  ) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05)`,
  'create index artifacts_by_uid on artifacts (uid) where uid is not null',
  'create index artifacts_by_grant on artifacts (grant_id) where grant_id is not null',
  'create index artifacts_by_client on artifacts (client_id) where client_id is not null',
  'create index artifacts_by_end on artifacts (issuer, expires_at) where expires_at is not null',

  `create table signing_keys (
    issuer text not null,
    kid text not null,
    master_key text not null,
    sealed_jwk bytea not null,
    signs_from bigint not null,
    ends_at bigint not null,
    primary key (issuer, kid)
  )`,
];
