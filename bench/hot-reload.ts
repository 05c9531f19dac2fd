import { linkSync, mkdirSync, renameSync } from 'node:fs';
import { Agent } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BRANCHES, PAGE_SIZE, recordsOf } from './big-dataset.ts';
import { type BranchFile, createRandom, markOf, writeBranchFile } from './branch-file.ts';
import { fetchPage } from './fetch-page.ts';
import type { Measure } from './measure.ts';
import { freshFolder } from './places.ts';
import { readMemory } from './process-usage.ts';
import { startGuiche } from './start-guiche.ts';
import { rounded, summarize } from './statistics.ts';

const CONNECTIONS = 8;
/** Each connection asks this often, whether or not the answer before was quick: a pause is felt by all it delays. */
const INTERVAL_MS = 10;
const BEFORE_MS = 3_000;
/** Giving memory back after the switch is part of the reload. */
const AFTER_MS = 1_500;
const LONGEST_RELOAD_MS = 60_000;

/** What one request got. */
interface Sample {
  /** When it was due, on the clock of `performance.now()`. */
  readonly due: number;
  readonly sent: number;
  readonly answered: number;
  /** The version of the data, or why the answer is no good. */
  readonly found: number | string;
}

/** One change of the file, seen from outside. */
interface Reload {
  readonly replaced: number;
  readonly switched: number;
  readonly until: number;
  readonly version: number;
}

/** Replaces a dataset of 100 MB while its pages are asked for: every answer must be whole and of one version. */
export const measureHotReload: Measure = async ({ quick, tell }) => {
  const folder = freshFolder('hot-reload');
  const served = `${join(folder, 'data', BRANCHES)}.json`;
  mkdirSync(dirname(served), { recursive: true });
  const records = recordsOf({ quick });
  tell(`hot reload: two versions of ${records} records`);
  // The versions differ in length too, so that a page of one with the totals of the other is found out.
  const versions = [
    await writeBranchFile(join(folder, 'first.json'), records, 1),
    await writeBranchFile(join(folder, 'second.json'), records - PAGE_SIZE, 2),
  ];
  replaceFile(folder, served, versions[0] as BranchFile);
  const guiche = await startGuiche(['--data', join(folder, 'data')]);
  try {
    const load = startLoad(guiche.origin, versions);
    await pause(BEFORE_MS);
    const before = load.samples.filter(({ due }) => due > load.startedAt + BEFORE_MS / 3);
    const reloads: Reload[] = [];
    for (let round = 0; round < (quick ? 2 : 4); round += 1) {
      const version = 2 - (round % 2);
      reloads.push(await reloadOnce(folder, served, version, versions, load.samples));
      const { replaced, switched } = reloads.at(-1) as Reload;
      tell(`hot reload: version ${version} after ${Math.round(switched - replaced)} ms`);
    }
    await load.stop();
    return judge(load.samples, before, reloads, versions, readMemory(guiche.pid).peak);
  } finally {
    await guiche.stop();
  }
};

/** Puts a version in place the way deployments do: under another name first, then by renaming. */
function replaceFile(folder: string, served: string, { file }: BranchFile): void {
  const next = join(folder, 'next.json');
  linkSync(file, next);
  renameSync(next, served);
}

async function reloadOnce(
  folder: string,
  served: string,
  version: number,
  versions: readonly BranchFile[],
  samples: readonly Sample[],
): Promise<Reload> {
  let seen = samples.length;
  const replaced = performance.now();
  replaceFile(folder, served, versions[version - 1] as BranchFile);
  while (performance.now() < replaced + LONGEST_RELOAD_MS) {
    await pause(INTERVAL_MS);
    for (; seen < samples.length; seen += 1) {
      const sample = samples[seen] as Sample;
      if (sample.found !== version) continue;
      await pause(AFTER_MS);
      return { replaced, switched: sample.answered, until: performance.now(), version };
    }
  }
  throw new Error(`version ${version} was not served within ${LONGEST_RELOAD_MS / 1000} s`);
}

