import { after, before, describe } from 'node:test';
import { Kysely, PostgresDialect } from 'kysely';
import { describeDirectoryStore } from '../../test/support/directory-store-contract.ts';
import { startTemporaryDatabases, type TemporaryDatabases } from '../../test/support/temporary-database.ts';
import { connectionSettings } from './connection-settings.ts';
import { createPool } from './create-pool.ts';
import { directory } from './migrations/0003-directory.ts';
import { createPostgresDirectoryStore } from './postgres-directory-store.ts';
import type { Tables } from './tables.ts';

let databases: TemporaryDatabases;
const opened: Kysely<Tables>[] = [];

before(async () => {
  databases = await startTemporaryDatabases();
});
after(async () => {
  await Promise.all(opened.map((database) => database.destroy()));
  await databases.server.close();
});

describe('the directory store in PostgreSQL', () =>
  describeDirectoryStore(async () => {
    const pool = createPool({ ...connectionSettings(await databases.create()), max: 4 });
    const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
    opened.push(database);
    await directory.up(database);
    return createPostgresDirectoryStore({ database: () => database });
  }));
