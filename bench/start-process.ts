import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from './find-program.ts';

/** The processor of every server that is compared, and that of the load generator. */
export const SERVER_PROCESSOR = 0;
export const GENERATOR_PROCESSOR = 1;

const taskset = availableParallelism() > 1 ? findProgram('taskset') : undefined;

/** True where servers and load generator get a processor each; elsewhere they share what there is. */
export const canPin = taskset !== undefined;

export interface ProcessSettings {
  /** Variables beside those of this process; undefined takes one away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The processor that it stays on, where the machine can do that. */
  readonly processor?: number;
  /** Where its output goes, for a program that writes so much that reading it along would cost; `line` then sees nothing. */
  readonly outputFile?: string;
}

/** A process of another program, started for a measure. */
export interface StartedProcess {
  readonly pid: number;
  /** When it was started, on the clock of `performance.now()`. */
  readonly startedAt: number;
  /** All that it has written to both its outputs. */
  output(): string;
  /** Resolves with the first line of standard output that passes and when it came; rejects when the process ends before. */
  line(passes: (line: string) => boolean): Promise<{ line: string; at: number }>;
  /** Resolves when the URL answers, whatever the status; rejects when the process ends before. */
  answers(url: string): Promise<void>;
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>;
  /** Ends it without asking, as a machine that fails does, and waits until it is gone. */
  kill(): Promise<void>;
}

const LONGEST_START_MS = 120_000;
const POLL_MS = 50;

const running = new Set<ChildProcess>();
// A measure that fails half way leaves no server behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Puts a command on one processor, where the machine can do that. */
export function pinned(command: readonly string[], processor: number | undefined): readonly string[] {
  return taskset && processor !== undefined ? [taskset, '-c', String(processor), ...command] : command;
}

/** Starts a program. Whether it is ready, the caller asks. */
export function startProcess(command: readonly string[], settings: ProcessSettings = {}): StartedProcess {
  const [file, ...parameters] = pinned(command, settings.processor) as [string, ...string[]];
  const startedAt = performance.now();
  const { outputFile } = settings;
  const sink = outputFile === undefined ? 'pipe' : openSync(outputFile, 'w');
  const child = spawn(file, parameters, {
    stdio: ['ignore', sink, sink],
    env: { ...process.env, ...settings.environment },
  });
  if (typeof sink === 'number') closeSync(sink);
  running.add(child);
  let output = '';
  let pending = '';
  const lines: { line: string; at: number }[] = [];
  const watchers = new Set<() => void>();
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true;
      running.delete(child);
      notify();
      resolve();
    };
    child.once('close', end);
    child.once('error', (error) => {
      output += error.message;
      end();
    });
  });

  function notify(): void {
    for (const watcher of [...watchers]) watcher();
  }

  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const at = performance.now();
    output += text;
    const parts = (pending + text).split('\n');
    pending = parts.pop() as string;
    lines.push(...parts.map((line) => ({ line, at })));
    notify();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });

  function written(): string {
    return outputFile === undefined ? output : readFileSync(outputFile, 'utf8');
  }

  function failure(what: string): Error {
    return new Error(`${command.join(' ')}: ${what}\n${written().slice(-2000)}`);
  }

  function line(passes: (line: string) => boolean): Promise<{ line: string; at: number }> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(failure('not ready in time'))), LONGEST_START_MS);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        watchers.delete(look);
        how();
      };
      const look = () => {
        const found = lines.find((candidate) => passes(candidate.line));
        if (found) settle(() => resolve(found));
        else if (hasEnded) settle(() => reject(failure('ended before it was ready')));
      };
      watchers.add(look);
      look();
    });
  }

  async function answers(url: string): Promise<void> {
    const deadline = performance.now() + LONGEST_START_MS;
    while (!hasEnded && performance.now() < deadline) {
      try {
        await (await fetch(url)).arrayBuffer();
        return;
      } catch {
        await pause(POLL_MS);
      }
    }
    throw failure('did not answer');
  }

  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    await ended;
  }

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }

  return { pid: child.pid ?? 0, startedAt, output: written, line, answers, stop, kill };
}
