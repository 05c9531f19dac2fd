import { mkdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeBranchFile } from './branch-file.ts';
import { fetchPage } from './fetch-page.ts';
import type { Measure } from './measure.ts';
import { freshFolder } from './places.ts';
import { readMemory } from './process-usage.ts';
import { type RunningGuiche, startGuiche } from './start-guiche.ts';
import { median, rounded, summarize } from './statistics.ts';

/** Where a data folder holds the dataset, and where its API answers. */
export const BRANCHES = '/open-insurance/channels/v2/branches';

export const PAGE_SIZE = 25;

/** Records of a file of 100 MB, or of one that is made quickly. */
export function recordsOf({ quick }: { readonly quick: boolean }): number {
  return quick ? 20_000 : 200_000;
}

const MEGABYTE = 1e6;
/** The loading thread is gone after two seconds without work. */
const SETTLED_MS = 5_000;
/** Two medians that differ by less are the same. */
const SAME = 1.1;

/** One dataset of 100 MB: how long until it is served, in how much memory, and how fast its first and last pages come. */
export const measureBigDataset: Measure = async ({ quick, tell }) => {
  const records = recordsOf({ quick });
  const lastPage = records / PAGE_SIZE;
  const folder = freshFolder('big-dataset');
  const file = `${join(folder, BRANCHES)}.json`;
  mkdirSync(dirname(file), { recursive: true });
  const { bytes } = await writeBranchFile(file, records, 1);
  tell(`big dataset: ${records} records, ${Math.round(bytes / MEGABYTE)} MB`);

  const starts: { readyMs: number; atReady: number; settled: number; peak: number }[] = [];
  const laps = quick ? 1 : 3;
  // What guiche holds without any data is more than six small files.
  const memoryTarget = quick ? {} : { target: { atMost: 6 } };
  for (let lap = 1; ; lap += 1) {
    const guiche = await startGuiche(['--data', folder]);
    try {
      const atReady = readMemory(guiche.pid).resident;
      await pause(SETTLED_MS);
      const { resident: settled, peak } = readMemory(guiche.pid);
      starts.push({ readyMs: Math.round(guiche.readyMs), atReady, settled, peak });
      if (lap < laps) continue;
      const latencies = await timePages(guiche, lastPage, quick ? 100 : 400);
      const afterwards = readMemory(guiche.pid);
      const first = summarize(latencies.first);
      const last = summarize(latencies.last);
      const times = (bytesOf: (start: (typeof starts)[number]) => number) =>
        rounded(Math.max(...starts.map(bytesOf)) / bytes);
      return {
        figures: [
          {
            name: 'big dataset, start to ready',
            value: rounded(median(starts.map(({ readyMs }) => readyMs)) / 1000),
            unit: 's',
            target: { atMost: 15 },
          },
          {
            name: 'big dataset, resident when ready',
            value: times((start) => start.atReady),
            unit: '× its size',
            ...memoryTarget,
            remark: `the most of ${laps} starts`,
          },
          {
            name: `big dataset, resident ${SETTLED_MS / 1000} s later`,
            value: times(({ settled: later }) => later),
            unit: '× its size',
            ...memoryTarget,
          },
          {
            name: 'big dataset, highest ever resident',
            value: times((start) => start.peak),
            unit: '× its size',
          },
          {
            name: `big dataset, page ${lastPage}`,
            value: last.p50,
            unit: 'ms',
            target: { atMost: 10 },
            remark: `median of ${last.count} pages up to that one, none asked for before; p99 ${last.p99} ms`,
          },
          {
            name: `big dataset, page ${lastPage} beside page 1`,
            value: rounded(last.p50 / first.p50),
            unit: '× page 1',
            target: { atMost: SAME },
            remark: `page 1 and its neighbours: median ${first.p50} ms, p99 ${first.p99} ms; up to ${SAME} counts as equal`,
          },
        ],
        details: { records, fileBytes: bytes, starts, latencies: { first, last }, afterwards },
      };
    } finally {
      await guiche.stop();
    }
  }
};

/** Asks for pages from both ends in turn, each once, so that neither a cache nor the order of asking favours one end. */
async function timePages({ origin }: RunningGuiche, lastPage: number, count: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const time = async (page: number) => {
    const { milliseconds, body } = await fetchPage(agent, urlOf(origin, page));
    const { meta } = JSON.parse(body) as { meta: { totalPages: number } };
    if (meta.totalPages !== lastPage) throw new Error(`page ${page} tells of ${meta.totalPages} pages`);
    return milliseconds;
  };
  const middle = Math.floor(lastPage / 2);
  for (let page = middle; page < middle + count / 2; page += 1) await time(page);
  const first: number[] = [];
  const last: number[] = [];
  for (let step = 0; step < count; step += 1) {
    first.push(await time(1 + step));
    last.push(await time(lastPage - step));
  }
  agent.destroy();
  return { first, last };
}

function urlOf(origin: string, page: number): string {
  return `${origin}${BRANCHES}?page=${page}&page-size=${PAGE_SIZE}`;
}
