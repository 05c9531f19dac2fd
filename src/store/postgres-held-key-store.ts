import type { Kysely } from 'kysely';
import type { HeldKey, HeldKeyStore } from '../directory/held-key-store.ts';
import type { Tables } from './tables.ts';

export interface HeldKeyStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

/** Keeps the directory's own keys in PostgreSQL, sealed as they come. */
export function createPostgresHeldKeyStore({ database }: HeldKeyStoreSettings): HeldKeyStore {
  async function list(purpose: string): Promise<readonly HeldKey[]> {
    const rows = await database()
      .selectFrom('held_keys')
      .selectAll()
      .where('purpose', '=', purpose)
      .orderBy('generation')
      .execute();
    return rows.map(({ signs_from, ...row }) => ({ ...row, signsFrom: signs_from }));
  }

  async function add({ signsFrom, sealed, ...key }: HeldKey): Promise<readonly HeldKey[]> {
    await database()
      .insertInto('held_keys')
      .values({ ...key, sealed: Buffer.from(sealed), signs_from: signsFrom })
      .onConflict((conflict) => conflict.columns(['purpose', 'generation']).doNothing())
      .execute();
    return list(key.purpose);
  }

  return { list, add };
}
