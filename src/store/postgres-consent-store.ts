import { type Kysely, sql } from 'kysely';
import type { Consent } from '../consents/consent.ts';
import type { ConsentStore, Creation } from '../consents/consent-store.ts';
import type { Clock } from '../kernel/clock.ts';
import { lockLedger } from './consent-ledger.ts';
import { type ExtensionRow, toExtension } from './consent-row.ts';
import { groupCalls } from './group-calls.ts';
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

  const write = groupCalls<ConsentWrite, ConsentWritten>({
    run: async (writes) => writeConsents(database(), personKeys(), writes, clock.now()),
    most: WRITES_PER_TRANSACTION,
    // Two transactions would wait for each other at the ledger's head.
    lanes: 1,
    mostWaiting: MOST_WAITING,
  });
  const find = groupCalls<string, Consent | undefined>({
    run: async (ids) => findConsents(database(), personKeys(), ids),
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

async function findConsents(
  database: Kysely<Tables>,
  personKeys: PersonKeys,
  ids: readonly string[],
): Promise<(Consent | undefined | Error)[]> {
  const wanted = [...new Set(ids)];
  const found = await readConsents(database, personKeys, sql`id = any(${wanted}::text[])`);
  const answers = new Map(found.map((each) => [each.row.id, 'damage' in each ? each.damage : each.consent]));
  return ids.map((id) => answers.get(id));
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
