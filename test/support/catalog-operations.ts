import { loadContracts } from '../../src/contract/load-contracts.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { catalogFolder, profiles } from './contract-folder.ts';

/** Every operation of the catalog, of every version. */
export const catalogOperations: readonly Operation[] = loadContracts({
  profiles,
  catalog: catalogFolder,
  contracts: [],
}).operations;

/** The operations that end in a path, one per version in the catalog. */
export function operationsAt(path: string): Operation[] {
  const found = catalogOperations.filter((operation) => operation.path.endsWith(path));
  if (found.length === 0) throw new Error(`no operation of the catalog ends in ${path}`);
  return found;
}
