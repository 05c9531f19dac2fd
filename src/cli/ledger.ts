import type { LedgerAnchor } from '../store/verify-ledger.ts';
import type { ConfigurationFlags } from './read-configuration.ts';
import { withStore } from './with-store.ts';

export interface LedgerOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
  /** `SEQ:HASH` of an earlier verification, as it was given. */
  readonly anchor: string | undefined;
}

/**
 * Verifies the consent ledger: every line, the chain between them, and every consent against its last line.
 *
 * @returns the exit status: 0 when it is whole, 1 when it is broken or cannot be read, 2 for a wrong flag
 */
export async function verifyLedger(options: LedgerOptions): Promise<0 | 1 | 2> {
  const anchor = readAnchor(options.anchor);
  if (anchor === 'wrong') {
    process.stderr.write('guiche: --anchor expected SEQ:HASH as an earlier verification printed it\n');
    return 2;
  }
  return withStore(options, {
    isSealed: false,
    subject: 'the ledger cannot be read',
    async run(store) {
      const found = await store.ledger.verify(anchor);
      process.stdout.write(options.format === 'json' ? `${JSON.stringify(found)}\n` : describe(found));
      return 'broken' in found ? 1 : 0;
    },
  });
}

function readAnchor(text: string | undefined): LedgerAnchor | undefined | 'wrong' {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return seq === undefined || hash === undefined ? 'wrong' : { seq: Number(seq), hash };
}

type Verified = Awaited<ReturnType<typeof import('../store/verify-ledger.ts').verifyLedger>>;

function describe(found: Verified): string {
  if (!('broken' in found))
    return `the ledger is whole: ${found.entries} entries, head ${found.head.seq}:${found.head.hash}\n`;
  const { seq, reason, consent } = found.broken;
  return `the ledger is broken at entry ${seq}: ${reason}${consent === undefined ? '' : ` (${consent})`}\n`;
}
