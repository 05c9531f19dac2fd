import { type Kysely, sql } from 'kysely';
import { canonicalJson } from './canonical-json.ts';
import {
  describeConsent,
  describeExtension,
  hashLine,
  type LedgerHead,
  type LedgerRow,
} from './consent-ledger.ts';
import type { ConsentRow, ExtensionRow } from './consent-row.ts';
import type { Tables } from './tables.ts';

const LINES_PER_READ = 1000;
const CONSENTS_PER_READ = 500;
/** Lines are numbered from 1; one that has a lower number does not belong there, and must be seen. */
const FIRST_PLACE = Number.MIN_SAFE_INTEGER;
const GENESIS: LedgerHead = { seq: 0, hash: Buffer.alloc(32) };

/** What is wrong with a ledger, from the first place where something is. */
export type LedgerFault =
  /** A line is not there. */
  | 'missing'
  /** A line is not what was hashed. */
  | 'altered'
  /** A line does not follow the one before it. */
  | 'unlinked'
  /** The ledger ends elsewhere than its head says. */
  | 'truncated'
  /** The line that was given as an anchor is not in the ledger. */
  | 'anchor lost'
  /** The line tells of a consent, or of a renewal, that is not there, or not as it tells. */
  | 'consent missing'
  | 'consent altered'
  | 'extension altered'
  /** A consent has no line. */
  | 'consent unrecorded';

export interface BrokenLedger {
  readonly broken: {
    /** Number of the line, from 1; 0 when there is none. */
    readonly seq: number;
    readonly reason: LedgerFault;
    readonly consent?: string;
  };
}

export interface WholeLedger {
  readonly entries: number;
  /** `hash` in lower-case hexadecimal digits: what to keep elsewhere, as an anchor for a later verification. */
  readonly head: LedgerAnchor;
}

export interface LedgerAnchor {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Reads the whole ledger, in parts, and every consent: lines that were changed, removed, put in, or put elsewhere break
 * the chain; consents must be what their last line says. Sees the database as it was when it began, and keeps nobody
 * waiting. An anchor proves that a head which was noted earlier is still in the chain: who may write to the database
 * could otherwise write all of it anew.
 */
export function verifyLedger(
  database: Kysely<Tables>,
  anchor?: LedgerAnchor,
): Promise<WholeLedger | BrokenLedger> {
  return database
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (transaction) => {
      const { rows } = await sql<LedgerHead>`select seq, hash from consent_ledger_head`.execute(transaction);
      const head = rows[0] ?? GENESIS;
      return (
        (await findBrokenLine(transaction, head, anchor)) ??
        (await findBrokenConsent(transaction)) ?? {
          entries: head.seq,
          head: { seq: head.seq, hash: head.hash.toString('hex') },
        }
      );
    });
}

async function findBrokenLine(
  transaction: Kysely<Tables>,
  head: LedgerHead,
  anchor: LedgerAnchor | undefined,
): Promise<BrokenLedger | undefined> {
  let last: LedgerHead = GENESIS;
  if (anchor && isAnchorLost(last, anchor)) return broken(0, 'anchor lost');
  for (let from = FIRST_PLACE; ; from = last.seq + 1) {
    const lines = await readLines(transaction, from);
    for (const line of lines) {
      const fault = faultOfLine(line, last);
      if (fault) return broken(fault === 'missing' ? last.seq + 1 : line.seq, fault, line.consent);
      if (anchor && isAnchorLost(line, anchor)) return broken(line.seq, 'anchor lost');
      last = line;
    }
    if (lines.length < LINES_PER_READ) break;
  }
  if (last.seq !== head.seq || !last.hash.equals(head.hash)) return broken(last.seq + 1, 'truncated');
  if (anchor && anchor.seq > last.seq) return broken(last.seq, 'anchor lost');
  return undefined;
}

interface CheckedLine extends LedgerRow {
  readonly has_consent: boolean;
  readonly extension_row: ExtensionRow | null;
}

async function readLines(transaction: Kysely<Tables>, from: number): Promise<CheckedLine[]> {
  const { rows } = await sql<LedgerRow & { has_consent: boolean; extension: RawExtension | null }>`
    select line.*, exists (select from consents where id = line.consent) as has_consent,
      (select json_build_object(
          'consent', consent, 'revision', revision, 'requested_at', requested_at, 'expires_at', expires_at,
          'previous_expires_at', previous_expires_at, 'personal', encode(personal, 'hex'))
        from consent_extensions as known
        where known.consent = line.consent and known.revision = line.revision) as extension
    from consent_ledger as line where seq >= ${from} order by seq limit ${LINES_PER_READ}`.execute(
    transaction,
  );
  return rows.map(({ extension, ...line }) => ({
    ...line,
    extension_row: extension && { ...extension, personal: Buffer.from(extension.personal, 'hex') },
  }));
}

type RawExtension = Omit<ExtensionRow, 'personal'> & { readonly personal: string };

function faultOfLine(line: CheckedLine, last: LedgerHead): LedgerFault | undefined {
  if (line.seq !== last.seq + 1) return 'missing';
  if (!line.previous_hash.equals(last.hash)) return 'unlinked';
  if (!hashLine(line).equals(line.hash)) return 'altered';
  if (!line.has_consent) return 'consent missing';
  return tellsOfExtension(line) ? undefined : 'extension altered';
}

/** True when there is the renewal that the line tells of, or it tells of none and there is none. */
function tellsOfExtension({ body, extension_row }: CheckedLine): boolean {
  // The name with its quotes and colon cannot be inside of a string, where quotes are escaped.
  if (!extension_row && !body.includes('"extension":')) return true;
  const { extension } = JSON.parse(body) as { extension?: unknown };
  return (
    extension_row !== null &&
    canonicalJson(extension ?? null) === canonicalJson(describeExtension(extension_row))
  );
}

async function findBrokenConsent(transaction: Kysely<Tables>): Promise<BrokenLedger | undefined> {
  for (let from = ''; ; ) {
    const { rows } = await sql<ConsentRow & { seq: number | null; body: string | null }>`
      select chosen.*, line.seq, line.body
      from (select * from consents where id > ${from} order by id limit ${CONSENTS_PER_READ}) as chosen
        left join lateral (
          select seq, body from consent_ledger where consent = chosen.id order by revision desc limit 1
        ) as line on true
      order by chosen.id`.execute(transaction);
    for (const { seq, body, ...row } of rows) {
      if (seq === null || body === null) return broken(0, 'consent unrecorded', row.id);
      if (!tellsOfConsent(body, row)) return broken(seq, 'consent altered', row.id);
    }
    const last = rows.at(-1);
    if (!last) return undefined;
    from = last.id;
  }
}

/** The consent is the first member of what a line tells, and may be followed by another. */
function tellsOfConsent(body: string, row: ConsentRow): boolean {
  const expected = canonicalJson({ consent: describeConsent(row) }).slice(0, -1);
  return body.startsWith(expected) && /[,}]/.test(body.charAt(expected.length));
}

function isAnchorLost(line: LedgerHead, anchor: LedgerAnchor): boolean {
  return line.seq === anchor.seq && line.hash.toString('hex') !== anchor.hash.toLowerCase();
}

function broken(seq: number, reason: LedgerFault, consent?: string): BrokenLedger {
  return { broken: { seq, reason, ...(consent !== undefined && { consent }) } };
}
