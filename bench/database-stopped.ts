import { setTimeout as pause } from 'node:timers/promises';
import { ASKED_PATHS, keyOf, METRICS_PATHS, pick, STATUS_PATHS } from './asked-endpoints.ts';
import { createRandom } from './branch-file.ts';
import { describeFailures, hasFailed, latencyOf, type Sample, startCountedLoad } from './counted-load.ts';
import { createKeepAliveConnection } from './keep-alive-connection.ts';
import type { Measure } from './measure.ts';
import { startDatabase } from './start-database.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { rounded, summarize } from './statistics.ts';
import { countAnswers, differenceOf, openStoredCounts, totalOf } from './stored-counts.ts';

const REQUESTS_PER_SECOND = 500;
const CONNECTIONS = 16;
const BEFORE_MS = 6_000;
/** Nodes try again to connect every few seconds. */
const AFTER_MS = 12_000;
const LOOK_MS = 500;
/** By when status is to know: the regulator looks every 30 s. */
const NOTICED_MS = 3_000;

/** What status said at one moment, on the clock of `performance.now()`. */
interface Look {
  readonly at: number;
  readonly path: string;
  readonly status: number | undefined;
  readonly codes: readonly string[];
  /** Whether it names the regulatory metrics, which are all that needs the database. */
  readonly namesMetrics: boolean;
}

/** The database goes away for a minute under load. */
export const measureDatabaseStopped: Measure = async ({ quick, tell }) => {
  const awayMs = quick ? 10_000 : 60_000;
  const database = await startDatabase();
  try {
    const guiche = await startGuiche(EXAMPLES, { environment: { DATABASE_URL: database.url } });
    try {
      await pause(1_500);
      const random = createRandom(5);
      const load = startCountedLoad({
        connections: CONNECTIONS,
        requestsPerSecond: REQUESTS_PER_SECOND,
        next() {
          const path = pick(ASKED_PATHS, random);
          return { origin: guiche.origin, endpoint: keyOf(path), path };
        },
      });
      // The report itself goes missing with the database; each of its refusals is one more event to keep.
      const reports = startCountedLoad({
        connections: 1,
        requestsPerSecond: 2,
        next() {
          const path = pick(METRICS_PATHS, random);
          return { origin: guiche.origin, endpoint: keyOf(path), path };
        },
      });
      const watch = watchStatus(guiche.origin);
      await pause(BEFORE_MS);
      tell(`database: away for ${awayMs / 1000} s`);
      const stoppedAt = performance.now();
      await database.stop();
      await pause(stoppedAt + awayMs - performance.now());
      const startedAt = performance.now();
      await database.start();
      await pause(AFTER_MS);
      await Promise.all([load.stop(), reports.stop(), watch.stop()]);
      const healedAt = watch.looks.find(
        ({ at, codes }) => at > startedAt && codes.every((code) => code === 'OK'),
      )?.at;

      tell('database: back, reading what has been kept');
      const asked = [...load.samples, ...reports.samples, ...watch.samples];
      const own = countAnswers(asked);
      const stored = await openStoredCounts(database.url);
      const kept = await stored.readSettled(totalOf(own));
      await stored.close();

      const isAway = ({ due }: Sample) => due >= stoppedAt && due < startedAt;
      const during = load.samples.filter(isAway);
      const before = load.samples.filter(({ due }) => due < stoppedAt);
      const looks = watch.looks.filter(({ at }) => at > stoppedAt + NOTICED_MS && at < startedAt);
      const noticed = watch.looks.find(({ at, namesMetrics }) => at > stoppedAt && namesMetrics);
      const telling = looks.filter(({ status, namesMetrics }) => status === 200 && namesMetrics).length;
      const latencies = {
        before: summarize(before.map(latencyOf)),
        during: summarize(during.map(latencyOf)),
      };
      return {
        figures: [
          {
            name: `database away for ${awayMs / 1000} s, failed answers of open data`,
            value: load.samples.filter(hasFailed).length,
            unit: 'answers',
            target: { atMost: 0 },
            remark: `of ${load.samples.length}, ${during.length} of them while it was away; p99 ${latencies.during.p99} ms, before ${latencies.before.p99} ms`,
          },
          {
            name: 'database away, status answers that name what is impaired',
            value: rounded(telling / looks.length),
            unit: 'of all',
            target: { atLeast: 1 },
            remark: `${looks.length} looks at both ecosystems, from ${NOTICED_MS / 1000} s on; ${[...new Set(looks.flatMap(({ codes }) => codes))].join(', ')}; first told after ${noticed ? rounded((noticed.at - stoppedAt) / 1000) : 'never'} s`,
          },
          {
            name: 'database away, stored counts beside the generator’s own',
            value: differenceOf(own, kept),
            unit: 'calls',
            target: { atMost: 0 },
            remark: `differences by endpoint, of ${totalOf(own)} calls; status and the report’s own refusals are among them`,
          },
          {
            name: 'database back, until status is OK again',
            value: healedAt === undefined ? undefined : rounded((healedAt - startedAt) / 1000),
            unit: 's',
            ...(healedAt === undefined ? { remark: 'not within the measure' } : {}),
          },
        ],
        details: {
          requestsPerSecond: REQUESTS_PER_SECOND,
          latencies,
          failures: describeFailures(load.samples),
          reports: {
            answered: reports.samples.filter((sample) => !hasFailed(sample)).length,
            refused: reports.samples.filter(hasFailed).length,
          },
          byEndpoint: Object.fromEntries(
            [...own].map(([key, counts]) => [key, { own: counts, stored: kept.get(key) }]),
          ),
        },
      };
    } finally {
      await guiche.stop();
    }
  } finally {
    await database.close();
  }
};

/** Looks at the status of both ecosystems in turn. */
function watchStatus(origin: string) {
  const looks: Look[] = [];
  const samples: Sample[] = [];
  const connection = createKeepAliveConnection(origin);
  let isStopped = false;

  async function look(path: string): Promise<void> {
    const due = performance.now();
    const request = { origin, endpoint: keyOf(path), path };
    const received = await connection.ask(path).catch(() => undefined);
    const answered = performance.now();
    samples.push({ request, due, answered, status: received?.status });
    const body = received?.body() ?? '';
    looks.push({
      at: answered,
      path,
      status: received?.status,
      codes: codesIn(body),
      namesMetrics: /\/metrics\b/.test(body),
    });
  }

  async function lookOften(): Promise<void> {
    while (!isStopped) {
      for (const path of STATUS_PATHS) await look(path);
      await pause(LOOK_MS);
    }
    connection.close();
  }

  const looking = lookOften();
  async function stop(): Promise<void> {
    isStopped = true;
    await looking;
  }
  return { looks, samples, stop };
}

function codesIn(body: string): string[] {
  try {
    const { data } = JSON.parse(body) as { data: { status: { code: string }[] } };
    return data.status.map(({ code }) => code);
  } catch {
    return ['no status'];
  }
}
