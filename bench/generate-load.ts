import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './find-program.ts';
import { readEndedChildrenSeconds, readMachineSeconds, readProcessorSeconds } from './process-usage.ts';
import { canPin, GENERATOR_PROCESSOR, pinned } from './start-process.ts';

const run = promisify(execFile);

/** What one round of load found. */
export interface LoadRound {
  readonly requestsPerSecond: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 2xx, connections that broke, requests that timed out. */
  readonly failures: number;
  /** Share of one processor that the server used, that the generator used, and that anything else did or took away. */
  readonly serverShare: number;
  readonly generatorShare: number;
  readonly otherShare: number;
}

/** Something that asks for one URL as fast as it can. */
export interface LoadGenerator {
  readonly name: string;
  /** @param pid the server, whose processor time is read */
  drive(url: string, seconds: number, pid: number, headers?: Headers): Promise<LoadRound>;
}

type Headers = Readonly<Record<string, string>>;

type Outcome = Pick<LoadRound, 'requestsPerSecond' | 'p50' | 'p99' | 'failures'>;

/** Keep-alive connections, the same for every server. */
export const CONNECTIONS = 32;

const autocannonFile = join(import.meta.dirname, 'node_modules', 'autocannon', 'autocannon.js');

/** What to say where `bench/node_modules` is missing. */
export const INSTALL_ADVICE = 'not installed: npm install --prefix bench';

/**
 * The generator of this machine: wrk, which a server outruns last, else autocannon; undefined where there is neither.
 *
 * @param isPinned whether it stays on its own processor, for servers that stay on another
 */
export function chooseLoadGenerator({ isPinned = true } = {}): LoadGenerator | undefined {
  const processor = isPinned ? GENERATOR_PROCESSOR : undefined;
  const wrk = findProgram('wrk');
  if (wrk) return generator('wrk', processor, (...request) => wrkCommand(wrk, ...request), readWrk);
  if (existsSync(autocannonFile))
    return generator('autocannon', processor, autocannonCommand, readAutocannon);
  return undefined;
}

function generator(
  name: string,
  processor: number | undefined,
  commandFor: (url: string, seconds: number, headers: Headers) => readonly string[],
  read: (output: string) => Outcome,
): LoadGenerator {
  async function drive(url: string, seconds: number, pid: number, headers: Headers = {}): Promise<LoadRound> {
    const command = pinned(commandFor(url, seconds, headers), processor);
    const [file, ...parameters] = command as [string, ...string[]];
    const before = readSeconds(pid);
    const { stdout } = await run(file, parameters, { maxBuffer: 2 ** 26 });
    const after = readSeconds(pid);
    const elapsed = after.clock - before.clock;
    const server = after.server - before.server;
    const own = after.generator - before.generator;
    const others = after.machine.used - before.machine.used - server - own;
    const stolen = after.machine.stolen - before.machine.stolen;
    return {
      ...read(stdout),
      serverShare: share(server, elapsed),
      generatorShare: share(own, elapsed),
      otherShare: share(Math.max(0, others) + stolen, elapsed),
    };
  }
  return { name: canPin && processor !== undefined ? `${name}, on a processor of its own` : name, drive };
}

function readSeconds(pid: number) {
  return {
    clock: performance.now() / 1000,
    server: readProcessorSeconds(pid),
    generator: readEndedChildrenSeconds(),
    machine: readMachineSeconds(),
  };
}

function share(used: number, elapsed: number): number {
  return Number((used / elapsed).toFixed(2));
}

function wrkCommand(wrk: string, url: string, seconds: number, headers: Headers): string[] {
  const more = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [wrk, '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...more, url];
}

function readWrk(output: string): Outcome {
  const found = (pattern: RegExp) => pattern.exec(output) ?? [];
  const broken = found(/connect (\d+), read (\d+), write (\d+), timeout (\d+)/)
    .slice(1)
    .map(Number);
  const refused = Number(found(/Non-2xx or 3xx responses: (\d+)/)[1] ?? 0);
  return {
    requestsPerSecond: Number(found(/Requests\/sec:\s+([\d.]+)/)[1]),
    p50: milliseconds(found(/50%\s+([\d.]+)(us|ms|s|m)/)),
    p99: milliseconds(found(/99%\s+([\d.]+)(us|ms|s|m)/)),
    failures: broken.reduce((sum, count) => sum + count, refused),
  };
}

const MILLISECONDS_PER: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function milliseconds([, amount, unit]: readonly string[]): number {
  return Number((Number(amount) * (MILLISECONDS_PER[unit ?? ''] ?? Number.NaN)).toFixed(3));
}

function autocannonCommand(url: string, seconds: number, headers: Headers): string[] {
  const options = ['-j', '-n', '-c', String(CONNECTIONS), '-d', String(seconds)];
  const more = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
  return [process.execPath, autocannonFile, ...options, ...more, url];
}

function readAutocannon(output: string): Outcome {
  const found = JSON.parse(output) as {
    duration: number;
    '2xx': number;
    non2xx: number;
    errors: number;
    timeouts: number;
    latency: { p50: number; p99: number };
  };
  return {
    requestsPerSecond: Number((found['2xx'] / found.duration).toFixed(2)),
    p50: found.latency.p50,
    p99: found.latency.p99,
    failures: found.non2xx + found.errors + found.timeouts,
  };
}
