import type { KeyObject } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Consent, Selection } from '../consents/consent.ts';
import type {
  ConsentAct,
  ConsentChange,
  Creation,
  Idempotency,
  NewConsent,
} from '../consents/consent-store.ts';
import { lockLedger } from './consent-ledger.ts';
import {
  type ConsentRow,
  lockSelection,
  mapPersons,
  newConsentRow,
  personsOf,
  toConsent,
  toExtensionRow,
} from './consent-row.ts';
import { erasedPerson, type MetPersons, type PersonKeys } from './person-keys.ts';
import { type FoundConsent, type ReadableConsent, readConsents } from './read-consents.ts';
import { type ConsentChanges, noChanges, storeConsentChanges } from './store-consent-changes.ts';
import type { Tables } from './tables.ts';

export interface ConsentCreation {
  readonly kind: 'create';
  readonly consent: NewConsent;
  readonly act: ConsentAct;
  readonly idempotency: Idempotency | undefined;
}

export interface ConsentUpdate {
  readonly kind: 'change';
  readonly id: string;
  readonly revision: number;
  readonly change: ConsentChange;
  readonly act: ConsentAct;
}

export type ConsentWrite = ConsentCreation | ConsentUpdate;
export type ConsentWritten = Creation | Consent | undefined;

/** What is known before the writes, and becomes what they have made of it. */
interface Desk {
  readonly persons: MetPersons;
  /** Ids of the persons that something has been written about. */
  readonly named: Set<string>;
  readonly consents: Map<string, FoundConsent>;
  /** Ids of consents by {@link requestOf}. */
  readonly requests: Map<string, string>;
  readonly changes: ConsentChanges;
}

/**
 * Does many writes in one transaction, as if they came one after another; each has its own answer, in the order of the
 * writes. `now` is in milliseconds since the epoch.
 */
export function writeConsents(
  database: Kysely<Tables>,
  personKeys: PersonKeys,
  writes: readonly ConsentWrite[],
  now: number,
): Promise<(ConsentWritten | Error)[]> {
  return database.transaction().execute(async (transaction) => {
    const head = await lockLedger(transaction);
    const known = await readKnown(transaction, personKeys, writes);
    const persons = await personKeys.meet(transaction, documentsOf(writes));
    const desk: Desk = {
      persons,
      named: new Set(),
      consents: new Map(known.map((each) => [each.row.id, each])),
      requests: new Map(known.flatMap(({ row }) => requestOfRow(row))),
      changes: noChanges(),
    };
    const written = writes.map((write) => attempt(() => apply(desk, write)));
    await persons.keep(transaction, desk.named);
    await storeConsentChanges(transaction, head, desk.changes, now);
    return written;
  });
}

/** What cannot be encrypted, or has no one to be encrypted for, fails alone. Nothing is noted before that. */
function attempt(action: () => ConsentWritten): ConsentWritten | Error {
  try {
    return action();
  } catch (error) {
    return error as Error;
  }
}

function apply(desk: Desk, write: ConsentWrite): ConsentWritten {
  return write.kind === 'create' ? create(desk, write) : change(desk, write);
}

function create(desk: Desk, write: ConsentCreation): Creation {
  const { consent, act, idempotency } = write;
  const request = idempotency && requestOf(consent.clientId, consent.ecosystem, idempotency.key);
  const earlier = request === undefined ? undefined : desk.consents.get(desk.requests.get(request) ?? '');
  if (earlier)
    return earlier.row.fingerprint === idempotency?.fingerprint
      ? { outcome: 'repeated', consent: readable(earlier).consent }
      : { outcome: 'conflict' };
  if (desk.consents.has(consent.id)) throw new Error('a consent with this id is there already');

  const person = desk.persons.of(documentOf(write));
  const row = newConsentRow(consent, person, idempotency);
  const known = { row, key: person.key, consent: toConsent(row, person.key) };
  desk.consents.set(row.id, known);
  desk.named.add(person.id);
  if (request !== undefined) desk.requests.set(request, row.id);
  desk.changes.created.push(row);
  desk.changes.lines.push({ act, after: row });
  return { outcome: 'created', consent: known.consent };
}