/** Asks for pages from everywhere in the dataset until stopped; samples come in the order of their answers. */
function startLoad(origin: string, versions: readonly BranchFile[]) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const pages = Math.min(...versions.map(({ records }) => records)) / PAGE_SIZE;
  let isStopped = false;

  async function askOften(connection: number): Promise<void> {
    const random = createRandom(connection);
    let due = startedAt + (connection * INTERVAL_MS) / CONNECTIONS;
    while (!isStopped) {
      const early = due - performance.now();
      if (early > 0) await pause(early);
      const sent = performance.now();
      const page = 1 + Math.floor(random() * pages);
      const url = `${origin}${BRANCHES}?page=${page}&page-size=${PAGE_SIZE}`;
      const { found, answered } = await ask(agent, url, versions);
      samples.push({ due: Math.min(due, sent), sent, answered, found });
      due += INTERVAL_MS;
    }
  }

  const connections = Array.from({ length: CONNECTIONS }, (_, connection) => askOften(connection));
  async function stop(): Promise<void> {
    isStopped = true;
    await Promise.all(connections);
    agent.destroy();
  }
  return { samples, startedAt, stop };
}

async function ask(agent: Agent, url: string, versions: readonly BranchFile[]) {
  try {
    const { body } = await fetchPage(agent, url);
    const answered = performance.now();
    return { answered, found: versionIn(body, versions) };
  } catch (error) {
    return { answered: performance.now(), found: (error as Error).message };
  }
}

/** The version that every record and the totals of a page agree on, or what is wrong with it. */
function versionIn(body: string, versions: readonly BranchFile[]): number | string {
  const { meta } = JSON.parse(body) as { meta: { totalRecords: number } };
  const counts = versions.map((_, index) => body.split(markOf(index + 1)).length - 1);
  const index = counts.indexOf(PAGE_SIZE);
  if (index === -1 || counts.some((count, other) => other !== index && count > 0))
    return `mixed: ${counts.join(' and ')} records of each version`;
  const expected = versions[index]?.records;
  if (meta.totalRecords !== expected)
    return `mixed: records of version ${index + 1} with totals of ${meta.totalRecords}`;
  return index + 1;
}

function judge(
  samples: readonly Sample[],
  before: readonly Sample[],
  reloads: readonly Reload[],
  versions: readonly BranchFile[],
  peak: number,
) {
  const during = reloads.flatMap(({ replaced, until }) =>
    samples.filter(({ due }) => due >= replaced && due <= until),
  );
  const failed = samples.filter(({ found }) => typeof found === 'string');
  const outdated = reloads.flatMap(({ switched, until, version }) =>
    samples.filter(
      ({ sent, found }) => sent > switched && sent <= until && typeof found === 'number' && found !== version,
    ),
  );
  const quiet = summarize(before.map(latency));
  const reloading = summarize(during.map(latency));
  const atMost = (limit: number) => ({ target: { atMost: limit } });
  return {
    figures: [
      {
        name: 'hot reload, failed or mixed answers',
        value: failed.length + outdated.length,
        unit: 'answers',
        ...atMost(0),
        remark: `of ${samples.length}, in ${reloads.length} reloads${failed[0] ? `; first: ${failed[0].found}` : ''}`,
      },
      {
        name: 'hot reload, p99 during the reload',
        value: reloading.p99,
        unit: 'ms',
        ...atMost(100),
        remark: `p50 ${reloading.p50} ms, longest ${reloading.max} ms, of ${reloading.count}; before: p50 ${quiet.p50} ms, p99 ${quiet.p99} ms`,
      },
      {
        name: 'hot reload, longest from new file to new answers',
        value: rounded(Math.max(...reloads.map(({ replaced, switched }) => switched - replaced)) / 1000),
        unit: 's',
      },
      {
        name: 'hot reload, highest ever resident',
        value: rounded(peak / (versions[0] as BranchFile).bytes),
        unit: '× its size',
      },
    ],
    details: {
      connections: CONNECTIONS,
      requestsPerSecond: (CONNECTIONS * 1000) / INTERVAL_MS,
      fileBytes: versions.map(({ bytes }) => bytes).join(' and '),
      latencies: { before: quiet, during: reloading },
      reloads: reloads.map(({ replaced, switched, until, version }) => ({
        version,
        switchedAfterMs: Math.round(switched - replaced),
        ...summarize(samples.filter(({ due }) => due >= replaced && due <= until).map(latency)),
      })),
      failures: failed.slice(0, 20).map(({ found }) => ({ found })),
    },
  };
}

/** Waiting for a connection that an earlier answer held up counts as well. */
function latency({ due, answered }: Sample): number {
  return answered - due;
}
