import { Kysely, type Migration, Migrator, PostgresDialect } from 'kysely';
import { connectionSettings } from './connection-settings.ts';
import { createPool } from './create-pool.ts';
import { metricsAndOutages } from './migrations/0001-metrics-and-outages.ts';
import { consentsAndAuthorization } from './migrations/0002-consents-and-authorization.ts';
import { directory } from './migrations/0003-directory.ts';
import { certificates } from './migrations/0004-certificates.ts';
import { resourceStates } from './migrations/0005-resource-states.ts';
import { callRecords } from './migrations/0006-call-records.ts';
import { StoreFailure } from './store-failure.ts';

/** In order of name. A migration that was released is never changed: what it should have done is a new one. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-metrics-and-outages': metricsAndOutages,
  '0002-consents-and-authorization': consentsAndAuthorization,
  '0003-directory': directory,
  '0004-certificates': certificates,
  '0005-resource-states': resourceStates,
  '0006-call-records': callRecords,
};

/** A migration may have to rewrite a large table, which takes longer than any request may. */
const STATEMENT_TIMEOUT_MS = 600_000;

/**
 * Brings the tables of a database to this version's form: all steps or none, in one transaction under the database's
 * own advisory lock, so that any number of nodes may do it at the same time. Rejects when the database cannot be
 * reached and when a step fails, and with {@link StoreFailure} when a newer guiche has changed the tables already.
 */
export async function migrate(url: string): Promise<void> {
  const pool = createPool({ ...connectionSettings(url), max: 1, statement_timeout: STATEMENT_TIMEOUT_MS });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
      migrationTableName: 'guiche_migrations',
      migrationLockTableName: 'guiche_migrations_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error)
      throw isMisfit(error) ? new StoreFailure(`the tables do not fit this guiche: ${error.message}`) : error;
  } finally {
    await db.destroy();
  }
}

/** The tables have had steps that this guiche does not know. Kysely tells it by its message only. */
function isMisfit(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith('corrupted migrations');
}
