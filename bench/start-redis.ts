import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { freshFolder } from './places.ts';
import { type StartedProcess, startProcess } from './start-process.ts';

/** A Redis that nodes share, to be taken away from them. */
export interface RunningRedis {
  /** The same after each start. */
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Keeps it from answering anything, its connections open: what a machine that hangs looks like. */
  freeze(): void;
  thaw(): void;
}

/** What to say where there is none. */
export const REDIS_ABSENT = 'redis-server not found in PATH: apt-get install redis-server';

const READY_MS = 200;

/** Starts the installed Redis without anything on disk; undefined where none is installed. */
export async function startRedis(): Promise<RunningRedis | undefined> {
  const program = findProgram('redis-server');
  if (!program) return undefined;
  const port = await freePort();
  const folder = freshFolder('redis');
  let running: StartedProcess | undefined;

  async function start(): Promise<string> {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    running = startProcess([program as string, ...flags, '--dir', folder]);
    await running.line((line) => line.includes('Ready to accept connections'));
    await pause(READY_MS);
    return /version=([\d.]+)/i.exec(running.output())?.[1] ?? 'unknown';
  }

  const version = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    version,
    stop: async () => running?.stop(),
    async start() {
      await start();
    },
    freeze: () => process.kill(running?.pid ?? 0, 'SIGSTOP'),
    thaw: () => process.kill(running?.pid ?? 0, 'SIGCONT'),
  };
}
