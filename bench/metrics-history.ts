import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { REGULATORY_TIME_ZONE } from '../src/app/regulatory-time-zone.ts';
import { createCalendar, shiftDay } from '../src/metrics/calendar.ts';
import { LATENCY_BUCKETS } from '../src/metrics/latency-histogram.ts';
import { mergeSeconds } from '../src/metrics/merge-batches.ts';
import type { MinuteCounts, Probe } from '../src/metrics/metrics-store.ts';
import { openStore, type Store } from '../src/store/open-store.ts';
import { ASKED_PATHS, keyOf, METRICS_PATHS } from './asked-endpoints.ts';
import { createRandom } from './branch-file.ts';
import { fetchPage } from './fetch-page.ts';
import type { Measure } from './measure.ts';
import { SILENT, startDatabase } from './start-database.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { rounded, summarize } from './statistics.ts';

const DAYS = 90;
const ENDPOINTS = 200;
const ECOSYSTEMS = ['open-insurance', 'open-banking'] as const;
const MEGABYTE = 1e6;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SLOT_MS = 30_000;
const FLUSHES_PER_MINUTE = 12;
/** guiche rolls up every half hour what is older than two hours, so this much is there minute by minute at most. */
const KEPT_MINUTES = 150;
const ROLL_UP_AFTER_MS = 2 * HOUR_MS;
const DAYS_PER_VACUUM = 5;
/** The server looks every minute; every second time is the more careful assumption. */
const MINUTES_PER_VACUUM = 2;

/** A quarter of metrics of 200 endpoints: how long the regulatory report takes, and how much room they need. */
export const measureMetricsHistory: Measure = async ({ quick, tell }) => {
  const database = await startDatabase();
  try {
    const now = Date.now();
    const store = await openReady(database.url);
    // What the server does by itself once a minute; here hours pass within seconds.
    const vacuum = async () => {
      await query(database.url, 'vacuum');
    };
    const endpoints = nameEndpoints();
    tell(`history: ${DAYS} days of ${ENDPOINTS} endpoints`);
    await fillDays(store, endpoints, now, vacuum);
    const minutes = quick ? 5 : KEPT_MINUTES;
    tell(`history: the last ${minutes} minutes, flush by flush`);
    await fillMinutes(store, endpoints, now, { count: minutes, vacuum });
    await vacuum();
    const rows = await countRows(database.url);
    await store.close();

    const guiche = await startGuiche(EXAMPLES, { environment: { DATABASE_URL: database.url } });
    try {
      await pause(1_500);
      tell('history: asking for the report');
      const answers = await timeReports(guiche.origin, quick ? 50 : 300);
      const size = await sizeOf(database.url);
      return {
        figures: [
          ...answers.map(({ path, first, latencies, bytes }) => ({
            name: `metrics of ${DAYS} days × ${ENDPOINTS} endpoints, ${path}`,
            value: latencies.p99,
            unit: 'ms',
            target: { atMost: 50 },
            remark: `p99 of ${latencies.count}, one after the other; median ${latencies.p50} ms, longest ${latencies.max} ms, the very first ${rounded(first)} ms; ${Math.round(bytes / 1000)} kB`,
          })),
          {
            name: `metrics of ${DAYS} days × ${ENDPOINTS} endpoints, database`,
            value: rounded(size / MEGABYTE),
            unit: 'MB',
            target: { atMost: 200 },
            remark: `with ${minutes} minutes not rolled up yet, after as many updates in place`,
          },
        ],
        details: {
          days: DAYS,
          endpoints: `${ENDPOINTS}: ${ASKED_PATHS.length} of the examples, the others made up`,
          probes: 'one per ecosystem and 30 s, one in 500 of them not OK',
          minutesNotRolledUp: minutes,
          vacuumed: `every ${MINUTES_PER_VACUUM} of these minutes and every ${DAYS_PER_VACUUM} days, where autovacuum looks once a minute of real time`,
          databaseBytes: size,
          rows,
          answers,
        },
      };
    } finally {
      await guiche.stop();
    }
  } finally {
    await database.close();
  }
};

async function openReady(databaseUrl: string): Promise<Store> {
  const store = openStore({ stateFolder: '', databaseUrl, log: SILENT });
  while (store.health().state !== 'ready') await pause(10);
  return store;
}

interface NamedEndpoint {
  readonly endpoint: string;
  readonly ecosystem: string;
}

/** Real ones first, so that the report finds counts for them. */
function nameEndpoints(): NamedEndpoint[] {
  return Array.from({ length: ENDPOINTS }, (_, index) => {
    const path = ASKED_PATHS[index];
    if (path !== undefined) return { endpoint: keyOf(path), ecosystem: path.split('/')[1] as string };
    const ecosystem = ECOSYSTEMS[index % ECOSYSTEMS.length] as string;
    return {
      endpoint: `GET /${ecosystem}/made-up-api-${index}/v1/resources/{resourceId}/details`,
      ecosystem,
    };
  });
}

