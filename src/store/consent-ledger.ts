import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { ConsentAct } from '../consents/consent-store.ts';
import { canonicalJson } from './canonical-json.ts';
import type { ConsentRow, ExtensionRow } from './consent-row.ts';
import type { Tables } from './tables.ts';

/** Of the form below. Another form gets another number, and lines of both can be verified. */
const VERSION = 1;

export type LedgerRow = Tables['consent_ledger'];

/** The newest line of the ledger; of an empty one number 0 and 32 zero bytes. */
export interface LedgerHead {
  readonly seq: number;
  readonly hash: Buffer;
}

/** What is to be written of one change. */
export interface LedgerLine {
  readonly act: ConsentAct;
  /** The consent as the change leaves it. */
  readonly after: ConsentRow;
  readonly extension?: ExtensionRow | undefined;
}

/**
 * Locks the ledger for the rest of the transaction and gives its head. Everything that changes a consent does this
 * first: writers of all nodes go one after another, each sees what the one before it has done, and none waits for
 * another in a circle.
 */
export async function lockLedger(transaction: Kysely<Tables>): Promise<LedgerHead> {
  const { rows } = await sql<LedgerHead>`select seq, hash from consent_ledger_head for update`.execute(
    transaction,
  );
  const [head] = rows;
  if (!head) throw new Error('the head of the consent ledger is gone: verify the ledger');
  return head;
}

/** Chains lines to a head. `at` is in milliseconds since the epoch. */
export function chainLines(head: LedgerHead, lines: readonly LedgerLine[], at: number): LedgerRow[] {
  const rows: LedgerRow[] = [];
  let previous = head;
  for (const { act, after, extension } of lines) {
    const line = {
      seq: previous.seq + 1,
      version: VERSION,
      at,
      consent: after.id,
      event: act.event,
      actor: act.actor,
      revision: after.revision,
      body: canonicalJson({
        consent: describeConsent(after),
        extension: extension && describeExtension(extension),
      }),
      previous_hash: previous.hash,
    };
    const row = { ...line, hash: hashLine(line) };
    rows.push(row);
    previous = row;
  }
  return rows;
}

/**
 * The hash of a line: SHA-256 of the UTF-8 text of the JSON array
 * `["guiche ledger", version, seq, at, consent, event, actor, revision, body, previous hash]`, without white space,
 * where `body` is the string that is kept and the hash is in lower-case hexadecimal digits.
 */
export function hashLine(line: Omit<LedgerRow, 'hash'>): Buffer {
  const { version, seq, at, consent, event, actor, revision, body, previous_hash } = line;
  const text = JSON.stringify([
    'guiche ledger',
    version,
    seq,
    at,
    consent,
    event,
    actor,
    revision,
    body,
    previous_hash.toString('hex'),
  ]);
  return createHash('sha256').update(text).digest();
}

/**
 * What the ledger keeps of a consent: everything but the count of its resources' states, of encrypted members a digest of
 * the ciphertext.
 */
export function describeConsent(row: ConsentRow): Record<string, unknown> {
  const { id: _, resources_revision: _states, personal, selection, ...plain } = row;
  return { ...plain, personal: digest(personal), selection: selection && digest(selection) };
}

/** What the ledger keeps of a renewal. */
export function describeExtension(row: ExtensionRow): Record<string, unknown> {
  const { consent: _, personal, ...plain } = row;
  return { ...plain, personal: digest(personal) };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
