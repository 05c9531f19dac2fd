import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Consent } from '../src/consents/consent.ts';
import { loadMasterKeys } from '../src/store/load-master-keys.ts';
import { openStore, type Store } from '../src/store/open-store.ts';
import { createRandom } from './branch-file.ts';
import { type ConsentRequestData, ECOSYSTEMS } from './consent-requests.ts';
import { planConsentWrites } from './consent-writes.ts';
import { type PlannedRequest, startCountedLoad } from './counted-load.ts';
import { CONNECTIONS } from './generate-load.ts';
import type { Measure } from './measure.ts';
import { secureIdentity } from './receiver-token.ts';
import { SILENT } from './start-database.ts';
import { type RunningSandbox, readReceiver, startSandbox } from './start-sandbox.ts';
import { makeTemporaryState } from './temporary-state.ts';

const LONGEST_START_MS = 30_000;
const POLL_MS = 20;
const READ_AT_ONCE = 200;
/** Written in each part before the kill may come, as a share of the part. */
const EARLIEST = 0.5;

/** What was asked for and acknowledged, by the consent's id. */
type Acknowledged = Map<string, ConsentRequestData>;

/** What is wrong with what is there. */
interface Damage {
  readonly missing: number;
  readonly altered: number;
  /** Consents that are neither acknowledged nor can have been under way when a kill came. */
  readonly unexplained: number;
  readonly ledger: string;
}

/** The service and its database server end by SIGKILL in the midst of writes, more than once: what is left of them. */
export const measureConsentsKilled: Measure = async ({ quick, tell }) => {
  const writes = quick ? 2_000 : 10_000;
  const kills = quick ? 2 : 5;
  const state = makeTemporaryState();
  const random = createRandom(11);
  const acknowledged: Acknowledged = new Map();
  try {
    const share = writes / kills;
    for (let kill = 1; kill <= kills; kill += 1) {
      const isLast = kill === kills;
      const atCount = isLast ? writes : Math.round((kill - 1 + EARLIEST + random() * EARLIEST) * share);
      tell(`consents-killed: kill ${kill} of ${kills}, after ${atCount} acknowledged writes`);
      await writeAndKill(state.folder, ECOSYSTEMS[kill % ECOSYSTEMS.length] as string, acknowledged, atCount);
    }
    tell(`consents-killed: reading ${acknowledged.size} consents`);
    const { damage, entries } = await examine(state.folder, acknowledged, kills);
    return {
      figures: [
        {
          name: 'service and database killed during writes of consents, acknowledged ones that are missing',
          value: damage.missing,
          unit: 'consents',
          target: { atMost: 0 },
          remark: `of ${acknowledged.size}, written over HTTP by ${CONNECTIONS} connections, with ${kills} kills by SIGKILL`,
        },
        {
          name: 'service and database killed during writes of consents, half-written ones',
          value: damage.altered + damage.unexplained,
          unit: 'consents',
          target: { atMost: 0 },
          remark: 'every acknowledged one read and compared with what was asked',
        },
        {
          name: 'service and database killed during writes of consents, faults of the ledger',
          value: damage.ledger === 'whole' ? 0 : 1,
          unit: 'faults',
          target: { atMost: 0 },
          remark: `${damage.ledger}; ${entries} lines`,
        },
      ],
      details: { writes, kills, acknowledged: acknowledged.size, entries, ...damage },
    };
  } finally {
    state.remove();
  }
};

