import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { DatabaseError } from 'pg';
import {
  type DirectoryRecord,
  type DirectoryStore,
  MAX_TOKENS_PER_CLIENT,
  type PageQuery,
  type RecordChange,
  type RecordDraft,
  type RecordFilter,
  type RecordKey,
  type RecordNeed,
  type StoredToken,
  type WriteOutcome,
} from '../directory/api/directory-store.ts';
import type { Tables } from './tables.ts';

export interface DirectoryStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

/**
 * Keeps the sandbox directory in PostgreSQL.
 *
 * A write locks the generation before anything else, so that writes of all nodes happen one after the other: they are
 * few, and what one of them has found out about other records still holds when it commits.
 */
export function createPostgresDirectoryStore({ database }: DirectoryStoreSettings): DirectoryStore {
  return {
    async read(key) {
      const { rows } = await sql<Row>`select ${COLUMNS} from directory_records where ${isKey(key)}`.execute(
        database(),
      );
      return rows[0] && toRecord(rows[0]);
    },

    async list(filter) {
      const { rows } = await sql<Row>`
        select ${COLUMNS} from directory_records where ${matches(filter)} order by sequence`.execute(
        database(),
      );
      return rows.map(toRecord);
    },

    async page(query) {
      const { rows } = await sql<Partial<Row> & { total: number }>`
        with found as materialized (select * from directory_records where ${matches(query)})
        select counted.total, page.* from (select count(*) as total from found) as counted
          left join lateral (
            select ${COLUMNS}, sequence from found
            order by ${order(query)} offset ${query.offset} limit ${query.limit}
          ) as page on true`.execute(database());
      const records = rows.filter((row): row is Row & { total: number } => row.kind !== null).map(toRecord);
      return { records, total: Number(rows[0]?.total ?? 0) };
    },

    async write(changes, needs = []) {
      try {
        await database()
          .transaction()
          .execute(async (transaction) => {
            await sql`update directory_generation set generation = generation + 1`.execute(transaction);
            for (const key of needs) await demand(transaction, key);
            for (const change of changes) await apply(transaction, change);
          });
        return 'written';
      } catch (error) {
        if (error instanceof Refusal) return error.outcome;
        if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) return 'taken';
        throw error;
      }
    },

    async generation() {
      const { rows } = await sql<{ generation: number }>`
        select generation from directory_generation`.execute(database());
      return Number(rows[0]?.generation ?? 0);
    },

    async addToken(token) {
      await database()
        .transaction()
        .execute(async (transaction) => {
          await insertToken(transaction, token);
          await forgetTokens(transaction, token);
        });
    },

    async findToken(hash) {
      const { rows } = await sql<TokenRow>`select * from directory_tokens where hash = ${hash}`.execute(
        database(),
      );
      return rows[0] && toToken(rows[0]);
    },
  };
}

const UNIQUE_VIOLATION = '23505';

/** Ends a transaction that must not change anything. */
class Refusal extends Error {
  readonly outcome: WriteOutcome;

