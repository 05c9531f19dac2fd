import { setTimeout as pause } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import {
  describeFailures,
  hasFailed,
  latencyOf,
  type PlannedRequest,
  startCountedLoad,
} from './counted-load.ts';
import { CONNECTIONS, type LoadRound } from './generate-load.ts';
import { readMachineSeconds, readProcessorSeconds } from './process-usage.ts';
import { quantile, rounded } from './statistics.ts';

/** Longer than 32 handshakes take. */
const HANDSHAKES_MS = 500;

export interface SecureLoad {
  /** The server, whose processor time counts, with that of the processes below it. */
  readonly pid: number;
  readonly identity: SecureContext;
  readonly seconds: number;
  /** Decides the next request; undefined when there are no more. */
  readonly next: () => PlannedRequest | undefined;
}

/** A round, and what its first failures were. */
export interface SecureRound extends LoadRound {
  /** Milliseconds. */
  readonly p95: number;
  readonly failed: readonly string[];
}

/**
 * Sends requests over 32 connections with TLS and a client certificate, each connection one at a time, as fast as the
 * answers come. wrk and autocannon cannot make every request another one; this takes a tenth of a processor for a
 * thousand requests a second. What is counted begins when the connections, which are new, have been made.
 */
export async function driveSecureLoad({ pid, identity, seconds, next }: SecureLoad): Promise<SecureRound> {
  const load = startCountedLoad({ connections: CONNECTIONS, identity, next });
  await pause(HANDSHAKES_MS);
  const before = readSeconds(pid);
  const countedFrom = performance.now();
  await Promise.race([pause(seconds * 1000), load.done]);
  await load.stop();
  const after = readSeconds(pid);
  const elapsed = after.clock - before.clock;
  const counted = load.samples.filter(({ due }) => due >= countedFrom);
  const answered = counted.filter((sample) => !hasFailed(sample));
  const latencies = answered.map(latencyOf);
  const server = after.server - before.server;
  const own = after.own - before.own;
  const others = after.machine.used - before.machine.used - server - own;
  const stolen = after.machine.stolen - before.machine.stolen;
  return {
    requestsPerSecond: rounded(answered.length / elapsed),
    p50: rounded(quantile(latencies, 0.5)),
    p95: rounded(quantile(latencies, 0.95)),
    p99: rounded(quantile(latencies, 0.99)),
    failures: counted.length - answered.length,
    serverShare: rounded(server / elapsed),
    generatorShare: rounded(own / elapsed),
    otherShare: rounded((Math.max(0, others) + stolen) / elapsed),
    failed: describeFailures(counted),
  };
}

function readSeconds(pid: number) {
  const { user, system } = process.cpuUsage();
  return {
    clock: performance.now() / 1000,
    server: readProcessorSeconds(pid),
    own: (user + system) / 1e6,
    machine: readMachineSeconds(),
  };
}
