import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { createKeyRing, createMasterSeal, type KeyRing, type MasterKey } from './key-ring.ts';
import { StoreFailure } from './store-failure.ts';
import type { Tables } from './tables.ts';

const ROOT_CONTEXT = 'key root';
const ROOT_LENGTH = 32;

/**
 * Opens the key ring of a database, whose root is made and kept there, sealed, the first time. Rejects with
 * {@link StoreFailure} when none of the master keys opens the root: they are another database's.
 */
export async function openKeyRing(
  database: Kysely<Tables>,
  masterKeys: readonly MasterKey[],
): Promise<KeyRing> {
  const seal = createMasterSeal(masterKeys);
  await sql`insert into key_roots (name, master_key, sealed)
    values ('root', ${seal.newest}, ${seal.seal(randomBytes(ROOT_LENGTH), ROOT_CONTEXT)})
    on conflict (name) do nothing`.execute(database);
  const { sealed } = await database
    .selectFrom('key_roots')
    .select('sealed')
    .where('name', '=', 'root')
    .executeTakeFirstOrThrow();
  return createKeyRing({ masterKeys, root: openRoot(() => seal.open(sealed, ROOT_CONTEXT)) });
}

/** Seals the root with the newest master key. */
export async function rewrapRoot(database: Kysely<Tables>, keyRing: KeyRing): Promise<void> {
  const known = await database
    .selectFrom('key_roots')
    .selectAll()
    .where('master_key', '<>', keyRing.newest)
    .executeTakeFirst();
  if (!known) return;
  const sealed = keyRing.seal(keyRing.open(known.sealed, ROOT_CONTEXT), ROOT_CONTEXT);
  await database
    .updateTable('key_roots')
    .set({ sealed, master_key: keyRing.newest })
    .where('sealed', '=', known.sealed)
    .execute();
}

function openRoot(open: () => Buffer): Buffer {
  try {
    return open();
  } catch {
    throw new StoreFailure('none of the master keys opens what this database keeps sealed');
  }
}