/** Whole days, each delivered as one count per endpoint and hour, with its probes, and rolled up as guiche does. */
async function fillDays(
  store: Store,
  endpoints: readonly NamedEndpoint[],
  now: number,
  vacuum: () => Promise<void>,
): Promise<void> {
  const calendar = createCalendar(REGULATORY_TIME_ZONE);
  const random = createRandom(7);
  const node = randomUUID();
  const today = calendar.dayOf(now);
  for (let back = DAYS; back >= 1; back -= 1) {
    const start = calendar.startOf(shiftDay(today, -back));
    for (let hour = 0; hour < 24; hour += 6) {
      const minutes = [0, 1, 2, 3, 4, 5].flatMap((more) =>
        endpoints.map((endpoint) => countsOf(endpoint, start + (hour + more) * HOUR_MS, 60, random)),
      );
      await append(store, node, (DAYS - back) * 24 + hour + 1, minutes);
    }
    await store.metrics.appendProbes(probesOf(start, start + 24 * HOUR_MS, random));
    await store.metrics.rollUp(start + 24 * HOUR_MS);
    if (back % DAYS_PER_VACUUM === 0) await vacuum();
  }
}

/** The minutes until now as a node delivers them: each in twelve parts. */
async function fillMinutes(
  store: Store,
  endpoints: readonly NamedEndpoint[],
  now: number,
  { count, vacuum }: { count: number; vacuum: () => Promise<void> },
): Promise<void> {
  const random = createRandom(8);
  const node = randomUUID();
  let sequence = 0;
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  for (let minute = last - count * MINUTE_MS; minute < last; minute += MINUTE_MS) {
    for (let flush = 0; flush < FLUSHES_PER_MINUTE; flush += 1) {
      sequence += 1;
      const minutes = endpoints.map((endpoint) =>
        countsOf(endpoint, minute, 60 / FLUSHES_PER_MINUTE, random, flush * (60 / FLUSHES_PER_MINUTE)),
      );
      await append(store, node, sequence, minutes);
    }
    if ((minute / MINUTE_MS) % MINUTES_PER_VACUUM === 0) await vacuum();
  }
  await store.metrics.rollUp(now - Math.max(ROLL_UP_AFTER_MS, count * MINUTE_MS));
}

function append(
  store: Store,
  node: string,
  sequence: number,
  minutes: readonly MinuteCounts[],
): Promise<void> {
  return store.metrics.append({ node, sequence, minutes, seconds: mergeSeconds(minutes) });
}

function countsOf(
  { endpoint, ecosystem }: NamedEndpoint,
  minute: number,
  busySeconds: number,
  random: () => number,
  from = 0,
): MinuteCounts {
  const seconds = Array.from({ length: 60 }, (_, second) =>
    second >= from && second < from + busySeconds ? Math.floor(random() * 20) : 0,
  );
  const calls = seconds.reduce((sum, each) => sum + each, 0);
  const latency = Array.from({ length: LATENCY_BUCKETS }, (_, bucket) =>
    Math.floor(calls / 2 ** (bucket + 1)),
  );
  return {
    endpoint,
    ecosystem,
    minute,
    calls,
    unattendedCalls: Math.floor(calls / 7),
    errors: Math.floor(calls / 100),
    rejections: 0,
    timedCalls: calls,
    durationMicros: calls * 12_345,
    unattendedTimedCalls: Math.floor(calls / 7),
    unattendedDurationMicros: Math.floor(calls / 7) * 12_345,
    latency,
    seconds,
  };
}

function probesOf(from: number, until: number, random: () => number): Probe[] {
  const slots = Array.from(
    { length: (until - from) / SLOT_MS },
    (_, index) => Math.floor(from / SLOT_MS) + index,
  );
  return slots.flatMap((slot) =>
    ECOSYSTEMS.map((ecosystem): Probe => {
      if (random() > 1 / 500) return { ecosystem, slot, code: 'OK', unavailableEndpoints: [] };
      return { ecosystem, slot, code: 'PARTIAL_FAILURE', unavailableEndpoints: [ASKED_PATHS[0] as string] };
    }),
  );
}

async function timeReports(origin: string, count: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const found = [];
  for (const path of METRICS_PATHS) {
    const url = `${origin}${path}?period=ALL`;
    const first = await fetchPage(agent, url);
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) times.push((await fetchPage(agent, url)).milliseconds);
    found.push({
      path: `${path}?period=ALL`,
      first: first.milliseconds,
      bytes: Buffer.byteLength(first.body),
      latencies: summarize(times),
    });
  }
  agent.destroy();
  return found;
}

async function sizeOf(url: string): Promise<number> {
  const [row] = await query(url, 'select pg_database_size(current_database())::float8 as bytes');
  return row?.bytes as number;
}

async function countRows(url: string) {
  return query(
    url,
    `select relname as table, n_live_tup::int as rows, pg_total_relation_size(relid)::int as bytes
      from pg_stat_user_tables order by relname`,
  );
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
