import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { referenceContracts } from '../test/support/reference-contracts.ts';
import type { Figure, Measure } from './measure.ts';
import { freshFolder } from './places.ts';
import { type ProcessMemory, readMemory, readMemoryBelow } from './process-usage.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { median, rounded } from './statistics.ts';

const MEGABYTE = 1e6;
const SETTLED_MS = 3_000;

interface Start {
  readonly readyMs: number;
  readonly atReady: ProcessMemory;
  readonly settled: ProcessMemory | undefined;
  /** What the database server holds then, which is processes of its own. */
  readonly settledDatabase: number | undefined;
}

/** How long guiche takes to listen and how much memory it then holds: the examples alone, and beside every regulator document. */
export const measureStart: Measure = async ({ quick, tell }) => {
  const runs = quick ? 3 : 9;
  tell(`start: ${runs} starts with the examples`);
  const examples = await startOften(EXAMPLES, runs);
  const cold = await startCold(quick ? 1 : 3);
  const figures: Figure[] = [
    readyFigure('start to ready, examples', examples, 1),
    {
      name: 'start to ready, examples, nothing compiled yet',
      value: seconds(cold.map(({ readyMs }) => readyMs)),
      unit: 's',
    },
    { name: 'resident when ready, examples', value: most(examples, atReady), unit: 'MB' },
    {
      name: `resident ${SETTLED_MS / 1000} s later, examples`,
      value: most(settledOf(examples), ({ resident }) => resident),
      unit: 'MB',
      remark: 'with the store and the operational listener',
    },
    databaseFigure(examples),
  ];
  const name = 'start to ready, examples and every regulator document';
  const memoryName = 'resident, examples and every regulator document';
  const memoryTarget = { atMost: 300 };
  if (!referenceContracts) {
    const remark = 'no folder of regulator documents: GUICHE_REFERENCE_CONTRACTS names one';
    figures.push({ name, value: undefined, unit: 's', target: { atMost: 2.5 }, remark });
    figures.push({ name: memoryName, value: undefined, unit: 'MB', target: memoryTarget, remark });
    return { figures, details: { examples, cold } };
  }
  tell(`start: ${runs} starts with the examples and every regulator document`);
  const options = [...EXAMPLES, '--contracts', referenceContracts];
  const everything = await startOften(options, runs);
  const highest = Math.max(
    most(everything, atReady),
    most(settledOf(everything), ({ resident }) => resident),
  );
  figures.push(
    readyFigure(name, everything, 2.5),
    {
      name: memoryName,
      value: highest,
      unit: 'MB',
      target: memoryTarget,
      remark: `the most of ${runs} starts, when ready or ${SETTLED_MS / 1000} s later`,
    },
    {
      name: 'highest ever resident, examples and every regulator document',
      value: most(everything, (start) => (start.settled ?? start.atReady).peak),
      unit: 'MB',
    },
  );
  return { figures, details: { examples, cold, everything } };
};

/** The server that guiche starts is no part of guiche's own memory. */
function databaseFigure(starts: readonly Start[]): Figure {
  const bytes = starts.flatMap(({ settledDatabase }) => settledDatabase ?? []);
  return {
    name: `resident ${SETTLED_MS / 1000} s later, its database server`,
    value: bytes.length > 0 ? megabytes(Math.max(...bytes)) : undefined,
    unit: 'MB',
    remark:
      bytes.length > 0
        ? 'all its processes, shared memory counted once; in addition to guiche'
        : 'no database server had started',
  };
}

function settledOf(starts: readonly Start[]): ProcessMemory[] {
  return starts.flatMap(({ settled }) => settled ?? []);
}

/** The first start of a series only warms up the disk and the compiled code; memory that settles is looked at once. */
async function startOften(options: readonly string[], runs: number): Promise<Start[]> {
  await startOnce(options, {}, false);
  const starts: Start[] = [];
  for (let run = 0; run < runs; run += 1) starts.push(await startOnce(options, {}, run === 0));
  return starts;
}

/** With a compile cache of its own that is empty, as after `npm install`. */
async function startCold(runs: number): Promise<Start[]> {
  const starts: Start[] = [];
  for (let run = 0; run < runs; run += 1) {
    const NODE_COMPILE_CACHE = freshFolder('compile-cache');
    starts.push(await startOnce(EXAMPLES, { NODE_COMPILE_CACHE }, false));
    rmSync(NODE_COMPILE_CACHE, { recursive: true });
  }
  return starts;
}

async function startOnce(
  options: readonly string[],
  environment: Readonly<Record<string, string>>,
  settles: boolean,
): Promise<Start> {
  const guiche = await startGuiche(options, { environment });
  const atReady = readMemory(guiche.pid);
  if (settles) await pause(SETTLED_MS);
  const settled = settles ? readMemory(guiche.pid) : undefined;
  const settledDatabase = settles ? readMemoryBelow(guiche.pid, 'postgres') : undefined;
  await guiche.stop();
  return { readyMs: Math.round(guiche.readyMs), atReady, settled, settledDatabase };
}

function readyFigure(name: string, starts: readonly Start[], atMost: number): Figure {
  const times = starts.map(({ readyMs }) => readyMs);
  return {
    name,
    value: seconds(times),
    unit: 's',
    target: { atMost },
    remark: `median of ${times.length}, from ${Math.min(...times)} to ${Math.max(...times)} ms`,
  };
}

function seconds(times: readonly number[]): number {
  return rounded(median(times) / 1000);
}

function atReady(start: Start): number {
  return start.atReady.resident;
}

function most<T>(values: readonly T[], bytes: (value: T) => number): number {
  return Math.max(...values.map((value) => megabytes(bytes(value))));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / MEGABYTE);
}
