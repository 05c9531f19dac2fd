import { Kysely, PostgresDialect } from 'kysely';
import { Client, type PoolClient } from 'pg';
import { connectionSettings } from './connection-settings.ts';
import { createPool } from './create-pool.ts';
import type { Tables } from './tables.ts';

const MOST_CONNECTIONS = 10;
const STATEMENT_TIMEOUT_MS = 5000;
const HEARTBEAT_MS = 500;
const HEARTBEAT_PATIENCE_MS = 1500;

/** The channel on which the nodes of a service tell each other something. */
export const NOTICE_CHANNEL = 'guiche_notices';

/** The time in which the database is reachable, from one connecting to one losing. */
export interface DatabaseSession {
  readonly database: Kysely<Tables>;
  /** Resolves with the reason once the database is lost, or the session closed; what was under way has then failed. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

/**
 * Connects. One connection does nothing but watch: when it breaks, or its heartbeat is not answered, all others are
 * cut, so that nobody waits for a database that has stopped without a word. It also hears what other nodes tell, where the
 * database has such a thing. Up to `connections` others do the work. Rejects when it cannot connect.
 */
export async function openSession(
  url: string,
  connections = MOST_CONNECTIONS,
  onNotice: (text: string) => void = () => {},
): Promise<DatabaseSession> {
  const settings = connectionSettings(url);
  const watch = new Client(settings);
  const { promise: lost, resolve: reportLoss } = Promise.withResolvers<string>();
  watch.on('error', (error) => reportLoss(error.message));
  watch.on('end', () => reportLoss('the connection ended'));
  watch.on('notification', ({ payload }) => payload !== undefined && onNotice(payload));
  await watch.connect();
  // Engines that only speak PostgreSQL's language may have no notices: then nodes tell each other nothing.
  await watch.query(`listen ${NOTICE_CHANNEL}`).catch(() => undefined);

  const pool = createPool({
    ...settings,
    max: connections,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  const open = new Set<PoolClient>();
  pool.on('connect', (client) => open.add(client));
  pool.on('remove', (client) => open.delete(client));
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

  let heartbeat = setTimeout(beat, HEARTBEAT_MS).unref();
  async function beat(): Promise<void> {
    const failure = await failureOfHeartbeat(watch);
    if (failure) reportLoss(failure);
    else heartbeat = setTimeout(beat, HEARTBEAT_MS).unref();
  }

  lost.then(() => {
    clearTimeout(heartbeat);
    for (const client of [watch, ...open]) cut(client);
    database.destroy().catch(() => {});
  });

  async function close(): Promise<void> {
    // What is under way ends first; if the database stops answering meanwhile, the heartbeat cuts it.
    await database.destroy().catch(() => {});
    reportLoss('closed');
    await lost;
  }

  return { database, lost, close };
}

async function failureOfHeartbeat(watch: Client): Promise<string | undefined> {
  const answered = watch.query('select 1').then(
    () => undefined,
    (error: Error) => error.message,
  );
  const { promise: late, resolve } = Promise.withResolvers<string>();
  // A process that was busy itself finds its timer due before it has read the answer, which setImmediate lets it do.
  const timer = setTimeout(
    () => setImmediate(() => setImmediate(() => resolve('the database does not answer'))),
    HEARTBEAT_PATIENCE_MS,
  );
  const failure = await Promise.race([answered, late]);
  clearTimeout(timer);
  return failure;
}

/** Drops a connection without a farewell that would wait for the other side. */
function cut(client: Client | PoolClient): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