/** Starts the sandbox on what the last one has left and ends it, in the midst of writes, as a machine that fails does. */
async function writeAndKill(
  stateFolder: string,
  ecosystem: string,
  acknowledged: Acknowledged,
  atCount: number,
): Promise<void> {
  const sandbox = await startSandbox({ stateFolder });
  const receiver = readReceiver(sandbox);
  const next = await planConsentWrites(sandbox, receiver, ecosystem);
  const { promise: enough, resolve, reject } = Promise.withResolvers<void>();
  const load = startCountedLoad({
    connections: CONNECTIONS,
    identity: secureIdentity(receiver.keys),
    next,
    hear(request, { status, body }) {
      if (status !== 201)
        return reject(new Error(`a consent was answered with ${status}: ${body().slice(0, 200)}`));
      acknowledged.set(idOf(body()), dataOf(request));
      if (acknowledged.size >= atCount) resolve();
    },
  });
  await enough.finally(() => killAll(sandbox));
  await load.stop();
}

/** The database server first: it is given no time to see that nobody needs it any more. */
async function killAll(sandbox: RunningSandbox): Promise<void> {
  const pidFile = join(sandbox.stateFolder, 'postgres', 'postmaster.pid');
  process.kill(Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]), 'SIGKILL');
  await sandbox.kill();
}

function idOf(body: string): string {
  const { data } = JSON.parse(body) as { data: { consentId: string } };
  return data.consentId;
}

function dataOf({ body = '' }: PlannedRequest): ConsentRequestData {
  return (JSON.parse(body) as { data: ConsentRequestData }).data;
}

async function examine(stateFolder: string, acknowledged: Acknowledged, kills: number) {
  const store = openStore({ stateFolder, masterKeys: loadMasterKeys({ stateFolder }), log: SILENT });
  try {
    await untilReady(store);
    const [missing, altered] = await compare(store, acknowledged);
    const verified = await store.ledger.verify();
    const isWhole = 'entries' in verified;
    const entries = isWhole ? verified.entries : 0;
    return {
      entries,
      damage: {
        missing,
        altered,
        // A whole ledger has a line for each consent that is there, and a consent for each line.
        unexplained: isWhole ? unexplainedLines(entries, acknowledged.size, kills) : 0,
        ledger: isWhole ? 'whole' : `${verified.broken.reason} at line ${verified.broken.seq}`,
      } satisfies Damage,
    };
  } finally {
    await store.close();
  }
}

/** How many are not there, and how many are not as they were asked for. */
async function compare(store: Store, acknowledged: Acknowledged): Promise<[number, number]> {
  let missing = 0;
  let altered = 0;
  const all = [...acknowledged];
  for (let from = 0; from < all.length; from += READ_AT_ONCE) {
    const part = all.slice(from, from + READ_AT_ONCE);
    const found = await Promise.all(part.map(([id]) => store.consents.find(id)));
    for (const [place, [, asked]] of part.entries()) {
      const consent = found[place];
      if (!consent) missing += 1;
      else if (!isAsAsked(consent, asked)) altered += 1;
    }
  }
  return [missing, altered];
}

/** What an institution does not offer is left out when a consent is made, so there may be fewer permissions. */
function isAsAsked(
  { status, loggedUser, expiresAt, permissions }: Consent,
  asked: ConsentRequestData,
): boolean {
  return (
    status === 'AWAITING_AUTHORISATION' &&
    isDeepStrictEqual(loggedUser, asked.loggedUser.document) &&
    expiresAt === Date.parse(asked.expirationDateTime) &&
    permissions.length > 0 &&
    permissions.every((name) => asked.permissions.includes(name))
  );
}

/** The sandbox authorises a consent of its own in each ecosystem, in two lines; a kill leaves what was under way. */
function unexplainedLines(entries: number, acknowledged: number, kills: number): number {
  const own = ECOSYSTEMS.length * 2;
  const underWay = kills * CONNECTIONS;
  return Math.max(0, entries - acknowledged - own - underWay) + Math.max(0, acknowledged - entries);
}

async function untilReady(store: Store): Promise<void> {
  for (const end = performance.now() + LONGEST_START_MS; performance.now() < end; await pause(POLL_MS)) {
    const { state, reason } = store.health();
    if (state === 'ready') return;
    if (state === 'failed') throw new Error(reason);
  }
  throw new Error('the database did not start again');
}
