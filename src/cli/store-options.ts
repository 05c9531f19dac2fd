import { availableParallelism } from 'node:os';
import type { Configuration } from '../app/configuration/settings.ts';
import { loadMasterKeys } from '../store/load-master-keys.ts';
import type { StoreOptions } from '../store/open-store.ts';

/** What the embedded server lets in, less what migrations, probes and a person's own look take. */
const EMBEDDED_CONNECTIONS = 40;
const MOST_CONNECTIONS = 10;
/** Metrics and outages alone are written by few. */
const FEW_CONNECTIONS = 4;

/**
 * Where a configuration keeps its state. Master keys are loaded, or made, only where there is something to seal.
 * Throws when they cannot be read.
 */
export function storeOptions({
  state,
  databaseUrl,
  masterKeys,
  institutions,
  workers,
}: Configuration): Omit<StoreOptions, 'log'> {
  const isSealing = Object.keys(institutions).length > 0;
  return {
    stateFolder: state,
    databaseUrl,
    connections: isSealing ? connectionsOf(workers, databaseUrl === undefined) : FEW_CONNECTIONS,
    ...(isSealing && { masterKeys: loadMasterKeys({ configured: masterKeys, stateFolder: state }) }),
  };
}

/** Every process has a pool of its own. */
function connectionsOf(workers: Configuration['workers'], isEmbedded: boolean): number {
  const processes = workers === 'auto' ? availableParallelism() : workers;
  const share = Math.floor(EMBEDDED_CONNECTIONS / processes) - 1;
  return isEmbedded ? Math.max(1, Math.min(MOST_CONNECTIONS, share)) : MOST_CONNECTIONS;
}
