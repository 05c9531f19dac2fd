import type { KeyObject } from 'node:crypto';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Consent, Selection } from '../consents/consent.ts';
import { type ConsentRow, mapPersons, openSelection, personsOf, toConsent } from './consent-row.ts';
import type { PersonKeys } from './person-keys.ts';
import type { Tables } from './tables.ts';

/** A consent, its row, and the key of its person unless that was deleted. */
export interface ReadableConsent {
  readonly row: ConsentRow;
  readonly key: KeyObject | undefined;
  readonly consent: Consent;
}

/** A row that cannot be decrypted although its person's key is there: somebody has altered it. */
export interface DamagedConsent {
  readonly row: ConsentRow;
  readonly damage: Error;
}

export type FoundConsent = ReadableConsent | DamagedConsent;

/**
 * Reads consents and decrypts them. `which` is what follows `where`, with further clauses if need be, and names columns
 * of consents.
 */
export async function readConsents(
  database: Kysely<Tables>,
  personKeys: PersonKeys,
  which: RawBuilder<unknown>,
): Promise<FoundConsent[]> {
  const { rows } = await sql<KeyedRow>`
    select chosen.*, (select sealed_key from persons where persons.id = chosen.person) as sealed_key
    from (select * from consents where ${which}) as chosen`.execute(database);
  const opened = rows.map((row) => openRow(row, personKeys));
  const documents = await personKeys.documents(
    database,
    opened.flatMap((each) => ('selection' in each && each.selection ? personsOf(each.selection) : [])),
  );
  return opened.map((each) => ('damage' in each ? each : nameApprovers(each, documents)));
}

interface KeyedRow extends ConsentRow {
  readonly sealed_key: Buffer | null;
}

interface OpenedRow extends ReadableConsent {
  /** With ids of persons in the place of documents. */
  readonly selection: Selection | undefined;
}

function openRow({ sealed_key, ...row }: KeyedRow, personKeys: PersonKeys): OpenedRow | DamagedConsent {
  try {
    const key = sealed_key ? personKeys.open(row.person, sealed_key) : undefined;
    return { row, key, selection: openSelection(row, key), consent: toConsent(row, key) };
  } catch (cause) {
    return { row, damage: new Error(`consent ${row.id} has been altered`, { cause }) };
  }
}

function nameApprovers(
  { row, key, selection, consent }: OpenedRow,
  documents: ReadonlyMap<string, string>,
): ReadableConsent {
  const named = selection && mapPersons(selection, (id) => documents.get(id) as string);
  return { row, key, consent: { ...consent, selection: named } };
}
