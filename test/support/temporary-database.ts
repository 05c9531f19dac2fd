import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/store/embedded-server.ts';
import type { StoreLog } from '../../src/store/store-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A log that says nothing. */
export const SILENT: StoreLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A state folder, not made yet, in a place that the database's own user can reach too when tests run as root. */
export function temporaryStateFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o711);
  return join(folder, 'state');
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

/** A running PostgreSQL that hands out empty databases. */
export interface TemporaryDatabases {
  readonly server: EmbeddedServer;
  /** Creates a database and returns its URL. */
  create(): Promise<string>;
}

/** Starts a PostgreSQL of its own for a test file, which closes it after the last test. */
export async function startTemporaryDatabases(): Promise<TemporaryDatabases> {
  const server = startEmbeddedServer({ stateFolder: temporaryStateFolder(), log: SILENT });
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
