import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/kernel/clock.ts';
import type { MasterKey } from '../../src/store/key-ring.ts';
import { openStore, type Store } from '../../src/store/open-store.ts';
import { query, SILENT, startTemporaryDatabases, until } from './temporary-database.ts';

/** A store with master keys on a database of its own, and the way to the database behind its back. */
export interface SealedStore {
  readonly store: Store;
  readonly url: string;
  /** Runs one statement on the database itself. */
  sql(text: string): Promise<Record<string, unknown>[]>;
}

export interface SealedStoreOptions {
  /** An existing database; a new one otherwise. */
  readonly url?: string;
  readonly masterKeys?: readonly MasterKey[];
  readonly clock?: Pick<Clock, 'now'>;
}

export interface SealedStores {
  /** Opens a store and waits until it is ready. Rejects with the reason when it cannot be. */
  open(options?: SealedStoreOptions): Promise<SealedStore>;
  /** Closes all that were opened, and the database server. */
  close(): Promise<void>;
}

/** A master key that no other call gives. */
export function madeUpMasterKey(id = randomBytes(4).toString('hex')): MasterKey {
  return { id, secret: randomBytes(32) };
}

/** Starts a PostgreSQL of its own for a test file. */
export async function startSealedStores(): Promise<SealedStores> {
  const databases = await startTemporaryDatabases();
  const stores: Store[] = [];
  const usual = [madeUpMasterKey()];
  return {
    async open({ url, masterKeys = usual, clock } = {}) {
      const databaseUrl = url ?? (await databases.create());
      const store = openStore({
        stateFolder: '/nowhere',
        databaseUrl,
        masterKeys,
        log: SILENT,
        ...(clock && { clock }),
      });
      stores.push(store);
      await until('the store has been opened', () => store.health().state !== 'starting');
      const { state, reason } = store.health();
      if (state !== 'ready') throw new Error(`the store is ${state}: ${reason}`);
      return { store, url: databaseUrl, sql: (text) => query(databaseUrl, text) };
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await databases.server.close();
    },
  };
}
