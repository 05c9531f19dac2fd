import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ASKED_PATHS, keyOf, pick, STATUS_PATHS } from './asked-endpoints.ts';
import { createRandom } from './branch-file.ts';
import { hasFailed, type PlannedRequest, type Sample, startCountedLoad } from './counted-load.ts';
import { fetchPage } from './fetch-page.ts';
import type { Figure, Measure } from './measure.ts';
import { type RunningDatabase, startDatabase } from './start-database.ts';
import { EXAMPLES, type RunningGuiche, startGuiche } from './start-guiche.ts';
import { REDIS_ABSENT, type RunningRedis, startRedis } from './start-redis.ts';
import { rounded } from './statistics.ts';
import { countAnswers, differenceOf, openStoredCounts, totalOf } from './stored-counts.ts';

const CONNECTIONS = 32;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Redis and the database are connected to meanwhile. */
const SETTLED_MS = 2_000;

/** The regulators' floors, which are the defaults. */
const PER_MINUTE = 500;
const PER_SECOND = 300;
const TOLERANCE_PERCENT = 2;

/** How the endpoints are asked: as they should be, and in ways that are answered with other statuses or counted apart. */
const MANNERS: readonly { readonly query: string; readonly headers: PlannedRequest['headers'] }[] = [
  { query: '', headers: {} },
  { query: '', headers: {} },
  { query: '', headers: {} },
  { query: '', headers: { 'accept-encoding': 'gzip' } },
  { query: '?page=1&page-size=50', headers: {} },
  { query: '?page=0', headers: {} },
  { query: '?page=999999', headers: {} },
  { query: '', headers: { 'x-v': '99.0.0' } },
  { query: '', headers: { authorization: 'Bearer bench' } },
  {
    query: '',
    headers: { authorization: 'Bearer bench', 'x-fapi-customer-ip-address': '192.0.2.1' },
  },
];

/** Two nodes, one database, one Redis: whether the counts are the generator's own, and whether limits hold over both. */
export const measureTwoNodes: Measure = async ({ quick, tell }) => {
  const database = await startDatabase();
  try {
    const redis = await startRedis();
    try {
      const counts = await measureCounts(database, redis, { requests: quick ? 10_000 : 100_000, tell });
      const limits = redis
        ? await measureLimits(database, redis, { seconds: quick ? 3 : 20, rounds: quick ? 1 : 3, tell })
        : absentLimits();
      return {
        figures: [...counts.figures, ...limits.figures],
        details: { redis: redis?.version ?? REDIS_ABSENT, counts: counts.details, limits: limits.details },
      };
    } finally {
      await redis?.stop();
    }
  } finally {
    await database.close();
  }
};

type Tell = (line: string) => void;

function environmentOf(database: RunningDatabase, redis: RunningRedis | undefined) {
  return { DATABASE_URL: database.url, REDIS_URL: redis?.url };
}

