import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { CATALOG } from '../src/app/load-service.ts';
import { classify, findProfile } from '../src/contract/ecosystem-profile.ts';
import type { Tier } from '../src/contract/operation.ts';
import { readProfiles } from '../src/contract/read-profiles.ts';
import type { Explanation } from '../src/explain/create-explain.ts';
import { TIER_LIMITS_MS } from '../src/metrics/availability/tier-latency.ts';
import { type ConsentedRequests, createConsentedRequests } from './consented-requests.ts';
import { hasFailed, latencyOf, type Sample, startCountedLoad } from './counted-load.ts';
import type { Figure, Measure } from './measure.ts';
import { projectFolder } from './places.ts';
import { secureIdentity } from './receiver-token.ts';
import { COMMAND, type RunningNode, startNode } from './start-node.ts';
import { type StartedProcess, startProcess } from './start-process.ts';
import { institutionOf, type RunningSandbox, readReceiver, startSandbox } from './start-sandbox.ts';
import { median, quantile, rounded, summarize } from './statistics.ts';

const ECOSYSTEM = 'open-finance';
const CUSTOMERS = join(projectFolder, 'examples', 'bank', 'customers');
const CORE_SYSTEM = join(import.meta.dirname, 'peers', 'sleeping-core-system.ts');

const SLEEP_MS = 10_000;
/** Calls that are slept over: the data of one API, and everything on behalf of another, what the customer has included. */
const SLEEPING = [
  { api: 'financings', operation: 'listRecords' },
  { api: 'financings', operation: 'getRecord' },
  { api: 'financings', operation: 'listChildren' },
  { api: 'unarranged-accounts-overdraft' },
];
/** The most that the configuration takes: with its circuit open a connector would not wait for anything. */
const FAILURES = 1_000;

const FINANCINGS = '/open-banking/financings/v2/contracts';
const OVERDRAFTS = '/open-banking/unarranged-accounts-overdraft/v2/contracts';
const ACCOUNTS = '/open-banking/accounts/v2/accounts';

/** Of each of the two kinds of load. */
const CONNECTIONS = 8;
const PROMPT_PER_SECOND = 150;
const SETTLED_MS = 1_000;
const NOT_IN_TIME = 504;

const MOST_RATIO = 1.5;
const LEAST_ATTRIBUTED_PERCENT = 90;
/** Records are written a second after the answer at most. */
const RECORDED_WITHIN_MS = 10_000;
const POLL_MS = 250;

/** Some of an institution's systems sleep: how guiche answers for these, and what the others notice of it. */
export const measureLateConnector: Measure = async ({ quick, tell }) => {
  const { rounds, seconds } = quick ? { rounds: 1, seconds: 4 } : { rounds: 5, seconds: 10 };
  const sandbox = await startSandbox();
  try {
    const core = await startSleepingSystem();
    try {
      const identity = secureIdentity(readReceiver(sandbox).keys);
      const node = await startNode({
        sandbox,
        connector: {
          ecosystem: ECOSYSTEM,
          settings: { kind: 'http', url: core.url, failures: FAILURES },
        },
      });
      try {
        const asked = await planRequests(sandbox, node, identity);
        tell(`late: ${rounds} pairs of rounds of ${seconds} s, without the sleeping ones and with them`);
        await drivePrompt(asked, identity, seconds);
        const pairs: Pair[] = [];
        for (let round = 0; round < rounds; round += 1) pairs.push(await drivePair(asked, identity, seconds));
        const late = pairs.flatMap((pair) => pair.late);
        const explained = await explainEach(node, asked.sleeping, late);
        return {
          figures: [...judgeLate(late), judgeExplained(explained), ...judgePrompt(pairs)],
          details: describe(asked, pairs, explained),
        };
      } finally {
        await node.stop();
      }
    } finally {
      await core.process.stop();
    }
  } finally {
    await sandbox.stop();
  }
};

