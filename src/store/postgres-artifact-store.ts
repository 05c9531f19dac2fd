import { type Kysely, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Artifact, ArtifactStore } from '../authorization/artifact-store.ts';
import type { Rejection } from '../consents/consent.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import { type ArtifactCodec, createArtifactCodec, type StoredArtifact } from './artifact-codec.ts';
import { byteaText } from './bytea-text.ts';
import { endClient } from './end-client.ts';
import { endGrants } from './grants.ts';
import { groupCalls } from './group-calls.ts';
import { KEPT } from './kept-statements.ts';
import { rememberLast } from './remember-last.ts';
import type { Tables } from './tables.ts';

const PER_STATEMENT = 256;
const MOST_WAITING = 20_000;
/** Model of remembered assertions; the authorization server's own models have no such name. */
const REMEMBERED = '(remembered)';

export interface ArtifactStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
  /** The keys of this moment; throws while there are none. */
  readonly keyRing: () => Sealer;
  /** Whose artifacts; those of other issuers are out of reach. */
  readonly issuer: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Why the consents of a client end with it. */
  readonly endOfClient?: Rejection;
}

/** The receiver that held the consent has gone: the consent cannot be used any more (OF and OPIN rejection codes). */
const END_OF_CLIENT: Rejection = { rejectedBy: 'TPP', code: 'CONSENT_TECHNICAL_ISSUE' };

type ArtifactRow = Tables['artifacts'];

/**
 * Models of what a browser is in the middle of, and of tokens that a receiver gets again by asking. A crash of the
 * database may take the last fraction of a second of them, and whoever had them begins anew; waiting for the disk would
 * buy nothing else. Whatever a customer has granted or refused, and whatever has been used, waits for the disk.
 */
const PASSING: ReadonlySet<string> = new Set([
  'PushedAuthorizationRequest',
  'Interaction',
  'Session',
  'CustomerSession',
  'HeldDecision',
  'ClientCredentials',
]);

/** Tokens that calls come with again and again. */
const MOST_OPENED = 20_000;

/** A row as it was, and what it said. */
interface Opened {
  readonly row: StoredArtifact;
  readonly artifact: Artifact;
}

/**
 * Keeps artifacts in PostgreSQL, under the SHA-256 of their ids, encrypted. Calls that arrive together are one
 * statement. A token or code whose grant has ended meanwhile is not kept: its holder finds it unknown, as if it had been
 * revoked just after.
 */
export function createPostgresArtifactStore(settings: ArtifactStoreSettings): ArtifactStore {
  const { database, keyRing, issuer, clock, endOfClient = END_OF_CLIENT } = settings;
  const codec: () => ArtifactCodec = rememberLast(keyRing, (sealer) => createArtifactCodec(issuer, sealer));

  const opened = new LRUCache<string, Opened>({ max: MOST_OPENED });

  const upsert = groupCalls<ArtifactRow, void>({
    run: async (rows) => {
      await upsertArtifacts(database(), rows);
      return rows.map(() => undefined);
    },
    most: PER_STATEMENT,
    lanes: 2,
    mostWaiting: MOST_WAITING,
  });
  const find = groupCalls<Buffer, StoredArtifact | undefined>({
    run: (keys) => findArtifacts(database(), keys, clock.now()),
    most: PER_STATEMENT,
    lanes: 2,
    mostWaiting: MOST_WAITING,
  });
  const remember = groupCalls<Pick<ArtifactRow, 'key' | 'expires_at'>, boolean>({
    run: (keys) => rememberKeys(database(), issuer, keys, clock.now()),
    most: PER_STATEMENT,
    lanes: 2,
    mostWaiting: MOST_WAITING,
  });

  /** What a token says is decrypted once; whether it still holds is asked each time. */
  async function openAnew(place: string, key: Buffer, id: string): Promise<Artifact | undefined> {
    const row = await find(key);
    const known = opened.get(place);
    if (row && known && isSame(row, known.row)) return known.artifact;
    opened.delete(place);
    if (!row) return undefined;
    const artifact = Object.freeze(codec().toArtifact(row, id));
    opened.set(place, { row, artifact });
    return artifact;
  }

  return {
    async upsert(model, id, artifact, expiresIn) {
      await upsert(codec().toRow(model, id, artifact, endOf(artifact, expiresIn, clock.now())));
    },

    async find(model, id) {
      const { keyOf, toArtifact } = codec();
      const row = await find(keyOf(model, id));
      return row && toArtifact(row, id);
    },

    present(model, id) {
      const key = codec().keyOf(model, id);
      const place = key.toString('hex');
      return { last: opened.get(place)?.artifact, current: openAnew(place, key, id) };
    },

    async findByUid(model, uid) {
      const { uidOf, toArtifact } = codec();
      const { rows } = await sql<StoredArtifact>`
        select key, payload, expires_at, consumed_at from artifacts
        where uid = ${uidOf(model, uid)} and (expires_at is null or expires_at > ${clock.now()})
        limit 1`.execute(database());
      return rows[0] && toArtifact(rows[0], undefined);
    },

    async consume(model, id) {
      const now = clock.now();
      const { numAffectedRows } = await sql`
        update artifacts set consumed_at = ${now}
        where key = ${codec().keyOf(model, id)} and consumed_at is null
          and (expires_at is null or expires_at > ${now})`.execute(database());
      return numAffectedRows === 1n;
    },

    async destroy(model, id) {
      const db = database();
      // What hangs on a grant cannot outlive it.
      if (model === 'Grant') await db.transaction().execute((transaction) => endGrants(transaction, [id]));
      else await db.deleteFrom('artifacts').where('key', '=', codec().keyOf(model, id)).execute();
    },

    async revokeByGrant(grantId) {
      await sql`
        delete from artifacts where key in (
          select key from artifacts where grant_id = ${grantId} and issuer = ${issuer} and model <> 'Grant'
          order by key for update)`.execute(database());
    },

    async revokeByClient(clientId) {
      await endClient(database(), issuer, clientId, endOfClient, clock.now());
    },

    async remember(key, expiresAt) {
      return remember({ key: codec().keyOf(REMEMBERED, key), expires_at: expiresAt });
    },

    async sweep(now, limit) {
      const { numAffectedRows } = await sql`
        delete from artifacts where key in (
          select key from artifacts where issuer = ${issuer} and expires_at <= ${now}
          order by expires_at limit ${limit} for update skip locked)`.execute(database());
      return Number(numAffectedRows);
    },
  };
}

