import { formatDiagnostic } from '../kernel/diagnostic.ts';
import type { LedgerAnchor } from '../store/verify-ledger.ts';
import { presentDiagnostics } from './present-diagnostics.ts';
import { createQuietLog } from './quiet-log.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

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
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  const anchor = readAnchor(options.anchor);
  if (anchor === 'wrong') {
    process.stderr.write('guiche: --anchor expected SEQ:HASH as an earlier verification printed it\n');
    return 2;
  }
  const { openStore } = await import('../store/open-store.ts');
  const { findEmbeddedServer } = await import('../store/embedded-server.ts');
  const { untilReady } = await import('../app/until-ready.ts');
  // A service that runs on the same state folder has the database open already.
  const databaseUrl = configuration.databaseUrl ?? findEmbeddedServer(configuration.state);
  const store = openStore({ stateFolder: configuration.state, databaseUrl, log: createQuietLog() });
  try {
    await untilReady(store);
    const found = await store.ledger.verify(anchor);
    process.stdout.write(options.format === 'json' ? `${JSON.stringify(found)}\n` : describe(found));
    return 'broken' in found ? 1 : 0;
  } catch (error) {
    process.stderr.write(`guiche: the ledger cannot be read: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await store.close();
  }
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
