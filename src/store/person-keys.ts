import { createHmac, createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { decrypt, encrypt } from './authenticated-encryption.ts';
import { byteaText } from './bytea-text.ts';
import type { KeyRing } from './key-ring.ts';
import type { Tables } from './tables.ts';

const KEY_LENGTH = 32;
const ROWS_PER_REWRAP = 500;
/** Stands for the document of a person whose key has been deleted; it is nobody's. */
const ERASED = 'erased:';

/** A person whose data is encrypted with a key of their own. */
export interface Person {
  readonly id: string;
  readonly key: KeyObject;
}

type PersonRow = Tables['persons'];

/** Persons whom a transaction may have to do with. */
export interface MetPersons {
  /** Throws when there is no such person, or their key has been altered. */
  of(document: string): Person;
  /** Keeps the keys of those who have been new and whose ids are among these; of the others nothing is kept. */
  keep(database: Kysely<Tables>, ids: ReadonlySet<string>): Promise<void>;
}

/** Finds persons by documents such as a CPF, of which the database holds only an HMAC and a ciphertext. */
export interface PersonKeys {
  /**
   * The persons of these documents, with a key that is made up for those who have none. Only for transactions that
   * hold the lock of the ledger's head, so that nobody else makes or deletes keys meanwhile.
   */
  meet(database: Kysely<Tables>, documents: Iterable<string>): Promise<MetPersons>;
  /** The person's id, if they have a key. */
  find(database: Kysely<Tables>, document: string): Promise<string | undefined>;
  /** A person's key, as their row holds it sealed. */
  open(id: string, sealedKey: Uint8Array): KeyObject;
  /** Documents of persons, by their ids; of erased and altered ones something that tells them apart and is no document. */
  documents(database: Kysely<Tables>, ids: Iterable<string>): Promise<ReadonlyMap<string, string>>;
}

/** Creates the finder of persons with the keys of this moment. */
export function createPersonKeys(keyRing: KeyRing): PersonKeys {
  const lookupKey = createSecretKey(keyRing.derive('person lookup'));
  const lookupOf = (document: string) => createHmac('sha256', lookupKey).update(document).digest();

  function makeRow(document: string, lookup: Buffer): { row: PersonRow; person: Person } {
    const secret = randomBytes(KEY_LENGTH);
    const person = { id: randomUUID(), key: createSecretKey(secret) };
    const row = {
      id: person.id,
      lookup,
      master_key: keyRing.newest,
      sealed_key: keyRing.seal(secret, sealContext(person.id)),
      document: encrypt(person.key, Buffer.from(document), `document ${person.id}`),
    };
    return { row, person };
  }

  async function meet(database: Kysely<Tables>, documents: Iterable<string>): Promise<MetPersons> {
    const lookups = new Map([...documents].map((document) => [document, lookupOf(document)]));
    const known = await findByLookup(database, [...lookups.values()]);
    const persons = new Map<string, () => Person>();
    const added: PersonRow[] = [];
    for (const [document, lookup] of lookups) {
      const found = known.get(lookup.toString('hex'));
      if (found) persons.set(document, () => ({ id: found.id, key: open(found.id, found.sealed_key) }));
      else {
        const { row, person } = makeRow(document, lookup);
        persons.set(document, () => person);
        added.push(row);
      }
    }
    return {
      of(document) {
        const person = persons.get(document);
        if (!person) throw new Error('a person is named who was not asked for');
        return person();
      },
      async keep(db, ids) {
        const kept = added.filter(({ id }) => ids.has(id));
        if (kept.length > 0) await insert(db, kept);
      },
    };
  }

  function open(id: string, sealedKey: Uint8Array): KeyObject {
    return createSecretKey(keyRing.open(sealedKey, sealContext(id)));
  }

  /** Who cannot be read is nobody, so that one altered row does not close what others have. */
  function readDocument(id: string, sealedKey: Uint8Array, document: Uint8Array): string {
    try {
      return decrypt(open(id, sealedKey), document, `document ${id}`).toString();
    } catch {
      return `${ERASED}${id}`;
    }
  }

  return {
    meet,
    open,

    async find(database, document) {
      const row = await database
        .selectFrom('persons')
        .select('id')
        .where('lookup', '=', lookupOf(document))
        .executeTakeFirst();
      return row?.id;
    },

    async documents(database, ids) {
      const wanted = [...new Set(ids)];
      const documents = new Map(wanted.map((id) => [id, `${ERASED}${id}`]));
      if (wanted.length === 0) return documents;
      const rows = await database
        .selectFrom('persons')
        .select(['id', 'sealed_key', 'document'])
        .where('id', '=', sql<string>`any(${wanted}::uuid[])`)
        .execute();
      for (const { id, sealed_key, document } of rows)
        documents.set(id, readDocument(id, sealed_key, document));
      return documents;
    },
  };
}

/**
 * Seals with the newest master key every person's key that an older one has sealed; nothing else has to be written
 * anew. Answers with how many it were. May run beside everything else, and on several nodes.
 */
export async function rewrapPersonKeys(database: Kysely<Tables>, keyRing: KeyRing): Promise<number> {
  let count = 0;
  for (let from = '00000000-0000-0000-0000-000000000000'; ; ) {
    const { rows } = await sql<Pick<PersonRow, 'id' | 'master_key' | 'sealed_key'>>`
      select id, master_key, sealed_key from persons where id > ${from}::uuid
      order by id limit ${ROWS_PER_REWRAP}`.execute(database);
    const older = rows.filter((row) => row.master_key !== keyRing.newest);
    if (older.length > 0) count += await storeRewrapped(database, keyRing, older);
    const last = rows.at(-1);
    if (!last) return count;
    from = last.id;
  }
}

/** A row that somebody else has sealed anew, or deleted, stays as it is. */
async function storeRewrapped(
  database: Kysely<Tables>,
  keyRing: KeyRing,
  rows: readonly Pick<PersonRow, 'id' | 'sealed_key'>[],
): Promise<number> {
  const sealed = rows.map(({ id, sealed_key }) => ({
    id,
    old_key: byteaText(sealed_key),
    new_key: byteaText(keyRing.seal(keyRing.open(sealed_key, sealContext(id)), sealContext(id))),
  }));
  const { numAffectedRows } = await sql`
    update persons set sealed_key = new_key, master_key = ${keyRing.newest}
    from json_to_recordset(${JSON.stringify(sealed)}::json) as new(id uuid, old_key bytea, new_key bytea)
    where persons.id = new.id and persons.sealed_key = old_key`.execute(database);
  return Number(numAffectedRows);
}

async function findByLookup(
  database: Kysely<Tables>,
  lookups: readonly Buffer[],
): Promise<ReadonlyMap<string, Pick<PersonRow, 'id' | 'sealed_key'>>> {
  if (lookups.length === 0) return new Map();
  const { rows } = await sql<PersonRow>`
    select id, lookup, sealed_key from persons where lookup = any(${lookups}::bytea[])`.execute(database);
  return new Map(rows.map((row) => [row.lookup.toString('hex'), row]));
}

async function insert(database: Kysely<Tables>, added: readonly PersonRow[]): Promise<void> {
  const rows = added.map((row) => ({
    ...row,
    lookup: byteaText(row.lookup),
    sealed_key: byteaText(row.sealed_key),
    document: byteaText(row.document),
  }));
  await sql`
    insert into persons
    select * from json_populate_recordset(null::persons, ${JSON.stringify(rows)}::json)`.execute(database);
}

function sealContext(id: string): string {
  return `person ${id}`;
}

/** The id of an erased person, by what stands for their document; undefined for a document. */
export function erasedPerson(document: string): string | undefined {
  return document.startsWith(ERASED) ? document.slice(ERASED.length) : undefined;
}