async function startSleepingSystem(): Promise<{ readonly process: StartedProcess; readonly url: string }> {
  const started = startProcess([
    process.execPath,
    CORE_SYSTEM,
    CUSTOMERS,
    String(SLEEP_MS),
    JSON.stringify(SLEEPING),
  ]);
  try {
    const { line } = await started.line((text) => text.startsWith('{'));
    const { url } = JSON.parse(line) as { url: string };
    return { process: started, url };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** Addresses of both kinds. */
interface Asked {
  readonly requests: ConsentedRequests;
  readonly sleeping: readonly string[];
  readonly prompt: readonly string[];
}

/** Ids come from the sandbox itself, where nothing sleeps; they are the same at the node. */
async function planRequests(
  sandbox: RunningSandbox,
  node: RunningNode,
  identity: SecureContext,
): Promise<Asked> {
  const { origin } = new URL(institutionOf(sandbox, ECOSYSTEM).resourcesUrl);
  const awake = createConsentedRequests(sandbox, ECOSYSTEM, origin, identity);
  const firstOf = async (list: string) => {
    const [, id] = /"(?:accountId|contractId)":"([^"]+)"/.exec(await awake.read(list)) ?? [];
    if (id === undefined) throw new Error(`${list} is empty`);
    return `${list}/${id}`;
  };
  const [financing, account] = [await firstOf(FINANCINGS), await firstOf(ACCOUNTS)];
  return {
    requests: createConsentedRequests(sandbox, ECOSYSTEM, node.origin, identity),
    sleeping: [FINANCINGS, financing, `${financing}/payments`, OVERDRAFTS],
    prompt: [ACCOUNTS, account, `${account}/balances`, `${account}/overdraft-limits`],
  };
}

/** One round without requests to the sleeping ones, and one with them. */
interface Pair {
  readonly without: readonly Sample[];
  readonly beside: readonly Sample[];
  readonly late: readonly Sample[];
}

async function drivePair(asked: Asked, identity: SecureContext, seconds: number): Promise<Pair> {
  const without = await drivePrompt(asked, identity, seconds);
  const load = startCountedLoad({
    connections: CONNECTIONS,
    identity,
    next: inTurn(asked, asked.sleeping),
  });
  await pause(SETTLED_MS);
  const beside = await drivePrompt(asked, identity, seconds);
  await load.stop();
  return { without, beside, late: load.samples };
}

/** Those that do not sleep, at the same rate each time; handshakes are not counted. */
async function drivePrompt(
  asked: Asked,
  identity: SecureContext,
  seconds: number,
): Promise<readonly Sample[]> {
  const load = startCountedLoad({
    connections: CONNECTIONS,
    requestsPerSecond: PROMPT_PER_SECOND,
    identity,
    next: inTurn(asked, asked.prompt),
  });
  await pause(SETTLED_MS);
  const from = performance.now();
  await pause(seconds * 1000);
  await load.stop();
  return load.samples.filter(({ due }) => due >= from);
}

function inTurn({ requests }: Asked, paths: readonly string[]) {
  let turn = 0;
  return () => {
    const path = paths[turn % paths.length] as string;
    turn += 1;
    return requests.plan(path);
  };
}

/** What the service tells of a late call. */
interface Explained {
  readonly path: string;
  readonly reason: string;
  readonly durationMs: number;
  /** Part of its time that is said to be the connector's, in percent; 0 where the connector is not said to be the reason. */
  readonly attributed: number;
}

/** One call of each sleeping address, as `guiche explain` has it. */
async function explainEach(
  node: RunningNode,
  paths: readonly string[],
  late: readonly Sample[],
): Promise<Explained[]> {
  const explained: Explained[] = [];
  for (const path of paths) {
    const asked = late.find(({ request }) => request.path === path);
    if (!asked) throw new Error(`${path} was not asked for`);
    const id = asked.request.headers?.['x-fapi-interaction-id'] ?? '';
    explained.push({ path, ...attribute(await explain(node, id)) });
  }
  return explained;
}

async function explain({ configurationFile }: RunningNode, id: string): Promise<Explanation> {
  const command = [COMMAND, 'explain', id, '--config', configurationFile, '--format', 'json'];
  const deadline = performance.now() + RECORDED_WITHIN_MS;
  for (;;) {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, command);
      return JSON.parse(stdout) as Explanation;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(POLL_MS);
    }
  }
}

