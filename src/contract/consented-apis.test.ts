import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { loadContracts } from './load-contracts.ts';
import { readProfiles } from './read-profiles.ts';

const CATALOG = resolve(import.meta.dirname, '..', '..', 'catalog');
const profiles = readProfiles(CATALOG);

describe('given the APIs of the catalog that a profile calls consented', () => {
  for (const { ecosystem, consented = [] } of profiles)
    it(`when those of ${ecosystem} are left out, then all customer data is, and nothing else`, () => {
      const wanted = (api: string) =>
        loadContracts({
          profiles,
          catalog: CATALOG,
          contracts: [],
          isWanted: (one, folder) => one === ecosystem && folder === api,
        }).operations;
      const apis = new Set<string>();
      loadContracts({
        profiles,
        catalog: CATALOG,
        contracts: [],
        isWanted(one, folder) {
          if (one === ecosystem) apis.add(folder);
          return false;
        },
      });
      const closed = [...apis].filter((api) => wanted(api).every(({ kind }) => kind === 'customer-data'));
      assert.deepEqual(closed.toSorted(), [...consented].toSorted());
    });
});
