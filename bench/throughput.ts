import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CONNECTIONS,
  chooseLoadGenerator,
  INSTALL_ADVICE,
  type LoadGenerator,
  type LoadRound,
} from './generate-load.ts';
import type { Figure, Measure, PeerRecord } from './measure.ts';
import { bareFastify } from './peers/bare-fastify.ts';
import { nginx } from './peers/nginx.ts';
import { type Peer, PeerAbsent, type RunningPeer, type ServedBytes } from './peers/peer.ts';
import { prism, prismDynamic, prismSilent } from './peers/prism.ts';
import { freshFolder } from './places.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { SERVER_PROCESSOR } from './start-process.ts';
import { median, rounded } from './statistics.ts';

const PEERS: readonly Peer[] = [nginx, bareFastify, prism, prismSilent, prismDynamic];
const PATH = '/open-insurance/channels/v2/branches';
const RECORDS = 25;

/** When other programs use more than this share of a processor, a pair of rounds tells about them and is repeated. */
const DISTURBED = 0.1;

/** Rounds are repeated until there are at most this many times as many as wanted. */
const MOST_REPEATS = 3;

/** Beyond this share of its processor a program may be what limits a round. */
const BUSY = 0.9;

/** Two rounds, one right after the other, so that whatever else the machine does falls on both. */
interface Pair {
  readonly guiche: LoadRound;
  readonly peer: LoadRound;
}

type Target = Pick<RunningPeer, 'url' | 'pid'>;

/** Requests per second of one prepared page, beside nginx, a bare Fastify route and Prism in the same run. */
export const measureThroughput: Measure = async ({ quick, tell }) => {
  const generator = chooseLoadGenerator();
  if (!generator) return withoutGenerator();
  const rounds = quick ? 2 : 9;
  const seconds = quick ? 1 : 3;
  const folder = freshFolder('throughput');
  const guiche = await startGuiche(EXAMPLES, { processor: SERVER_PROCESSOR });
  try {
    const bytes = await keepBytes(guiche.origin, folder);
    const own = { url: guiche.origin + PATH, pid: guiche.pid };
    await generator.drive(own.url, seconds, own.pid);
    const figures: Figure[] = [];
    const peers: PeerRecord[] = [];
    const details: Record<string, unknown> = {};
    for (const peer of PEERS) {
      const expected = expectation(peer);
      const running = await startIfAny(peer, bytes);
      if (typeof running === 'string') {
        peers.push({ name: peer.name, measured: false, remark: running });
        figures.push({ ...expected, value: undefined, remark: running });
        continue;
      }
      try {
        peers.push({ name: peer.name, measured: true, remark: running.remark });
        tell(`throughput: ${rounds} rounds of ${seconds} s against ${running.remark}`);
        await generator.drive(running.url, seconds, running.pid);
        const pairs = await drivePairs(generator, own, running, rounds, seconds);
        figures.push(...judge(expected, pairs));
        details[peer.name] = { ...describe(choosePairs(pairs)), rounds: pairs };
      } finally {
        await running.stop();
      }
    }
    return {
      figures,
      peers,
      details: {
        request: `GET ${PATH}`,
        bodyBytes: bytes.length,
        connections: CONNECTIONS,
        loadGenerator: generator.name,
        secondsPerRound: seconds,
        ...details,
      },
    };
  } finally {
    await guiche.stop();
  }
};

function withoutGenerator() {
  const remark = `no load generator: neither wrk nor autocannon, ${INSTALL_ADVICE}`;
  const figures = PEERS.map((peer) => ({ ...expectation(peer), value: undefined, remark }));
  return { figures, details: {} };
}

function expectation({ name, atLeast }: Peer) {
  return {
    name: `requests/s against ${name}`,
    unit: `× ${name}`,
    ...(atLeast === undefined ? {} : { target: { atLeast } }),
  };
}

