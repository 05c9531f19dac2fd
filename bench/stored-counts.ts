import { setTimeout as pause } from 'node:timers/promises';
import type { DayCounts } from '../src/metrics/metrics-store.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Sample } from './counted-load.ts';
import { SILENT } from './start-database.ts';

/** What is compared for each endpoint, over all days. */
export interface EndpointCounts {
  calls: number;
  unattendedCalls: number;
  errors: number;
  rejections: number;
}

export type CountsByEndpoint = ReadonlyMap<string, EndpointCounts>;

/** The counts that nodes have put into a database, read as a node reads them. */
export interface StoredCounts {
  read(): Promise<CountsByEndpoint>;
  /** Waits until as many calls have come, at most a minute, and another flush of every node, then reads. */
  readSettled(expectedCalls?: number): Promise<CountsByEndpoint>;
  close(): Promise<void>;
}

/** How often a node stores what it has counted. */
export const FLUSH_INTERVAL_MS = 5_000;

const MEMBERS = ['calls', 'unattendedCalls', 'errors', 'rejections'] as const;
const LONGEST_MS = 60_000;
const POLL_MS = 200;

/** Opens the store beside the nodes; resolves once it can be read. */
export async function openStoredCounts(databaseUrl: string): Promise<StoredCounts> {
  const store = openStore({ stateFolder: '', databaseUrl, log: SILENT });
  while (store.health().state !== 'ready') await pause(10);

  async function read(): Promise<CountsByEndpoint> {
    const counts = new Map<string, EndpointCounts>();
    for (const day of await store.metrics.readDays('2000-01-01', '2100-01-01')) add(counts, day);
    return counts;
  }

  async function readSettled(expectedCalls = 0): Promise<CountsByEndpoint> {
    const end = performance.now() + LONGEST_MS;
    while (totalOf(await read()) < expectedCalls && performance.now() < end) await pause(POLL_MS);
    // What was counted twice would come with the next flush.
    await pause(FLUSH_INTERVAL_MS * 1.3);
    return read();
  }

  return { read, readSettled, close: () => store.close() };
}

function add(counts: Map<string, EndpointCounts>, day: DayCounts): void {
  const sum = counts.get(day.endpoint) ?? none();
  for (const member of MEMBERS) sum[member] += day[member];
  counts.set(day.endpoint, sum);
}

function none(): EndpointCounts {
  return { calls: 0, unattendedCalls: 0, errors: 0, rejections: 0 };
}

/** Counts the answers as the generator saw them, by the definitions of the metrics. */
export function countAnswers(samples: Iterable<Sample>): CountsByEndpoint {
  const counts = new Map<string, EndpointCounts>();
  for (const { request, status } of samples) {
    if (status === undefined) continue;
    const sum = counts.get(request.endpoint) ?? none();
    counts.set(request.endpoint, sum);
    sum.calls += 1;
    const { headers = {} } = request;
    if ('authorization' in headers && !('x-fapi-customer-ip-address' in headers)) sum.unattendedCalls += 1;
    if (status === 429 || status === 529) sum.rejections += 1;
    else if (status >= 500 && status <= 599) sum.errors += 1;
  }
  return counts;
}

/** By how much two counts differ: the absolute differences of every member of every endpoint, added up. */
export function differenceOf(a: CountsByEndpoint, b: CountsByEndpoint): number {
  let difference = 0;
  for (const endpoint of new Set([...a.keys(), ...b.keys()])) {
    const [one, other] = [a.get(endpoint) ?? none(), b.get(endpoint) ?? none()];
    for (const member of MEMBERS) difference += Math.abs(one[member] - other[member]);
  }
  return difference;
}

/** All calls, or those to some endpoints. */
export function totalOf(counts: CountsByEndpoint, endpoints: Iterable<string> = counts.keys()): number {
  let calls = 0;
  for (const endpoint of endpoints) calls += counts.get(endpoint)?.calls ?? 0;
  return calls;
}
