import { setTimeout as pause } from 'node:timers/promises';
import { ASKED_PATHS, keyOf, pick } from './asked-endpoints.ts';
import { createRandom } from './branch-file.ts';
import { describeFailures, hasFailed, latencyOf, startCountedLoad } from './counted-load.ts';
import type { Measure } from './measure.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { REDIS_ABSENT, startRedis } from './start-redis.ts';
import { rounded, summarize } from './statistics.ts';

const REQUESTS_PER_SECOND = 800;
const CONNECTIONS = 32;
/** A tenth of a limit passes without waiting for Redis, the others ask. Even what a pause delays stays below it. */
const PER_SECOND = 3_000;
const WARM_MS = 2_000;

const NAME = 'Redis away';

/** Redis ends under load, comes back, hangs, and comes back: what the callers notice. */
export const measureRedisStopped: Measure = async ({ quick, tell }) => {
  const phaseMs = quick ? 3_000 : 15_000;
  const redis = await startRedis();
  const target = { atMost: 0 };
  if (!redis) {
    const figure = { name: `${NAME}, failed answers`, value: undefined, unit: 'answers', target };
    return { figures: [{ ...figure, remark: REDIS_ABSENT }], details: {} };
  }
  const environment = { REDIS_URL: redis.url, GUICHE_LIMITS_PER_SECOND: String(PER_SECOND) };
  try {
    const guiche = await startGuiche(EXAMPLES, { environment });
    try {
      await pause(WARM_MS);
      const random = createRandom(6);
      const load = startCountedLoad({
        connections: CONNECTIONS,
        requestsPerSecond: REQUESTS_PER_SECOND,
        next() {
          const path = pick(ASKED_PATHS, random);
          return { origin: guiche.origin, endpoint: keyOf(path), path };
        },
      });
      const phases: { name: string; from: number; until: number }[] = [];
      const phase = async (name: string, begin: () => unknown) => {
        tell(`redis: ${name}`);
        const from = performance.now();
        await begin();
        await pause(phaseMs);
        phases.push({ name, from, until: performance.now() });
      };
      await phase('there', () => {});
      await phase('stopped', redis.stop);
      await phase('there again', redis.start);
      await phase('frozen', redis.freeze);
      await phase('thawed', redis.thaw);
      await load.stop();
      const latencies = phases.map(({ name, from, until }) => ({
        phase: name,
        ...summarize(load.samples.filter(({ due }) => due >= from && due < until).map(latencyOf)),
      }));
      return {
        figures: [
          {
            name: `${NAME}, failed answers`,
            value: load.samples.filter(hasFailed).length,
            unit: 'answers',
            target,
            remark: `of ${load.samples.length} at ${REQUESTS_PER_SECOND} requests/s, most of which wait for Redis; stopped and frozen for ${phaseMs / 1000} s each`,
          },
          ...latencies.map(({ phase: name, p50, p99, max }) => ({
            name: `${NAME}, p99 while ${name}`,
            value: rounded(p99),
            unit: 'ms',
            remark: `p50 ${p50} ms, longest ${max} ms`,
          })),
        ],
        details: {
          redis: redis.version,
          limitPerSecond: PER_SECOND,
          latencies,
          failures: describeFailures(load.samples),
        },
      };
    } finally {
      await guiche.stop();
    }
  } finally {
    redis.thaw();
    await redis.stop();
  }
};
