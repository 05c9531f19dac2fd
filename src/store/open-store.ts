import { type Kysely, sql } from 'kysely';
import type { ArtifactStore } from '../authorization/artifact-store.ts';
import type { SigningKeyStore } from '../authorization/signing-key-store.ts';
import type { ConsentStore } from '../consents/consent-store.ts';
import type { DirectoryStore } from '../directory/api/directory-store.ts';
import type { CertificateStore } from '../directory/certificate-store.ts';
import type { HeldKeyStore } from '../directory/held-key-store.ts';
import type { ParticipantKeyStore } from '../directory/participant-key-store.ts';
import type { OutageStore } from '../discovery/outage-store.ts';
import type { CallRecordStore } from '../explain/call-record-store.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import type { MetricsStore } from '../metrics/metrics-store.ts';
import type { ResourceStateStore } from '../resources/resource-state-store.ts';
import { type DatabaseSession, NOTICE_CHANNEL, openSession } from './database-session.ts';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
import type { KeyRing, MasterKey } from './key-ring.ts';
import { migrate } from './migrate.ts';
import type { Notices } from './notices.ts';
import { openKeyRing, rewrapRoot } from './open-key-ring.ts';
import { rewrapPersonKeys } from './person-keys.ts';
import { createPostgresArtifactStore } from './postgres-artifact-store.ts';
import { createPostgresCallRecordStore } from './postgres-call-record-store.ts';
import { createPostgresCertificateStore } from './postgres-certificate-store.ts';
import { createPostgresConsentStore } from './postgres-consent-store.ts';
import { createPostgresDirectoryStore } from './postgres-directory-store.ts';
import { createPostgresHeldKeyStore } from './postgres-held-key-store.ts';
import { createPostgresMetricsStore } from './postgres-metrics-store.ts';
import { createPostgresOutageStore } from './postgres-outage-store.ts';
import { createPostgresParticipantKeyStore } from './postgres-participant-key-store.ts';
import { createPostgresResourceStateStore } from './postgres-resource-state-store.ts';
import { createPostgresSigningKeyStore, rewrapSigningKeys } from './postgres-signing-key-store.ts';
import { StoreAway } from './store-away.ts';
import { StoreFailure } from './store-failure.ts';
import type { StoreLog } from './store-log.ts';
import type { Tables } from './tables.ts';
import { type BrokenLedger, type LedgerAnchor, verifyLedger, type WholeLedger } from './verify-ledger.ts';

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

/**
 * What guiche keeps. Every method of a port rejects with {@link StoreAway} while the state is not `ready`; those of
 * `consents`, `artifacts` and `signingKeys` with {@link StoreFailure} when the store was opened without master keys.
 */
export interface Store {
  readonly metrics: MetricsStore;
  readonly outages: OutageStore;
  readonly callRecords: CallRecordStore;
  readonly consents: ConsentStore;
  readonly resourceStates: ResourceStateStore;
  readonly signingKeys: SigningKeyStore;
  readonly ledger: Ledger;
  /** What the sandbox directory keeps. */
  readonly directory: DirectoryStores;
  readonly notices: Notices;
  /** What the authorization server of that issuer keeps. Ask once: calls are grouped by what this gives. */
  artifacts(issuer: string): ArtifactStore;
  /**
   * The data holder's own sealer. Throws {@link StoreAway} until the store was `ready` for the first time, and
   * {@link StoreFailure} when it was opened without master keys.
   */
  sealer(): Sealer;
  /**
   * Seals the keys of persons, signing keys and the root with the newest master key, so that older ones can be thrown
   * away. Nothing that those keys encrypt is written anew. Answers with how many keys it were, the root aside.
   */
  rewrapKeys(): Promise<number>;
  health(): StoreHealth;
  /** Hears of every change of state or reason. Returns what ends it. */
  onChange(listener: (health: StoreHealth) => void): () => void;
  /** Ends the connections, and the embedded database with them. */
  close(): Promise<void>;
}

