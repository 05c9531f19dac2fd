import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** Stands for "never" where an artifact must have an end: 9999-12-31T23:59:59Z. */
const FAR_FUTURE = 253_402_300_799_000;

/**
 * Ends grants with everything that hangs on them, in a transaction. Tokens that are being saved at this moment hold
 * their grant's row: they are waited for, and then seen by the statement that deletes.
 */
export async function endGrants(transaction: Kysely<Tables>, grantIds: Iterable<string>): Promise<void> {
  const ids = [...grantIds];
  await lockGrants(transaction, ids);
  await sql`
    delete from artifacts where key in (
      select key from artifacts where grant_id = any(${ids}::text[]) order by key for update
    )`.execute(transaction);
}

/** Moves the ends of grants and of their refresh tokens, in a transaction; undefined is for ever. */
export async function moveGrants(
  transaction: Kysely<Tables>,
  ends: ReadonlyMap<string, number | undefined>,
): Promise<void> {
  await lockGrants(transaction, [...ends.keys()]);
  const rows = [...ends].map(([grant_id, end]) => ({ grant_id, ends_at: end ?? FAR_FUTURE }));
  await sql`
    with new as (
        select * from json_to_recordset(${JSON.stringify(rows)}::json) as new(grant_id text, ends_at bigint)),
      locked as (
        select key, ends_at from artifacts join new using (grant_id)
        where model in ('Grant', 'RefreshToken') order by key for update of artifacts)
    update artifacts set expires_at = locked.ends_at from locked where artifacts.key = locked.key`.execute(
    transaction,
  );
}

/** In the order of their keys, as everybody locks artifacts who locks several. */
async function lockGrants(transaction: Kysely<Tables>, grantIds: readonly string[]): Promise<void> {
  await sql`
    select key from artifacts where grant_id = any(${grantIds}::text[]) and model = 'Grant'
    order by key for update`.execute(transaction);
}