async function withNodes<T>(
  environment: Readonly<Record<string, string | undefined>>,
  use: (nodes: readonly RunningGuiche[]) => Promise<T>,
): Promise<T> {
  // Both at once, so that they meet at the migrations too.
  const started = await Promise.allSettled([1, 2].map(() => startGuiche(EXAMPLES, { environment })));
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    await pause(SETTLED_MS);
    return await use(nodes);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

async function measureCounts(
  database: RunningDatabase,
  redis: RunningRedis | undefined,
  { requests, tell }: { requests: number; tell: Tell },
) {
  return withNodes(environmentOf(database, redis), async (nodes) => {
    tell(`nodes: ${requests} requests at random over two nodes`);
    const random = createRandom(1);
    const paths = [...ASKED_PATHS, ...STATUS_PATHS];
    let left = requests;
    const startedAt = performance.now();
    const load = startCountedLoad({
      connections: CONNECTIONS,
      next() {
        if (left === 0) return undefined;
        left -= 1;
        const path = pick(paths, random);
        const { query, headers = {} } = pick(MANNERS, random);
        return { origin: pick(nodes, random).origin, endpoint: keyOf(path), path: path + query, headers };
      },
    });
    await load.done;
    const seconds = (performance.now() - startedAt) / 1000;
    const stored = await openStoredCounts(database.url);
    try {
      const own = countAnswers(load.samples);
      const kept = await stored.readSettled(totalOf(own));
      const reported = await readReports(nodes);
      const ownByEcosystem = ecosystemTotals(load.samples);
      const reportDifference = Object.entries(ownByEcosystem).reduce(
        (sum, [ecosystem, calls]) => sum + Math.abs(calls - (reported[ecosystem] ?? 0)),
        0,
      );
      const statuses = countBy(load.samples, ({ status }) => String(status));
      const byNode = countBy(load.samples, ({ request }) => request.origin);
      const figures: Figure[] = [
        {
          name: 'two nodes, stored counts beside the generator’s own',
          value: differenceOf(own, kept),
          unit: 'calls',
          target: { atMost: 0 },
          remark: `differences by endpoint in calls, unattended, errors and rejections, of ${load.samples.length} requests to ${paths.length} endpoints, ${Object.values(byNode).join(' and ')} by node`,
        },
        {
          name: 'two nodes, regulatory report beside the generator’s own count',
          value: reportDifference,
          unit: 'calls',
          target: { atMost: 0 },
          remark: Object.entries(reported)
            .map(([ecosystem, calls]) => `${ecosystem} ${calls}`)
            .join(', '),
        },
        {
          name: 'two nodes, requests without an answer',
          value: load.samples.filter(({ status }) => status === undefined).length,
          unit: 'requests',
          target: { atMost: 0 },
        },
      ];
      return {
        figures,
        details: {
          requestsPerSecond: rounded(requests / seconds),
          statuses,
          byEndpoint: Object.fromEntries(
            [...own].map(([key, each]) => [key, { own: each, stored: kept.get(key) }]),
          ),
        },
      };
    } finally {
      await stored.close();
    }
  });
}

/** What either node reports of today and, should midnight have passed, of the days before. */
async function readReports(nodes: readonly RunningGuiche[]): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: false });
  const read = async (node: RunningGuiche | undefined, path: string) =>
    JSON.parse((await fetchPage(agent, node?.origin + path)).body) as { data: unknown };
  // Each node for one of them; the question itself is counted after its answer.
  const insurance = await read(nodes[0], '/open-insurance/admin/v1/metrics?period=ALL');
  const banking = await read(nodes[1], '/open-banking/admin/v2/metrics?period=ALL&page-size=1000');
  return {
    'open-insurance': callsIn(insurance.data),
    'open-banking': (banking.data as unknown[]).reduce<number>((sum, each) => sum + callsIn(each), 0),
  };
}

/** One contract counts all calls, another only classes of them; everything that was asked is open to all. */
function callsIn(record: unknown): number {
  const { invocations } = record as { invocations: Invocations & { unauthenticated?: Invocations } };
  const { currentDay, previousDays } = invocations.unauthenticated ?? invocations;
  return previousDays.reduce((sum, calls) => sum + calls, currentDay);
}

interface Invocations {
  readonly currentDay: number;
  readonly previousDays: readonly number[];
}

function ecosystemTotals(samples: readonly Sample[]): Record<string, number> {
  return countBy(
    samples.filter(({ status }) => status !== undefined),
    ({ request }) => request.path.split('/')[1] as string,
  );
}

function countBy(
  samples: readonly Sample[],
  keyOfSample: (sample: Sample) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const sample of samples) counts[keyOfSample(sample)] = (counts[keyOfSample(sample)] ?? 0) + 1;
  return counts;
}

function limitFigures(
  address: number | undefined,
  overall: number | undefined,
  remarks: readonly [string, string],
): Figure[] {
  const target = { atMost: TOLERANCE_PERCENT };
  return [
    {
      name: `two nodes, ${PER_MINUTE} requests a minute from one address`,
      value: address,
      unit: '% off',
      target,
      remark: remarks[0],
    },
    {
      name: `two nodes, ${PER_SECOND} requests a second in all`,
      value: overall,
      unit: '% off',
      target,
      remark: remarks[1],
    },
  ];
}