function change(desk: Desk, { id, revision, change, act }: ConsentUpdate): Consent | undefined {
  const found = desk.consents.get(id);
  if (!found || found.row.revision !== revision) return undefined;
  const known = readable(found);
  if (!known.key && (change.selection || change.extension))
    throw new Error('the person of this consent has been erased: nothing personal can be added to it');

  const selection = change.selection && nameById(change.selection, desk.persons);
  const row = changeRow(known, change, selection);
  const { extension: added, ...members } = change;
  const extension = added && toExtensionRow(added, id, row.revision, known.key as KeyObject);
  const consent = { ...known.consent, ...members, revision: row.revision };
  desk.consents.set(id, { ...known, row, consent });
  desk.changes.changed.set(id, row);
  desk.changes.lines.push({ act, after: row, extension });
  if (extension) desk.changes.extensions.push(extension);
  if (selection) {
    for (const person of personsOf(selection)) desk.named.add(person);
    desk.changes.approvers.push(...approversOf(id, selection));
  }
  followGrant(desk.changes, row, Object.hasOwn(change, 'expiresAt'));
  return consent;
}

function readable(found: FoundConsent): ReadableConsent {
  if ('damage' in found) throw found.damage;
  return found;
}

/** A consent that has ended takes its grant and tokens with it; one whose end has moved moves theirs. */
export function followGrant(changes: ConsentChanges, row: ConsentRow, hasMoved: boolean): void {
  if (row.grant_id === null) return;
  if (row.status === 'REJECTED' || row.status === 'CONSUMED') changes.endedGrants.add(row.grant_id);
  else if (hasMoved) changes.movedGrants.set(row.grant_id, row.expires_at ?? undefined);
}

function changeRow(
  { row, key, consent }: ReadableConsent,
  change: ConsentChange,
  selection: Selection | undefined,
): ConsentRow {
  const next = { ...consent, ...change };
  return {
    ...row,
    status: next.status,
    status_updated_at: next.statusUpdatedAt,
    expires_at: next.expiresAt ?? null,
    permissions: [...next.permissions],
    rejection: next.rejection ?? null,
    subject: next.subject ?? null,
    grant_id: next.grantId ?? null,
    selection: Object.hasOwn(change, 'selection')
      ? ((selection && key && lockSelection(selection, row.id, key)) ?? null)
      : row.selection,
    revision: row.revision + 1,
  };
}

function approversOf(consent: string, { approvals }: Selection): Tables['consent_approvers'][] {
  const persons = new Set(approvals.map(({ approver }) => approver));
  return [...persons].map((person) => ({ consent, person }));
}

/** Puts ids of persons in the place of documents. Who has been erased goes on being told apart from others. */
function nameById(selection: Selection, persons: MetPersons): Selection {
  return mapPersons(selection, (document) => erasedPerson(document) ?? persons.of(document).id);
}

/** Consents that the writes change or repeat. Ids of new ones are unique in the table: one made twice is refused there. */
async function readKnown(
  transaction: Kysely<Tables>,
  personKeys: PersonKeys,
  writes: readonly ConsentWrite[],
): Promise<FoundConsent[]> {
  const ids = writes.flatMap((write) => (write.kind === 'change' ? [write.id] : []));
  const requests = writes.flatMap((write) =>
    write.kind === 'create' && write.idempotency
      ? [
          {
            client_id: write.consent.clientId,
            ecosystem: write.consent.ecosystem,
            idempotency_key: write.idempotency.key,
          },
        ]
      : [],
  );
  if (ids.length === 0 && requests.length === 0) return [];
  return readConsents(
    transaction,
    personKeys,
    sql`id in (
      select unnest(${ids}::text[])
      union all
      select (
        select known.id from consents as known
        where known.client_id = asked.client_id and known.ecosystem = asked.ecosystem
          and known.idempotency_key = asked.idempotency_key)
      from json_populate_recordset(null::consents, ${JSON.stringify(requests)}::json) as asked)`,
  );
}

function documentsOf(writes: readonly ConsentWrite[]): string[] {
  return writes.flatMap((write) => {
    if (write.kind === 'create') return [documentOf(write)];
    const { selection } = write.change;
    return selection ? personsOf(selection).filter((document) => !erasedPerson(document)) : [];
  });
}

/** A consent that names nobody has a key of its own. */
function documentOf({ consent }: ConsentCreation): string {
  return consent.loggedUser?.identification ?? `nobody ${consent.id}`;
}

function requestOfRow(row: ConsentRow): [string, string][] {
  if (row.idempotency_key === null) return [];
  return [[requestOf(row.client_id, row.ecosystem, row.idempotency_key), row.id]];
}

function requestOf(clientId: string, ecosystem: string, key: string): string {
  return JSON.stringify([clientId, ecosystem, key]);
}
