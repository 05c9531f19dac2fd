import { type Kysely, sql } from 'kysely';
import { byteaText } from './bytea-text.ts';
import { chainLines, type LedgerHead, type LedgerLine } from './consent-ledger.ts';
import type { ConsentRow, ExtensionRow } from './consent-row.ts';
import { endGrants, moveGrants } from './grants.ts';
import type { Tables } from './tables.ts';

/** Changes of one transaction, each member in the order in which they happened. */
export interface ConsentChanges {
  readonly created: ConsentRow[];
  /** Rows as their last change leaves them, by id. */
  readonly changed: Map<string, ConsentRow>;
  readonly extensions: ExtensionRow[];
  readonly approvers: Tables['consent_approvers'][];
  readonly lines: LedgerLine[];
  /** Grants whose consent has ended. */
  readonly endedGrants: Set<string>;
  /** New ends of grants, by id; undefined is for ever. */
  readonly movedGrants: Map<string, number | undefined>;
}

export function noChanges(): ConsentChanges {
  return {
    created: [],
    changed: new Map(),
    extensions: [],
    approvers: [],
    lines: [],
    endedGrants: new Set(),
    movedGrants: new Map(),
  };
}

/**
 * Writes changes, their lines in the ledger, and what they mean for grants and tokens, in a transaction that has locked
 * the ledger. `now` is in milliseconds since the epoch.
 */
export async function storeConsentChanges(
  transaction: Kysely<Tables>,
  head: LedgerHead,
  changes: ConsentChanges,
  now: number,
): Promise<void> {
  if (changes.lines.length === 0) return;
  await insertConsentsAndLines(transaction, head, changes, now);
  if (changes.changed.size > 0) await updateConsents(transaction, [...changes.changed.values()]);
  if (changes.extensions.length > 0) await insertExtensions(transaction, changes.extensions);
  if (changes.approvers.length > 0) await insertApprovers(transaction, changes.approvers);
  if (changes.endedGrants.size > 0) await endGrants(transaction, changes.endedGrants);
  if (changes.movedGrants.size > 0) await moveGrants(transaction, changes.movedGrants);
}

/** One round trip for the three tables that every new consent writes to. */
async function insertConsentsAndLines(
  transaction: Kysely<Tables>,
  head: LedgerHead,
  { created, lines }: ConsentChanges,
  now: number,
): Promise<void> {
  const rows = chainLines(head, lines, now);
  const last = rows.at(-1) as LedgerHead;
  const ledger = rows.map((row) => ({
    ...row,
    previous_hash: byteaText(row.previous_hash),
    hash: byteaText(row.hash),
  }));
  await sql`
    with consents_in as (
      insert into consents
      select * from json_populate_recordset(null::consents, ${toJson(created.map(jsonRow))}::json)),
    lines_in as (
      insert into consent_ledger
      select * from json_populate_recordset(null::consent_ledger, ${toJson(ledger)}::json))
    update consent_ledger_head set seq = ${last.seq}, hash = ${last.hash}`.execute(transaction);
}

async function updateConsents(transaction: Kysely<Tables>, rows: readonly ConsentRow[]): Promise<void> {
  await sql`
    update consents set
      status = new.status,
      status_updated_at = new.status_updated_at,
      expires_at = new.expires_at,
      permissions = new.permissions,
      rejection = new.rejection,
      subject = new.subject,
      grant_id = new.grant_id,
      selection = new.selection,
      revision = new.revision
    from json_populate_recordset(null::consents, ${toJson(rows.map(jsonRow))}::json) as new
    where consents.id = new.id`.execute(transaction);
}

async function insertExtensions(transaction: Kysely<Tables>, rows: readonly ExtensionRow[]): Promise<void> {
  const texts = rows.map((row) => ({ ...row, personal: byteaText(row.personal) }));
  await sql`
    insert into consent_extensions
    select * from json_populate_recordset(null::consent_extensions, ${toJson(texts)}::json)`.execute(
    transaction,
  );
}

async function insertApprovers(
  transaction: Kysely<Tables>,
  rows: readonly Tables['consent_approvers'][],
): Promise<void> {
  await sql`
    insert into consent_approvers
    select * from json_populate_recordset(null::consent_approvers, ${toJson(rows)}::json)
    on conflict do nothing`.execute(transaction);
}

function jsonRow(row: ConsentRow): Record<string, unknown> {
  return {
    ...row,
    personal: byteaText(row.personal),
    selection: row.selection && byteaText(row.selection),
  };
}

function toJson(rows: readonly unknown[]): string {
  return JSON.stringify(rows);
}