function attribute({ id, calls }: Explanation): Omit<Explained, 'path'> {
  const [call] = calls;
  if (!call) throw new Error(`no call is known under ${id}`);
  const isReason = call.findings.some(({ topic, outcome }) => topic === 'connector' && outcome === 'fault');
  const waitedMs = isReason ? (call.notes.connector?.waitedMs ?? 0) : 0;
  const attributed = rounded((waitedMs / call.durationMs) * 100);
  return { reason: call.reason, durationMs: call.durationMs, attributed };
}

/** Against the service level of each tier that there is among the sleeping ones. */
function judgeLate(late: readonly Sample[]): Figure[] {
  const profiles = readProfiles(CATALOG);
  const tierOf = ({ request }: Sample): Tier => {
    const profile = findProfile(profiles, request.path);
    if (!profile) throw new Error(`no ecosystem has ${request.path}`);
    return classify(profile, request.path, false).tier;
  };
  const others = late.filter(({ status }) => status !== NOT_IN_TIME);
  const byTier = [...Map.groupBy(late, tierOf)].map(([tier, samples]): Figure => {
    const { count, p50, max } = summarize(samples.map(latencyOf));
    return {
      name: `answer of tier ${tier} while the institution sleeps ${SLEEP_MS / 1000} s, the latest`,
      value: max,
      unit: 'ms',
      target: { atMost: TIER_LIMITS_MS[tier] },
      remark: `p50 ${p50} ms, p95 ${rounded(quantile(samples.map(latencyOf), 0.95))} ms, of ${count} requests over ${CONNECTIONS} connections`,
    };
  });
  return [
    ...byTier,
    {
      name: `answers for what sleeps that are not ${NOT_IN_TIME}`,
      value: others.length,
      unit: `of ${late.length}`,
      target: { atMost: 0 },
      ...(others.length > 0 && { remark: countByStatus(others) }),
    },
  ];
}

function judgeExplained(explained: readonly Explained[]): Figure {
  return {
    name: 'time of a late call that guiche explain attributes to the connector',
    value: Math.min(...explained.map(({ attributed }) => attributed)),
    unit: '%',
    target: { atLeast: LEAST_ATTRIBUTED_PERCENT },
    remark: `the least of ${explained.length}; ${explained[0]?.reason}`,
  };
}

function judgePrompt(pairs: readonly Pair[]): Figure[] {
  const p95 = (samples: readonly Sample[]) => quantile(samples.map(latencyOf), 0.95);
  const ratio = median(pairs.map(({ without, beside }) => p95(beside) / p95(without)));
  const all = pairs.flatMap(({ without, beside }) => [...without, ...beside]);
  const failed = all.filter(hasFailed);
  return [
    {
      name: 'p95 of what does not sleep, with requests to what does against without',
      value: rounded(ratio),
      unit: '× without',
      target: { atMost: MOST_RATIO },
      remark: `${rounded(median(pairs.map(({ beside }) => p95(beside))))} against ${rounded(median(pairs.map(({ without }) => p95(without))))} ms at ${PROMPT_PER_SECOND} requests/s through the same connector; median of ${pairs.length} pairs of rounds`,
    },
    {
      name: 'failed requests to what does not sleep',
      value: failed.length,
      unit: `of ${all.length}`,
      target: { atMost: 0 },
      ...(failed.length > 0 && { remark: countByStatus(failed) }),
    },
  ];
}

function countByStatus(samples: readonly Sample[]): string {
  const found = Map.groupBy(samples, ({ status, failure }) => failure ?? String(status));
  return [...found].map(([what, each]) => `${each.length} × ${what}`).join(', ');
}

function describe({ sleeping, prompt }: Asked, pairs: readonly Pair[], explained: readonly Explained[]) {
  const late = pairs.flatMap((pair) => pair.late);
  return {
    sleepMs: SLEEP_MS,
    connections: CONNECTIONS,
    late: sleeping.map((path) => ({
      path,
      ...summarize(late.filter(({ request }) => request.path === path).map(latencyOf)),
      statuses: countByStatus(late.filter(({ request }) => request.path === path)),
    })),
    explained,
    prompt,
    rounds: pairs.map(({ without, beside, late: slept }) => ({
      without: summarize(without.map(latencyOf)),
      beside: summarize(beside.map(latencyOf)),
      late: summarize(slept.map(latencyOf)),
    })),
  };
}
