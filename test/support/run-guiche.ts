import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { after } from 'node:test';
import type { Json } from './send-request.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/guiche.js');

/** A command that has ended. */
export interface EndedCommand {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandPlace {
  readonly cwd: string;
  /** Added to an environment without any variable of guiche's. */
  readonly env?: Readonly<Record<string, string>>;
}

const running: ChildProcess[] = [];
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs `guiche` to its end. */
export function runGuiche(args: readonly string[], place: CommandPlace): Promise<EndedCommand> {
  return collect(start(args, place)).ended;
}

/** `guiche serve` that has written its start-up line. */
export interface ServingGuiche {
  /** The line, parsed. */
  readonly line: Json;
  readonly port: number;
  readonly pid: number;
  /** Lines of the log so far. */
  readonly lines: () => readonly string[];
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<EndedCommand>;
}

/** Runs `guiche serve` until it says where it listens; rejects with what it wrote when it ends before that. */
export function serveGuiche(args: readonly string[], place: CommandPlace): Promise<ServingGuiche> {
  const child = start(['serve', ...args], place);
  const { ended, lines } = collect(child);
  return new Promise((resolveServing, reject) => {
    ended.then(({ stderr, status }) => reject(new Error(`serve ended with ${status}: ${stderr}`)));
    child.stdout?.on('data', () => {
      const text = lines().find((candidate) => candidate.includes('"listening"'));
      if (text === undefined) return;
      const line = JSON.parse(text);
      const port = Number(new URL(line.listening[0]).port);
      const pid = child.pid as number;
      resolveServing({ line, port, pid, lines, ended, signal: (name) => child.kill(name) });
    });
  });
}

function start(args: readonly string[], { cwd, env = {} }: CommandPlace): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^GUICHE_|^NODE_ENV$|^NODE_TEST|_URL$/.test(name),
  );
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  return child;
}

function collect(child: ChildProcess) {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = new Promise<EndedCommand>((resolveEnd) => {
    child.on('close', (status) => resolveEnd({ status, ...text }));
  });
  return { ended, lines: () => text.stdout.split('\n').slice(0, -1) };
}
