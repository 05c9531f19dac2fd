import type { Kysely } from 'kysely';
import type { OutageStore } from '../discovery/outage-store.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { MetricsStore } from '../metrics/metrics-store.ts';
import { type DatabaseSession, openSession } from './database-session.ts';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
import { migrate } from './migrate.ts';
import { createPostgresMetricsStore } from './postgres-metrics-store.ts';
import { createPostgresOutageStore } from './postgres-outage-store.ts';
import { StoreFailure } from './store-failure.ts';
import type { StoreLog } from './store-log.ts';
import type { Tables } from './tables.ts';

const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

/**
 * `starting` until the first attempt has succeeded or failed; `away` while the database cannot be reached, which
 * mends itself; `failed` when a person has to change something.
 */
export interface StoreHealth {
  readonly state: 'starting' | 'ready' | 'away' | 'failed';
  /** One line for the operator; set for `away` and `failed`. Never holds a password. */
  readonly reason?: string;
  /** Since when the state is this one, in milliseconds since the epoch. */
  readonly since: number;
}

/** What guiche keeps. Every method of a port rejects with {@link StoreAway} while the state is not `ready`. */
export interface Store {
  readonly metrics: MetricsStore;
  readonly outages: OutageStore;
  health(): StoreHealth;
  /** Hears of every change of state or reason. Returns what ends it. */
  onChange(listener: (health: StoreHealth) => void): () => void;
  /** Ends the connections, and the embedded database with them. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Where the embedded database lives; not touched when there is a `databaseUrl`. */
  readonly stateFolder: string;
  /** A PostgreSQL of the operator's, as `postgresql://user:password@host/database`. */
  readonly databaseUrl?: string | undefined;
  /** The zone whose midnight ends a day. */
  readonly timeZone?: string;
  readonly log: StoreLog;
  readonly clock?: Pick<Clock, 'now'>;
}

/** Why a port's method was rejected: there is no database at the moment. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway';
}

/**
 * Opens the store and returns at once; everything else happens in the background and is told by `health()`: starting
 * the embedded database, connecting, bringing the tables up to date, and connecting again, for ever, when the database
 * was away. Never throws: a state folder that cannot be used makes a store whose state is `failed` from the start.
 */
export function openStore(options: StoreOptions): Store {
  const { stateFolder, databaseUrl, timeZone = 'America/Sao_Paulo', log, clock = systemClock } = options;
  const listeners = new Set<(health: StoreHealth) => void>();
  let health: StoreHealth = { state: 'starting', since: clock.now() };
  let session: DatabaseSession | undefined;
  let isMigrated = false;
  let isClosed = false;
  let wake = () => {};

  const embedded = databaseUrl === undefined ? startEmbedded() : undefined;
  const connecting = health.state === 'failed' ? Promise.resolve() : keepConnected();

  function startEmbedded(): EmbeddedServer | undefined {
    try {
      return startEmbeddedServer({ stateFolder, log, onChange: followEmbedded });
    } catch (error) {
      report('failed', (error as Error).message);
      return undefined;
    }
  }

  function followEmbedded(): void {
    const trouble = embedded?.trouble();
    if (trouble !== undefined) report('away', `the database server does not run: ${trouble}`);
    wake();
  }

  async function keepConnected(): Promise<void> {
    let wait = SHORTEST_WAIT_MS;
    while (!isClosed) {
      const url = databaseUrl ?? embedded?.url();
      if (url === undefined) {
        await pause();
        continue;
      }
      try {
        await live(url);
        wait = SHORTEST_WAIT_MS;
      } catch (error) {
        if (isClosed) return;
        report(needsPerson(error) ? 'failed' : 'away', describe(error));
      }
      await pause(wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  /** One session from its beginning to its end. Rejects when it does not begin. */
  async function live(url: string): Promise<void> {
    const opened = await openSession(url);
    try {
      if (!isMigrated)
        await Promise.race([migrate(url), opened.lost.then((reason) => Promise.reject(new Error(reason)))]);
      isMigrated = true;
    } catch (error) {
      await opened.close();
      throw error;
    }
    if (isClosed) return opened.close();
    session = opened;
    report('ready');
    const reason = await opened.lost;
    session = undefined;
    if (!isClosed && health.state === 'ready') report('away', reason);
  }

  /** Waits that long, or until the embedded server changes, or the store closes. */
  function pause(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isClosed) wake();
    });
  }

  function report(state: StoreHealth['state'], reason?: string): void {
    if (state === health.state && reason === health.reason) return;
    const since = state === health.state ? health.since : clock.now();
    health = { state, since, ...(reason !== undefined && { reason }) };
    if (state === 'ready') log.info({ store: health }, 'the database is ready');
    else if (state === 'failed') log.error({ store: health }, `the database cannot be used: ${reason}`);
    else log.warn({ store: health }, `the database is away: ${reason}`);
    for (const listener of listeners) listener(health);
  }

  function database(): Kysely<Tables> {
    if (!session) throw new StoreAway(health.reason ?? 'the database is not ready yet');
    return session.database;
  }

  async function close(): Promise<void> {
    isClosed = true;
    wake();
    await session?.close();
    await connecting;
    await embedded?.close();
    session = undefined;
  }

  return {
    metrics: createPostgresMetricsStore({ database, timeZone }),
    outages: createPostgresOutageStore({ database }),
    health: () => health,
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    close,
  };
}

/** Refused logins, a missing database, missing rights and tables that do not fit: SQLSTATE classes 28, 3D and 42. */
function needsPerson(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return /^(28|3D|42)...$/.test(code) || code === 'ERR_INVALID_URL';
  return error instanceof StoreFailure;
}

/** Connection errors of several addresses have an empty message of their own. */
function describe(error: unknown): string {
  const { message, errors } = error as AggregateError;
  return message || errors?.map((each: Error) => each.message).join('; ') || String(error);
}
