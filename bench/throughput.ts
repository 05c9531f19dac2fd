import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONNECTIONS, chooseLoadGenerator, INSTALL_ADVICE } from './generate-load.ts';
import type { Figure, Measure, PeerRecord } from './measure.ts';
import { choosePairs, describePairs, drivePairs, judgePairs } from './paired-rounds.ts';
import { bareFastify } from './peers/bare-fastify.ts';
import { nginx } from './peers/nginx.ts';
import { type Peer, PeerAbsent, type RunningPeer, type ServedBytes } from './peers/peer.ts';
import { prism, prismDynamic, prismSilent } from './peers/prism.ts';
import { freshFolder } from './places.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { SERVER_PROCESSOR } from './start-process.ts';

const PEERS: readonly Peer[] = [nginx, bareFastify, prism, prismSilent, prismDynamic];
const PATH = '/open-insurance/channels/v2/branches';
const RECORDS = 25;

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
        figures.push(...judgePairs(expected, pairs));
        details[peer.name] = { ...describePairs(choosePairs(pairs)), rounds: pairs };
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
