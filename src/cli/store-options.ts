import type { Configuration } from '../app/configuration/settings.ts';
import { loadMasterKeys } from '../store/load-master-keys.ts';
import type { StoreOptions } from '../store/open-store.ts';

/**
 * Where a configuration keeps its state. Master keys are loaded, or made, only where there is something to seal.
 * Throws when they cannot be read.
 */
export function storeOptions({
  state,
  databaseUrl,
  masterKeys,
  institutions,
}: Configuration): Omit<StoreOptions, 'log'> {
  const isSealing = Object.keys(institutions).length > 0;
  return {
    stateFolder: state,
    databaseUrl,
    ...(isSealing && { masterKeys: loadMasterKeys({ configured: masterKeys, stateFolder: state }) }),
  };
}
