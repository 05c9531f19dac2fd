import { type Migration, sql } from 'kysely';

/** Records and tokens of the sandbox directory. */
export const directory: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/** The one row of `directory_generation` is also the lock under which writes happen one after the other. */
const STATEMENTS = [
  `create table directory_records (
    kind text not null,
    parents text[] not null,
    id text not null,
    body jsonb not null,
    unique_value text,
    created_at bigint not null,
    updated_at bigint not null,
    revision integer not null,
    sequence bigint generated always as identity,
    primary key (kind, parents, id)
  )`,

  `create unique index directory_records_unique on directory_records (kind, unique_value)
    where unique_value is not null`,

  `create table directory_generation (
    only_row boolean primary key default true check (only_row),
    generation bigint not null
  )`,

  'insert into directory_generation (generation) values (0)',

  `create table directory_tokens (
    hash text primary key,
    client_id text not null,
    thumbprint text not null,
    scopes text[] not null,
    issued_at bigint not null,
    expires_at bigint not null
  )`,

  'create index directory_tokens_client on directory_tokens (client_id, issued_at)',
  'create index directory_tokens_expiry on directory_tokens (expires_at)',
];
