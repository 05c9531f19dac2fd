import type { Configuration } from '../app/configuration/settings.ts';
import { formatDiagnostic } from '../kernel/diagnostic.ts';
import type { Store } from '../store/open-store.ts';
import { presentDiagnostics } from './present-diagnostics.ts';
import { createQuietLog } from './quiet-log.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

/** What a command needs of the store, and what it says when there is none. */
export interface StoreWork {
  /** Whether it has to do with what is sealed: then the master keys are loaded. */
  readonly isSealed: boolean;
  /** Ends "guiche: … cannot be …". */
  readonly subject: string;
  /** Answers with the exit status. */
  readonly run: (store: Store, configuration: Configuration) => Promise<0 | 1>;
}

/**
 * Opens the store of a configuration for one command, beside the service if that runs, and closes it again.
 *
 * @returns the exit status: what the work says, 1 when the store cannot be used, 2 for a wrong flag
 */
export async function withStore(
  flags: ConfigurationFlags,
  { isSealed, subject, run }: StoreWork,
): Promise<0 | 1 | 2> {
  const { configuration, diagnostics, failure } = await readConfiguration(flags);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  const { state, masterKeys } = configuration;
  const { openStore } = await import('../store/open-store.ts');
  const { findEmbeddedServer } = await import('../store/embedded-server.ts');
  const { loadMasterKeys } = await import('../store/load-master-keys.ts');
  const { untilReady } = await import('../app/until-ready.ts');
  let store: Store | undefined;
  try {
    store = openStore({
      stateFolder: state,
      // A service that runs on the same state folder has the database open already.
      databaseUrl: configuration.databaseUrl ?? findEmbeddedServer(state),
      ...(isSealed && { masterKeys: loadMasterKeys({ configured: masterKeys, stateFolder: state }) }),
      log: createQuietLog('silent'),
    });
    await untilReady(store);
    return await run(store, configuration);
  } catch (error) {
    process.stderr.write(`guiche: ${subject}: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await store?.close();
  }
}