function absentLimits() {
  return { figures: limitFigures(undefined, undefined, [REDIS_ABSENT, REDIS_ABSENT]), details: {} };
}

/** The default limits, with the generator as a trusted proxy so that it can speak for many addresses. */
async function measureLimits(
  database: RunningDatabase,
  redis: RunningRedis,
  { seconds, rounds, tell }: { seconds: number; rounds: number; tell: Tell },
) {
  const environment = {
    ...environmentOf(database, redis),
    GUICHE_LIMITS_PER_MINUTE_PER_IP: String(PER_MINUTE),
    GUICHE_LIMITS_PER_SECOND: String(PER_SECOND),
    GUICHE_LIMITS_TRUSTED_PROXIES: '127.0.0.1',
  };
  return withNodes(environment, async (nodes) => {
    const addresses: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      tell(`nodes: one address, round ${round}`);
      addresses.push(passed(await askFromOneAddress(nodes, `192.0.2.${round}`)));
    }
    tell(`nodes: ${seconds} seconds of more than both together may answer`);
    const flood = await askFromEverywhere(nodes, seconds);
    const overall = passed(flood) / seconds;
    const off = (found: number, limit: number) => rounded((Math.abs(found - limit) / limit) * 100);
    return {
      figures: limitFigures(
        Math.max(...addresses.map((found) => off(found, PER_MINUTE))),
        off(overall, PER_SECOND),
        [
          `passed: ${addresses.join(', ')}`,
          `passed: ${rounded(overall)} a second of ${rounded(flood.length / seconds)} sent, over ${seconds} s; the fewest in a second ${fewestPerSecond(flood)}`,
        ],
      ),
      details: {
        passedFromOneAddress: addresses,
        sentFromEverywhere: flood.length,
        passedFromEverywhere: passed(flood),
      },
    };
  });
}

function passed(samples: readonly Sample[]): number {
  return samples.filter((sample) => !hasFailed(sample)).length;
}

function fewestPerSecond(samples: readonly Sample[]): number {
  const offset = Date.now() - performance.now();
  const answered = samples.filter((sample) => !hasFailed(sample));
  return Math.min(
    ...Object.values(countBy(answered, ({ answered: at }) => String(Math.floor((at + offset) / SECOND_MS)))),
  );
}

async function askFromOneAddress(
  nodes: readonly RunningGuiche[],
  address: string,
): Promise<readonly Sample[]> {
  const perSecond = 150;
  const requests = PER_MINUTE * 2;
  await pauseIntoWindow(MINUTE_MS, (requests / perSecond) * SECOND_MS + 5_000);
  return ask(nodes, { perSecond, requests, addressOf: () => address });
}

async function askFromEverywhere(
  nodes: readonly RunningGuiche[],
  seconds: number,
): Promise<readonly Sample[]> {
  const perSecond = PER_SECOND * 5;
  await pauseIntoWindow(SECOND_MS, 930);
  const random = createRandom(2);
  // Ends before the second does, so that as many seconds have begun as are counted.
  const requests = Math.round(perSecond * (seconds - 0.2));
  const part = () => Math.floor(random() * 256);
  return ask(nodes, { perSecond, requests, addressOf: () => `10.${part()}.${part()}.${part()}` });
}

/** Waits for the beginning of a window, unless enough of this one is left. */
async function pauseIntoWindow(windowMs: number, neededMs: number): Promise<void> {
  const left = windowMs - (Date.now() % windowMs);
  if (left < neededMs) await pause(left + 20);
}

async function ask(
  nodes: readonly RunningGuiche[],
  { perSecond, requests, addressOf }: { perSecond: number; requests: number; addressOf: () => string },
): Promise<readonly Sample[]> {
  const random = createRandom(3);
  let left = requests;
  const load = startCountedLoad({
    connections: CONNECTIONS,
    requestsPerSecond: perSecond,
    next() {
      if (left === 0) return undefined;
      left -= 1;
      const path = pick(ASKED_PATHS, random);
      const headers = { 'x-forwarded-for': addressOf() };
      return { origin: pick(nodes, random).origin, endpoint: keyOf(path), path, headers };
    },
  });
  await load.done;
  return load.samples;
}
