import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after } from 'node:test';
import { freePorts } from './free-ports.ts';

const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Why tests with a real Redis are skipped; false where there is one. */
export const NO_REDIS: string | false =
  findRedis() === undefined ? 'there is no redis-server (Debian: apt-get install redis-server)' : false;

/** A real Redis that keeps nothing on disk. */
export interface RedisServer {
  readonly url: string;
  /** Starts it, again when it was killed; resolves once it takes connections. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
}

/** A Redis on a port of its own, not started yet. */
export async function createRedisServer(): Promise<RedisServer> {
  const [port = 0] = await freePorts(1);
  let child: ChildProcess | undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      const redis = spawn(findRedis() as string, flags, { stdio: ['ignore', 'pipe', 'ignore'], cwd: '/tmp' });
      child = redis;
      started.push(redis);
      await new Promise<void>((resolve, reject) => {
        let text = '';
        redis.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (/ready to accept connections/i.test(text)) resolve();
        });
        redis.once('exit', () => reject(new Error(`redis-server ended: ${text}`)));
      });
    },
    signal: (name) => child?.kill(name),
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function findRedis(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders
    .flatMap((folder) => ['redis-server', 'valkey-server'].map((name) => join(folder, name)))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
