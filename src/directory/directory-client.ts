import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import type { DirectoryAge, DirectoryTrust } from './directory-trust.ts';
import { createFetchDocument, type FetchDocument } from './fetch-document.ts';
import { createCertificateJudge, type RevocationPolicy } from './judge-certificate.ts';
import { createKeySetClient } from './key-set-client.ts';
import { createLastGood } from './last-good.ts';
import { readKeySet } from './read-key-set.ts';
import { type Participant, readParticipants } from './read-participants.ts';
import { createRemoteDocument } from './remote-document.ts';
import { createRevocationLists } from './revocation-lists.ts';
import type { DirectoryEnvironment, TrustProfile } from './trust-profile.ts';
import { createStatementVerifier } from './verify-statement.ts';

const REFRESH_MS = 300_000;
const LISTS_MS = 60_000;
const KEY_SET_LIMITS = { maxBytes: 1_048_576, timeoutMs: 5000 };
const PARTICIPANTS_LIMITS = { maxBytes: 67_108_864, timeoutMs: 60_000 };

/** What an institution knows of the directory of its ecosystem. */
export interface DirectoryClient extends DirectoryTrust {
  /** The organisations of the list of participants. Rejects when it was never fetched. */
  participants(): Promise<readonly Participant[]>;
  /** Fetches everything now, and again and again from then on. Never throws: what fails is told by `age()`. */
  start(): void;
  close(): void;
}

/** Where the client writes when the directory goes away and comes back; a pino logger fits. */
export interface DirectoryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface DirectoryClientSettings {
  readonly profile: TrustProfile;
  /** Chooses the statement issuer and, where no URLs are set, those of the profile. */
  readonly environment: DirectoryEnvironment;
  /** Base URL of the key store, without a slash at the end. */
  readonly keyStoreUrl?: string | undefined;
  readonly participantsUrl?: string | undefined;
  /** Revocation lists that are asked before those that certificates name, such as those of a directory that has moved. */
  readonly crlUrls?: readonly string[] | undefined;
  /** Certificate authorities of client certificates, as PEM. */
  readonly anchors: string;
  /** `hard` when absent: a directory that is away long enough for its lists to run out closes, and does not open. */
  readonly revocation?: RevocationPolicy | undefined;
  /** Authorities, as PEM, that the directory's own servers are trusted by besides those the computer trusts. */
  readonly serverAuthorities?: string | undefined;
  /** Holds the last good data over restarts, in a folder of the ecosystem's own. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly log: DirectoryLog;
  /** How often participants and statement keys are fetched, in milliseconds; five minutes when absent. */
  readonly refreshMs?: number | undefined;
  /** How documents are fetched; over the network when absent. */
  readonly fetch?: FetchDocument | undefined;
}

/** Creates a client of a directory. Throws when there is no certificate to trust, or a URL is none. */
export function createDirectoryClient(settings: DirectoryClientSettings): DirectoryClient {
  const { profile, environment, anchors, clock, log, revocation = 'hard', refreshMs = REFRESH_MS } = settings;
  const keyStoreUrl = settings.keyStoreUrl ?? profile.keyStore[environment];
  const fetch = settings.fetch ?? createFetchDocument({ authorities: settings.serverAuthorities });
  const lastGood = createLastGood({
    folder: join(settings.stateFolder, 'directory', profile.ecosystem),
    onFault: (error) =>
      log.warn({ reason: (error as Error).message }, 'directory data cannot be kept on disk'),
  });
  const source = { fetch, lastGood, clock };

  const statementKeys = createRemoteDocument({
    ...source,
    url: new URL(`${keyStoreUrl}/${profile.statementKeySet}`),
    limits: KEY_SET_LIMITS,
    parse: readKeySet,
  });
  const participants = createRemoteDocument({
    ...source,
    url: new URL(settings.participantsUrl ?? profile.participants[environment]),
    limits: PARTICIPANTS_LIMITS,
    parse: readParticipants,
  });
  const keySets = createKeySetClient({ ...source, keyStoreUrl });
  const lists = createRevocationLists({
    ...source,
    crlUrls: settings.crlUrls ?? [],
    onChange: () => judge.forget(),
  });
  const judge = createCertificateJudge({
    anchors,
    prefix: profile.certificatePrefix,
    revocation,
    lists,
    clock,
  });
  const verify = createStatementVerifier({
    profile,
    issuer: profile.statementIssuer[environment],
    keys: keysForStatement,
    clock,
  });
  const stops: (() => void)[] = [];
  let reported: string | undefined;

  async function keysForStatement(kid: string) {
    const keys = await statementKeys.get(refreshMs);
    return keys.some((key) => key.kid === kid) ? keys : statementKeys.refresh();
  }

  async function refresh(): Promise<void> {
    await Promise.allSettled([statementKeys.refresh(), participants.refresh(), lastGood.prune()]);
    report();
  }

  function report(): void {
    const { failure } = age();
    if (failure !== undefined && reported === undefined)
      log.warn(
        { ecosystem: profile.ecosystem, reason: failure },
        'the directory is away; what is known of it serves',
      );
    if (failure === undefined && reported !== undefined)
      log.info({ ecosystem: profile.ecosystem }, 'the directory is back');
    reported = failure;
  }

  /** As old as the older of what is fetched all the time. */
  function age(): DirectoryAge {
    const ages = [statementKeys.age(), participants.age()];
    const instants = ages.map(({ fetchedAt }) => fetchedAt);
    const oldest = Math.min(...instants.map((instant) => instant ?? Number.NaN));
    const failures = [...ages.map(({ failure }) => failure), lists.failure()];
    return {
      fetchedAt: Number.isNaN(oldest) ? undefined : oldest,
      failure: failures.find((failure) => failure !== undefined),
    };
  }

  return {
    certificate: (presented) => judge.judge(presented),
    statement: verify,
    keys: (jwksUri, kid) => keySets.keys(jwksUri, kid),
    participants: () => participants.get(refreshMs * 2),
    age,
    start() {
      // Nodes that start together do not ask together ever after.
      const spread = 0.9 + Math.random() * 0.2;
      void refresh();
      void lists.refresh();
      stops.push(
        clock.every(refreshMs * spread, refresh),
        clock.every(LISTS_MS * spread, () => lists.refresh()),
      );
    },
    close() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}