/** Checks that the page is the one meant, and puts its bytes where peers find them. */
async function keepBytes(origin: string, folder: string): Promise<ServedBytes & { length: number }> {
  const answer = await fetch(origin + PATH, { headers: { 'accept-encoding': 'identity' } });
  const body = Buffer.from(await answer.arrayBuffer());
  const { data } = JSON.parse(body.toString()) as {
    data: { brand: { companies: { branches: unknown[] }[] } };
  };
  const records = data.brand.companies.flatMap(({ branches }) => branches).length;
  assert.equal(records, RECORDS, `the page holds ${RECORDS} records`);
  const file = join(folder, 'branches.json');
  writeFileSync(file, body);
  return { path: PATH, contentType: answer.headers.get('content-type') ?? '', file, length: body.length };
}

async function startIfAny(peer: Peer, bytes: ServedBytes): Promise<RunningPeer | string> {
  try {
    return await peer.start(bytes);
  } catch (error) {
    if (error instanceof PeerAbsent) return error.message;
    throw error;
  }
}

async function drivePairs(
  generator: LoadGenerator,
  own: Target,
  other: Target,
  rounds: number,
  seconds: number,
): Promise<Pair[]> {
  const drive = ({ url, pid }: Target) => generator.drive(url, seconds, pid);
  const pairs: Pair[] = [];
  const limit = rounds * MOST_REPEATS;
  for (let round = 0; round < limit && pairs.filter(isQuiet).length < rounds; round += 1) {
    // Who goes first alternates, so that a machine that slows down favours neither.
    if (round % 2 === 0) {
      const guiche = await drive(own);
      pairs.push({ guiche, peer: await drive(other) });
    } else {
      const peer = await drive(other);
      pairs.push({ guiche: await drive(own), peer });
    }
  }
  return pairs;
}

function isQuiet({ guiche, peer }: Pair): boolean {
  return guiche.otherShare <= DISTURBED && peer.otherShare <= DISTURBED;
}

/** Pairs are chosen by what else went on, never by what they found; where hardly any was quiet, all of them count. */
function choosePairs(pairs: readonly Pair[]): readonly Pair[] {
  const quiet = pairs.filter(isQuiet);
  return quiet.length * MOST_REPEATS >= pairs.length ? quiet : pairs;
}

function judge(expected: Omit<Figure, 'value'>, measured: readonly Pair[]): Figure[] {
  const pairs = choosePairs(measured);
  const ratio = median(pairs.map(({ guiche, peer }) => guiche.requestsPerSecond / peer.requestsPerSecond));
  const perProcessorSecond = median(pairs.map(({ guiche, peer }) => efficiency(guiche) / efficiency(peer)));
  const found = describe(pairs);
  const remarks = [
    `${found.guiche.requestsPerSecond} against ${found.peer.requestsPerSecond} requests/s in ${pairs.length} pairs of rounds`,
  ];
  if (pairs.some((pair) => !isQuiet(pair))) remarks.push('other programs were running');
  if (found.peer.generatorShare >= BUSY && found.peer.generatorShare > found.peer.serverShare)
    remarks.push('the load generator was the limit of the peer, whose own is higher');
  if (found.failures > 0) remarks.push(`${found.failures} failed requests`);
  return [
    { ...expected, value: rounded(ratio), remark: remarks.join('; ') },
    {
      name: `${expected.name}, per second of processor time`,
      unit: expected.unit,
      value: rounded(perProcessorSecond),
    },
  ];
}

function describe(pairs: readonly Pair[]) {
  return {
    guiche: summarizeRounds(pairs.map(({ guiche }) => guiche)),
    peer: summarizeRounds(pairs.map(({ peer }) => peer)),
    failures: pairs.reduce((sum, { guiche, peer }) => sum + guiche.failures + peer.failures, 0),
  };
}

function summarizeRounds(rounds: readonly LoadRound[]) {
  const middle = (value: (round: LoadRound) => number) => rounded(median(rounds.map(value)));
  return {
    requestsPerSecond: middle((round) => round.requestsPerSecond),
    requestsPerProcessorSecond: middle(efficiency),
    p50: middle((round) => round.p50),
    p99: middle((round) => round.p99),
    serverShare: middle((round) => round.serverShare),
    generatorShare: middle((round) => round.generatorShare),
    otherShare: middle((round) => round.otherShare),
  };
}

/** Other work on the machine takes time from a server, but hardly makes its requests cost more. */
function efficiency({ requestsPerSecond, serverShare }: LoadRound): number {
  return requestsPerSecond / serverShare;
}
