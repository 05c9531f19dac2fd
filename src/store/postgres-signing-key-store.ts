import { type Kysely, sql } from 'kysely';
import type { SigningKeyStore, StoredSigningKey } from '../authorization/signing-key-store.ts';
import { byteaText } from './bytea-text.ts';
import type { KeyRing } from './key-ring.ts';
import type { Tables } from './tables.ts';

/** First half of the advisory lock under which an issuer's keys are added; the second is a hash of the issuer. */
const ADD_LOCK = 720_190_318;

type SigningKeyRow = Tables['signing_keys'];

export interface SigningKeyStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
  /** The keys of this moment; throws while there are none. */
  readonly keyRing: () => KeyRing;
}

/** Keeps signing keys in PostgreSQL, sealed. */
export function createPostgresSigningKeyStore(settings: SigningKeyStoreSettings): SigningKeyStore {
  const { database, keyRing } = settings;

  async function list(db: Kysely<Tables>, issuer: string): Promise<readonly StoredSigningKey[]> {
    const rows = await db
      .selectFrom('signing_keys')
      .selectAll()
      .where('issuer', '=', issuer)
      .orderBy('signs_from')
      .orderBy('kid')
      .execute();
    return rows.map((row) => toKey(row, keyRing()));
  }

  return {
    list: async (issuer) => list(database(), issuer),

    async add(issuer, key) {
      return database()
        .transaction()
        .execute(async (transaction) => {
          await sql`select pg_advisory_xact_lock(${ADD_LOCK}, hashtext(${issuer}))`.execute(transaction);
          const known = await list(transaction, issuer);
          if (known.some(({ signsFrom }) => signsFrom >= key.signsFrom)) return known;
          await transaction
            .insertInto('signing_keys')
            .values(toRow(issuer, key, keyRing()))
            .execute();
          return list(transaction, issuer);
        });
    },

    async sweep(before) {
      await database().deleteFrom('signing_keys').where('ends_at', '<', before).execute();
    },
  };
}

/** Seals with the newest master key what an older one has sealed. Answers with how many keys it were. */
export async function rewrapSigningKeys(database: Kysely<Tables>, keyRing: KeyRing): Promise<number> {
  const rows = await database
    .selectFrom('signing_keys')
    .selectAll()
    .where('master_key', '<>', keyRing.newest)
    .execute();
  const sealed = rows.map(({ issuer, kid, sealed_jwk }) => ({
    issuer,
    kid,
    old_jwk: byteaText(sealed_jwk),
    new_jwk: byteaText(
      keyRing.seal(keyRing.open(sealed_jwk, contextOf(issuer, kid)), contextOf(issuer, kid)),
    ),
  }));
  const { numAffectedRows } = await sql`
    update signing_keys set sealed_jwk = new_jwk, master_key = ${keyRing.newest}
    from json_to_recordset(${JSON.stringify(sealed)}::json)
      as new(issuer text, kid text, old_jwk bytea, new_jwk bytea)
    where signing_keys.issuer = new.issuer and signing_keys.kid = new.kid and sealed_jwk = old_jwk`.execute(
    database,
  );
  return Number(numAffectedRows);
}

function toRow(issuer: string, key: StoredSigningKey, keyRing: KeyRing): SigningKeyRow {
  return {
    issuer,
    kid: key.kid,
    master_key: keyRing.newest,
    sealed_jwk: keyRing.seal(Buffer.from(JSON.stringify(key.jwk)), contextOf(issuer, key.kid)),
    signs_from: key.signsFrom,
    ends_at: key.endsAt,
  };
}

function toKey({ issuer, kid, sealed_jwk, signs_from, ends_at }: SigningKeyRow, keyRing: KeyRing) {
  const jwk = JSON.parse(
    keyRing.open(sealed_jwk, contextOf(issuer, kid)).toString(),
  ) as StoredSigningKey['jwk'];
  return { kid, jwk, signsFrom: signs_from, endsAt: ends_at };
}

function contextOf(issuer: string, kid: string): string {
  return `signing key ${JSON.stringify([issuer, kid])}`;
}
