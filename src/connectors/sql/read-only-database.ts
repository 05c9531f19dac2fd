import { Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Clock } from '../../kernel/clock.ts';
import type { Asking } from '../connector.ts';
import { cancelQuery } from './cancel-query.ts';
import { createColumnReader, type Row } from './column-value.ts';
import { createConnectionSlots } from './connection-slots.ts';
import { describeConnectionFailure, QueryFailure } from './database-failure.ts';
import type { SqlQuery } from './sql-mapping.ts';

export interface ReadOnlyDatabaseSettings {
  readonly databaseUrl: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Connections at most. */
  readonly connections?: number;
  /** Rows that one query may answer with. */
  readonly mostRows?: number;
  /** Characters that all columns of one answer may have together. */
  readonly mostCharacters?: number;
}

/** Values of parameters, by name; null where there is none. */
export type ParameterValues = Readonly<Record<string, string | number | null>>;

/** The answer of a query. */
export interface Answer {
  readonly rows: readonly Row[];
  /** Also when there are no rows. */
  readonly columns: ReadonlySet<string>;
}

/** Runs one query of a mapping within the transaction. */
export type RunQuery = (query: SqlQuery, values: ParameterValues) => Promise<Answer>;

/** Reads an institution's database, and cannot write to it. */
export interface ReadOnlyDatabase {
  /**
   * Runs queries that see one and the same state of the data. Rejects when the time is over, when the signal is aborted
   * (what runs in the server is then cancelled), and when the database is away, with messages that hold no statement, no
   * value and no address; with {@link QueryFailure} when a query fails.
   */
  read<Result>(
    asking: Pick<Asking, 'deadline' | 'signal'>,
    work: (run: RunQuery) => Promise<Result>,
  ): Promise<Result>;
  /** Resolves when the database answers; rejects as `read` does. */
  ping(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const DEFAULTS = { connections: 8, mostRows: 20_000, mostCharacters: 16 * 1024 * 1024 } as const;
/** Reads that wait for a connection, for each connection there is. More would only wait to be late. */
const WAITING_PER_CONNECTION = 8;
const CONNECT_MS = 5_000;
const IDLE_MS = 30_000;
const LONGEST_READ_MS = 60_000;
const PING_MS = 2_000;

/** Opens connections as they are needed. Nothing is connected to before the first read. */
export function createReadOnlyDatabase(settings: ReadOnlyDatabaseSettings): ReadOnlyDatabase {
  const { databaseUrl, clock } = settings;
  const { connections, mostRows, mostCharacters } = { ...DEFAULTS, ...settings };
  const slots = createConnectionSlots(connections, connections * WAITING_PER_CONNECTION);
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: 'guiche-connector',
    // Each transaction is read-only besides; this holds for what would run outside of one.
    options: '-c default_transaction_read_only=on',
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    allowExitOnIdle: true,
  });
  // A connection that breaks says so in an event too, which would end the process if nobody heard it.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));

  /** A connection, and what gives its slot back. */
  async function connect(signal: AbortSignal): Promise<[PoolClient, () => void]> {
    const giveBack = await slots.take(signal);
    const connecting = pool.connect();
    try {
      return [await orAbort(connecting, signal), giveBack];
    } catch (failure) {
      // It may still come, is then nobody's, and takes up its slot until it has.
      connecting.then((client) => client.release()).then(giveBack, giveBack);
      throw describeConnectionFailure(failure);
    }
  }

  async function run(client: PoolClient, query: SqlQuery, values: ParameterValues): Promise<Answer> {
    const config = {
      // A subquery can only read, and the limit is ours whatever the mapping says.
      text: `select * from (${query.text}\n) as found limit ${mostRows + 1}`,
      values: query.parameters.map((name) => values[name] ?? null),
      types: createColumnReader(mostCharacters),
      // One statement only, even where nothing is bound.
      queryMode: 'extended',
    } satisfies QueryConfig & { queryMode: 'extended' };
    const { rows, fields } = await client.query<Row>(config).catch((failure: unknown) => {
      throw new QueryFailure(query, failure);
    });
    const columns = new Set(fields.map(({ name }) => name));
    if (columns.size < fields.length) throw new QueryFailure(query, 'two columns have the same name');
    if (rows.length > mostRows) throw new QueryFailure(query, `more than ${mostRows} rows`);
    return { rows, columns };
  }

  async function transact<Result>(
    client: PoolClient,
    budgetMs: number,
    work: (run: RunQuery) => Promise<Result>,
  ): Promise<Result> {
    await command(client, opening(budgetMs));
    const result = await work((query, values) => run(client, query, values));
    await command(client, 'commit');
    return result;
  }

  async function read<Result>(
    { deadline, signal }: Pick<Asking, 'deadline' | 'signal'>,
    work: (run: RunQuery) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const budgetMs = Math.min(Math.floor(deadline - clock.now()), LONGEST_READ_MS);
    if (budgetMs <= 0) throw new Error('no time is left to ask the database');
    const ended = AbortSignal.any([signal, AbortSignal.timeout(budgetMs)]);
    const [client, giveBack] = await connect(ended).catch((failure: unknown) => {
      throw ended.aborted ? ended.reason : failure;
    });
    let isReusable = false;
    try {
      const result = await orAbort(transact(client, budgetMs, work), ended);
      isReusable = true;
      return result;
    } catch (failure) {
      if (ended.aborted) cancelQuery(client);
      else isReusable = await rollBack(client, ended);
      throw ended.aborted ? ended.reason : failure;
    } finally {
      // What is not reusable is cut off, so that nothing of it is left to the next read.
      client.release(!isReusable);
      giveBack();
    }
  }

  return {
    read,
    async ping(signal) {
      await read({ deadline: clock.now() + PING_MS, signal }, (run) =>
        run({ text: 'select 1', parameters: [], line: 0 }, {}),
      );
    },
    close: () => pool.end(),
  };
}

/** All in one message to the server; the numbers are ours. */
function opening(budgetMs: number): string {
  return [
    'begin isolation level repeatable read read only',
    `set local statement_timeout = ${budgetMs}`,
    `set local idle_in_transaction_session_timeout = ${budgetMs + 1_000}`,
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO, YMD'",
    "set local intervalstyle = 'iso_8601'",
    'set local standard_conforming_strings = on',
  ].join('; ');
}

async function command(client: PoolClient, text: string): Promise<void> {
  await client.query(text).catch((failure: unknown) => {
    throw describeConnectionFailure(failure);
  });
}

/** Whether the connection is as good as new. */
async function rollBack(client: PoolClient, ended: AbortSignal): Promise<boolean> {
  try {
    await orAbort(client.query('rollback'), ended);
    return true;
  } catch {
    return false;
  }
}

/** What is left behind may fail unheard. */
async function orAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  work.catch(() => {});
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