function isSame(one: StoredArtifact, other: StoredArtifact): boolean {
  return (
    one.expires_at === other.expires_at &&
    one.consumed_at === other.consumed_at &&
    one.payload.equals(other.payload)
  );
}

const WITHOUT_WAITING = sql.raw("set_config('synchronous_commit', 'off', true)");
const AS_CONFIGURED = sql.raw("current_setting('synchronous_commit')");

/** The end that the artifact itself tells, in seconds, is the exact one. */
function endOf({ exp }: Artifact, expiresIn: number | undefined, now: number): number | null {
  if (typeof exp === 'number') return exp * 1000;
  return expiresIn === undefined ? null : now + expiresIn * 1000;
}

/**
 * Of several rows with one key the last one is kept. What has been used stays used. The lock on grants makes ending one
 * wait for the tokens that are just being made, which are then deleted with it; those that come later find no grant.
 */
async function upsertArtifacts(database: Kysely<Tables>, rows: readonly ArtifactRow[]): Promise<void> {
  const last = new Map(rows.map((row) => [row.key.toString('hex'), row]));
  const texts = [...last.values()].map((row) => ({
    ...row,
    key: byteaText(row.key),
    uid: row.uid && byteaText(row.uid),
    payload: byteaText(row.payload),
  }));
  const isPassing = rows.every(({ model }) => PASSING.has(model));
  await sql`${sql.raw(KEPT)}
    with durability as (select ${isPassing ? WITHOUT_WAITING : AS_CONFIGURED}),
      new as (
        select * from json_populate_recordset(null::artifacts, ${JSON.stringify(texts)}::json)),
      grants as (
        select issuer, grant_id from artifacts
        where model = 'Grant' and grant_id = any(array(select grant_id from new where model <> 'Grant'))
        order by key for key share)
    insert into artifacts as known
    select new.* from durability cross join new
    where grant_id is null or model = 'Grant' or (issuer, grant_id) in (select issuer, grant_id from grants)
    order by key
    on conflict (key) do update set
      uid = excluded.uid,
      grant_id = excluded.grant_id,
      client_id = excluded.client_id,
      payload = excluded.payload,
      expires_at = excluded.expires_at,
      consumed_at = coalesce(known.consumed_at, excluded.consumed_at)`.execute(database);
}

async function findArtifacts(
  database: Kysely<Tables>,
  keys: readonly Buffer[],
  now: number,
): Promise<(StoredArtifact | undefined)[]> {
  const { rows } = await sql<StoredArtifact>`${sql.raw(KEPT)}
    select key, payload, expires_at, consumed_at from artifacts
    where key = any(${keys}::bytea[]) and (expires_at is null or expires_at > ${now})`.execute(database);
  const found = new Map(rows.map((row) => [row.key.toString('hex'), row]));
  return keys.map((key) => found.get(key.toString('hex')));
}

/** Of equal keys the first one is new, unless it was there and has not expired. */
async function rememberKeys(
  database: Kysely<Tables>,
  issuer: string,
  keys: readonly Pick<ArtifactRow, 'key' | 'expires_at'>[],
  now: number,
): Promise<boolean[]> {
  const first = new Map<string, (typeof keys)[number]>();
  for (const each of keys) {
    const text = byteaText(each.key);
    if (!first.has(text)) first.set(text, each);
  }
  const wanted = [...first].map(([key, { expires_at }]) => ({ key, expires_at }));
  const { rows } = await sql<{ key: Buffer }>`${sql.raw(KEPT)}
    insert into artifacts as known (key, issuer, model, payload, expires_at)
    select key, ${issuer}, ${REMEMBERED}, '', expires_at
      from json_to_recordset(${JSON.stringify(wanted)}::json) as new(key bytea, expires_at bigint) order by key
    on conflict (key) do update set expires_at = excluded.expires_at where known.expires_at <= ${now}
    returning key`.execute(database);
  const added = new Set(rows.map(({ key }) => byteaText(key)));
  return keys.map((each) => first.get(byteaText(each.key)) === each && added.has(byteaText(each.key)));
}
