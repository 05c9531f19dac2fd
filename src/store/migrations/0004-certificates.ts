import { type Migration, sql } from 'kysely';

/** The directory's own keys, the certificates that it issued, and the public keys of participants. */
export const certificates: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table held_keys (
    purpose text not null,
    generation integer not null check (generation > 0),
    sealed bytea not null,
    published text not null,
    signs_from bigint not null,
    primary key (purpose, generation)
  )`,

  `create table certificates (
    serial_number text primary key,
    position bigint generated always as identity,
    issuer text not null,
    use text not null check (use in ('client', 'server', 'signing')),
    organisation_id text,
    software_id text,
    certificate text not null,
    chain text not null,
    thumbprint text not null unique,
    not_before bigint not null,
    not_after bigint not null,
    revoked_at bigint,
    revocation_reason text,
    renewed_by text unique,
    check ((revoked_at is null) = (revocation_reason is null))
  )`,
  'create index certificates_by_owner on certificates (organisation_id, software_id, position)',
  'create index certificates_by_end on certificates (not_after) where revoked_at is null and renewed_by is null',
  'create index certificates_revoked on certificates (issuer, revoked_at) where revoked_at is not null',

  // The keys of an organisation itself have no software; null would not keep them apart.
  `create table participant_keys (
    organisation_id text not null,
    software_id text not null,
    kid text not null,
    position bigint generated always as identity,
    name text not null check (name in ('application', 'transport')),
    jwk jsonb not null,
    added_at bigint not null,
    deactivated_at bigint,
    primary key (organisation_id, software_id, kid)
  )`,
];
