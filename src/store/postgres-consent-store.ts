import { type Kysely, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Consent } from '../consents/consent.ts';
import type { ConsentStore, Creation } from '../consents/consent-store.ts';
import type { Clock } from '../kernel/clock.ts';
import { lockLedger } from './consent-ledger.ts';
import { type ExtensionRow, toExtension } from './consent-row.ts';
import { groupCalls } from './group-calls.ts';
import { KEPT } from './kept-statements.ts';
import type { KeyRing } from './key-ring.ts';
import { createPersonKeys, type PersonKeys } from './person-keys.ts';
import { type FoundConsent, readConsents } from './read-consents.ts';
import { rememberLast } from './remember-last.ts';
import { noChanges, storeConsentChanges } from './store-consent-changes.ts';
import type { Tables } from './tables.ts';
import { type ConsentWrite, type ConsentWritten, writeConsents } from './write-consents.ts';

const MOST_OF_PERSON = 200;
const WRITES_PER_TRANSACTION = 128;
const READS_PER_STATEMENT = 256;
const MOST_WAITING = 20_000;

const MOST_OPENED = 10_000;
/** Personal data is forgotten some time after it was last looked at, whatever has become of it meanwhile. */
const OPENED_FOR_MS = 10 * 60_000;

export interface ConsentStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
  /** The keys of this moment; throws while there are none. */
  readonly keyRing: () => KeyRing;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Keeps consents in PostgreSQL.
 *
 * Writes that arrive together are one transaction, so that one wait for the disk serves them all. It begins by locking
 * the ledger's head, which makes writers of all nodes go one after another; the length of that queue is what a
 * transaction takes, not what a consent takes.
 */
export function createPostgresConsentStore({ database, keyRing, clock }: ConsentStoreSettings): ConsentStore {
  const personKeys = rememberLast(keyRing, createPersonKeys);
  const opened: OpenedConsents = new LRUCache({
    max: MOST_OPENED,
    ttl: OPENED_FOR_MS,
    ttlResolution: 0,
    perf: { now: () => clock.now() },
  });

  const write = groupCalls<ConsentWrite, ConsentWritten>({
    run: async (writes) => writeConsents(database(), personKeys(), writes, clock.now()),
    most: WRITES_PER_TRANSACTION,
    // Two transactions would wait for each other at the ledger's head.
    lanes: 1,
    mostWaiting: MOST_WAITING,
  });
  const find = groupCalls<string, Consent | undefined>({
    run: async (ids) => findConsents(database(), personKeys(), opened, ids),
    most: READS_PER_STATEMENT,
    lanes: 2,
    mostWaiting: MOST_WAITING,
  });

  return {
    find,
    create: (consent, act, idempotency) =>
      write({ kind: 'create', consent, act, idempotency }) as Promise<Creation>,
    change: (id, revision, change, act) =>
      write({ kind: 'change', id, revision, change, act }) as Promise<Consent | undefined>,

    async extensions(id, { offset, limit }) {
      const { rows } = await sql<ExtensionRow & { sealed_key: Buffer | null; person: string }>`
        select extension.*, consents.person, persons.sealed_key
        from consent_extensions as extension
          join consents on consents.id = extension.consent
          left join persons on persons.id = consents.person
        where extension.consent = ${id}
        order by extension.revision desc limit ${limit} offset ${offset}`.execute(database());
      const items = rows.map(({ sealed_key, person, ...row }) =>
        toExtension(row, sealed_key ? personKeys().open(person, sealed_key) : undefined),
      );
      return { items, total: await countExtensions(database(), id) };
    },

    async due(awaitingSince, now, limit) {
      const found = await readConsents(
        database(),
        personKeys(),
        sql`id in (
            (select id from consents
              where status = 'AWAITING_AUTHORISATION' and created_at <= ${awaitingSince}
              order by created_at limit ${limit})
            union all
            (select id from consents where status = 'AUTHORISED' and expires_at <= ${now}
              order by expires_at limit ${limit}))
          limit ${limit}`,
      );
      return readableOnes(found);
    },

    async ofPerson(ecosystem, cpf) {
      const person = await personKeys().find(database(), cpf);
      if (person === undefined) return [];
      const found = await readConsents(
        database(),
        personKeys(),
        sql`ecosystem = ${ecosystem} and id in (
            select id from consents where person = ${person}
            union select consent from consent_approvers where person = ${person})
          order by created_at desc, id limit ${MOST_OF_PERSON}`,
      );
      return readableOnes(found);
    },

    async erasePerson(cpf, act) {
      const keys = personKeys();
      return database()
        .transaction()
        .execute(async (transaction) => {
          const head = await lockLedger(transaction);
          const person = await keys.find(transaction, cpf);
          if (person === undefined) return false;
          const changes = noChanges();
          for (const { row } of await readConsents(transaction, keys, concerns(person))) {
            const after = { ...row, revision: row.revision + 1 };
            changes.changed.set(row.id, after);
            changes.lines.push({ act, after });
          }
          await transaction.deleteFrom('persons').where('id', '=', person).execute();
          await storeConsentChanges(transaction, head, changes, clock.now());
          return true;
        });
    },
  };
}

const concerns = (person: string) =>
  sql`id in (
    select id from consents where person = ${person}
    union select consent from consent_approvers where person = ${person})`;

/** Consents as they were decrypted, by id. Which revision is the newest is asked for each time. */
type OpenedConsents = LRUCache<string, Consent>;

/** Every change of a consent, erasing its person among them, makes another revision. */
async function findConsents(
  database: Kysely<Tables>,
  personKeys: PersonKeys,
  opened: OpenedConsents,
  ids: readonly string[],
): Promise<(Consent | undefined | Error)[]> {
  const newest = await readRevisions(database, ids);
  const unknown = [...newest.values()].filter((newer) => !isNewest(opened.get(newer.id), newer));
  const damaged = new Map<string, Error>();
  if (unknown.length > 0) {
    const changed = unknown.map(({ id }) => id);
    for (const each of await readConsents(database, personKeys, sql`id = any(${changed}::text[])`))
      if ('damage' in each) damaged.set(each.row.id, each.damage);
      else opened.set(each.row.id, Object.freeze(each.consent));
  }
  return ids.map((id) => (newest.has(id) ? (damaged.get(id) ?? opened.get(id)) : undefined));
}

interface Revisions {
  readonly id: string;
  readonly revision: number;
  readonly resources_revision: number;
}

async function readRevisions(
  database: Kysely<Tables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Revisions>> {
  const { rows } = await sql<Revisions>`${sql.raw(KEPT)}
    select id, revision, resources_revision from consents where id = any(${[...new Set(ids)]}::text[])`.execute(
    database,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

function isNewest(known: Consent | undefined, { revision, resources_revision }: Revisions): boolean {
  return known?.revision === revision && known.resourcesRevision === resources_revision;
}

async function countExtensions(database: Kysely<Tables>, id: string): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from consent_extensions where consent = ${id}`.execute(database);
  return rows[0]?.total ?? 0;
}

/** In lists a consent that has been altered is left out; reading it by its id, and verifying the ledger, tell of it. */
function readableOnes(found: readonly FoundConsent[]): Consent[] {
  return found.flatMap((each) => ('damage' in each ? [] : [each.consent]));
}