  constructor(outcome: WriteOutcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

interface Row {
  readonly kind: string;
  readonly parents: string[];
  readonly id: string;
  readonly body: Record<string, unknown>;
  readonly unique_value: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

interface TokenRow {
  readonly hash: string;
  readonly client_id: string;
  readonly thumbprint: string;
  readonly scopes: string[];
  readonly issued_at: number;
  readonly expires_at: number;
}

const COLUMNS = sql.raw('kind, parents, id, body, unique_value, created_at, updated_at, revision');

function isKey({ kind, parents, id }: RecordKey): RawBuilder<unknown> {
  return sql`kind = ${kind} and parents = ${[...parents]}::text[] and id = ${id}`;
}

function matches({ kinds, under = [], where = {}, like, ids }: RecordFilter): RawBuilder<unknown> {
  const conditions = [sql`kind = any(${[...kinds]}::text[])`];
  if (under.length > 0) conditions.push(sql`parents[1:${under.length}] = ${[...under]}::text[]`);
  for (const [member, value] of Object.entries(where)) conditions.push(sql`body ->> ${member} = ${value}`);
  if (ids) conditions.push(sql`id = any(${[...ids]}::text[])`);
  if (like) {
    const texts = like.members.map(
      (member) => sql`strpos(lower(body ->> ${member}), lower(${like.text})) > 0`,
    );
    conditions.push(sql`(${sql.join(texts, sql` or `)})`);
  }
  return sql.join(conditions, sql` and `);
}

/** Sorted by code point, as every node and the double in memory do, whatever the collation of the database. */
function order({ sort }: PageQuery): RawBuilder<unknown> {
  const terms = sort.map(({ member, descending }) => {
    const direction = sql.raw(descending ? 'desc' : 'asc');
    return sql`coalesce(body ->> ${member}, '') collate "C" ${direction}`;
  });
  return sql.join([...terms, sql`sequence`]);
}

async function demand(transaction: Transaction<Tables>, need: RecordNeed): Promise<void> {
  const { rows } = await sql<Pick<Row, 'revision'>>`
    select revision from directory_records where ${isKey(need)}`.execute(transaction);
  if (!rows[0]) throw new Refusal('missing');
  if (need.revision !== undefined && rows[0].revision !== need.revision)
    throw new Refusal('changed-meanwhile');
}

async function apply(transaction: Transaction<Tables>, change: RecordChange): Promise<void> {
  if ('put' in change && change.expected === 0) return insert(transaction, change.put);
  const { numAffectedRows } =
    'put' in change
      ? await update(transaction, change.put, change.expected)
      : await sql`delete from directory_records
          where ${isKey(change.remove)} and revision = ${change.expected}`.execute(transaction);
  if (numAffectedRows === 0n) throw new Refusal('changed-meanwhile');
}

async function insert(transaction: Transaction<Tables>, draft: RecordDraft): Promise<void> {
  await sql`insert into directory_records (${COLUMNS}) values (
    ${draft.kind}, ${[...draft.parents]}::text[], ${draft.id}, ${JSON.stringify(draft.body)}::jsonb,
    ${draft.unique ?? null}, ${draft.createdAt}, ${draft.updatedAt}, 1)`.execute(transaction);
}

function update(transaction: Transaction<Tables>, draft: RecordDraft, expected: number) {
  return sql`update directory_records set
      body = ${JSON.stringify(draft.body)}::jsonb, unique_value = ${draft.unique ?? null},
      updated_at = ${draft.updatedAt}, revision = revision + 1
    where ${isKey(draft)} and revision = ${expected}`.execute(transaction);
}

async function insertToken(transaction: Transaction<Tables>, token: StoredToken): Promise<void> {
  await sql`insert into directory_tokens (hash, client_id, thumbprint, scopes, issued_at, expires_at) values (
    ${token.hash}, ${token.clientId}, ${token.thumbprint}, ${[...token.scopes]}::text[],
    ${token.issuedAt}, ${token.expiresAt})`.execute(transaction);
}

/** Rows that another node is forgetting at the same time are left to it. */
async function forgetTokens(transaction: Transaction<Tables>, token: StoredToken): Promise<void> {
  await sql`delete from directory_tokens where hash in (
    select hash from directory_tokens where expires_at <= ${token.issuedAt} limit 1000 for update skip locked)`.execute(
    transaction,
  );
  await sql`delete from directory_tokens where hash in (
    select hash from directory_tokens where client_id = ${token.clientId}
    order by issued_at desc, hash offset ${MAX_TOKENS_PER_CLIENT} for update skip locked)`.execute(
    transaction,
  );
}

function toRecord(row: Row): DirectoryRecord {
  return {
    kind: row.kind,
    parents: row.parents,
    id: row.id,
    body: row.body,
    unique: row.unique_value ?? undefined,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    revision: row.revision,
  };
}

function toToken(row: TokenRow): StoredToken {
  return {
    hash: row.hash,
    clientId: row.client_id,
    thumbprint: row.thumbprint,
    scopes: row.scopes,
    issuedAt: Number(row.issued_at),
    expiresAt: Number(row.expires_at),
  };
}
