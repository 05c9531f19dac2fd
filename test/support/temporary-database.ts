import { appendFileSync, chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/store/embedded-server.ts';
import type { StoreLog } from '../../src/store/store-log.ts';
import { keptFolder } from './kept-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A log that says nothing. */
export const SILENT: StoreLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A state folder, not made yet. */
export function temporaryStateFolder(): string {
  return join(temporaryFolder(), 'state');
}

/** Waits until a condition holds; fails with what was waited for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 15_000,
): Promise<void> {
  for (const end = Date.now() + ms; !(await holds()); await pause(10))
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
}

/**
 * Puts the files of a new database into a state folder, for a test that is not about how they are made. Such a database
 * survives the end of any process, as every other one does, but does not wait for the disk.
 */
export async function initializeState(stateFolder: string): Promise<void> {
  const kept = await keptFolder('database', async (folder) => {
    const server = startEmbeddedServer({ stateFolder: join(folder, 'state'), log: SILENT });
    await until('the database server runs', () => server.url() !== undefined);
    await server.close();
    appendFileSync(join(folder, 'state/postgres/postgresql.conf'), '\nfsync = off\n');
  });
  copyState(join(kept, 'state'), stateFolder);
}

/** Copies the state folder of a guiche that has ended. */
export function copyState(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  // A copied folder has the mode of a new one. The database insists on its own, and its user has to pass.
  chmodSync(to, 0o711);
  chmodSync(join(to, 'postgres'), 0o700);
}

/** A running PostgreSQL that hands out empty databases. */
export interface TemporaryDatabases {
  readonly server: EmbeddedServer;
  /** Creates a database and returns its URL. */
  create(): Promise<string>;
}

/** Starts a PostgreSQL of its own for a test file, which closes it after the last test. */
export async function startTemporaryDatabases(): Promise<TemporaryDatabases> {
  const stateFolder = temporaryStateFolder();
  await initializeState(stateFolder);
  const server = startEmbeddedServer({ stateFolder, log: SILENT });
  await until('the database server runs', () => server.url() !== undefined);
  let count = 0;
  return {
    server,
    async create() {
      count += 1;
      const url = server.url() as string;
      await query(url, `create database case_${count}`);
      return url.replace('/postgres?', `/case_${count}?`);
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