/** Where the sandbox directory keeps its records, certificates and keys. */
export interface DirectoryStores {
  readonly records: DirectoryStore;
  readonly certificates: CertificateStore;
  readonly heldKeys: HeldKeyStore;
  readonly participantKeys: ParticipantKeyStore;
}

/** The chain of everything that has happened to consents. */
export interface Ledger {
  /** Rejects with {@link StoreAway} while the database is away. */
  verify(anchor?: LedgerAnchor): Promise<WholeLedger | BrokenLedger>;
}

export interface StoreOptions {
  /** Where the embedded database lives; not touched when there is a `databaseUrl`. */
  readonly stateFolder: string;
  /** A PostgreSQL of the operator's, as `postgresql://user:password@host/database`. */
  readonly databaseUrl?: string | undefined;
  /** What seals keys in the database, the newest first. Without any, nothing that has to be sealed can be kept. */
  readonly masterKeys?: readonly MasterKey[] | undefined;
  /** Connections that work at the same time; one more watches. */
  readonly connections?: number | undefined;
  /** The zone whose midnight ends a day. */
  readonly timeZone?: string;
  readonly log: StoreLog;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * Opens the store and returns at once; everything else happens in the background and is told by `health()`: starting
 * the embedded database, connecting, bringing the tables up to date, and connecting again, for ever, when the database
 * was away. Never throws: a state folder that cannot be used makes a store whose state is `failed` from the start.
 */
export function openStore(options: StoreOptions): Store {
  const { stateFolder, databaseUrl, masterKeys, connections } = options;
  const { timeZone = 'America/Sao_Paulo', log, clock = systemClock } = options;
  const listeners = new Set<(health: StoreHealth) => void>();
  const hearers = new Set<(text: string) => void>();
  let health: StoreHealth = { state: 'starting', since: clock.now() };
  let session: DatabaseSession | undefined;
  let openedKeys: KeyRing | undefined;
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
    const opened = await openSession(url, connections, (text) => {
      for (const hear of hearers) hear(text);
    });
    try {
      if (!isMigrated)
        await Promise.race([migrate(url), opened.lost.then((reason) => Promise.reject(new Error(reason)))]);
      isMigrated = true;
      if (masterKeys) openedKeys = await openKeyRing(opened.database, masterKeys);
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

  function keyRing(): KeyRing {
    if (!masterKeys) throw new StoreFailure('no master key is configured: nothing can be sealed');
    if (!openedKeys) throw new StoreAway(health.reason ?? 'the database is not ready yet');
    return openedKeys;
  }

  async function rewrapKeys(): Promise<number> {
    const [db, keys] = [database(), keyRing()];
    await rewrapRoot(db, keys);
    return (await rewrapPersonKeys(db, keys)) + (await rewrapSigningKeys(db, keys));
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
    callRecords: createPostgresCallRecordStore({ database }),
    consents: createPostgresConsentStore({ database, keyRing, clock }),
    resourceStates: createPostgresResourceStateStore({ database }),
    signingKeys: createPostgresSigningKeyStore({ database, keyRing }),
    directory: {
      records: createPostgresDirectoryStore({ database }),
      certificates: createPostgresCertificateStore({ database }),
      heldKeys: createPostgresHeldKeyStore({ database }),
      participantKeys: createPostgresParticipantKeyStore({ database }),
    },
    ledger: { verify: async (anchor) => verifyLedger(database(), anchor) },
    artifacts: (issuer) => createPostgresArtifactStore({ database, keyRing, issuer, clock }),
    notices: {
      async tell(text) {
        await sql`select pg_notify(${NOTICE_CHANNEL}, ${text})`.execute(database());
      },
      hear(listener) {
        hearers.add(listener);
        return () => {
          hearers.delete(listener);
        };
      },
    },
    sealer: keyRing,
    rewrapKeys,
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
