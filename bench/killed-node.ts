import { setTimeout as pause } from 'node:timers/promises';
import { ASKED_PATHS, keyOf, pick } from './asked-endpoints.ts';
import { createRandom } from './branch-file.ts';
import { describeFailures, hasFailed, latencyOf, type Sample, startCountedLoad } from './counted-load.ts';
import type { Measure } from './measure.ts';
import { startDatabase } from './start-database.ts';
import { EXAMPLES, type RunningGuiche, startGuiche } from './start-guiche.ts';
import { startRedis } from './start-redis.ts';
import { rounded, summarize } from './statistics.ts';
import { countAnswers, FLUSH_INTERVAL_MS, openStoredCounts, totalOf } from './stored-counts.ts';

const REQUESTS_PER_SECOND = 500;
const CONNECTIONS = 16;
const BEFORE_MS = 7_000;
const AFTER_MS = 6_000;
/** A flush that is under way when the node dies has taken its counts out, and may not have stored them. */
const TARGET_SECONDS = FLUSH_INTERVAL_MS / 1000;

/** What each node is asked, so that the counts of the one that dies can be told from the other's. */
const MORTAL_PATHS = ASKED_PATHS.slice(0, 5);
const SURVIVOR_PATHS = ASKED_PATHS.slice(5);

/** One of two nodes dies without a word, both under load: what the other's callers notice, and what is forgotten. */
export const measureKilledNode: Measure = async ({ quick, tell }) => {
  const rounds = quick ? 1 : 4;
  const database = await startDatabase();
  const redis = await startRedis();
  const environment = { DATABASE_URL: database.url, REDIS_URL: redis?.url };
  try {
    const stored = await openStoredCounts(database.url);
    const survivor = await startGuiche(EXAMPLES, { environment });
    try {
      const random = createRandom(4);
      const deaths: Awaited<ReturnType<typeof killOnce>>[] = [];
      const survived: Sample[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        const mortal = await startGuiche(EXAMPLES, { environment });
        await pause(1_000);
        // Anywhere between two flushes.
        const after = BEFORE_MS + random() * FLUSH_INTERVAL_MS;
        tell(`killed: round ${round} of ${rounds}, after ${Math.round(after)} ms`);
        const before = totalOf(await stored.read(), MORTAL_PATHS.map(keyOf));
        const death = await killOnce(mortal, survivor, after, round);
        const storedNow = totalOf(await stored.readSettled(), MORTAL_PATHS.map(keyOf)) - before;
        deaths.push({ ...death, stored: storedNow });
        survived.push(...death.survived);
      }
      const survivorStored = await stored.readSettled(totalOf(countAnswers(survived)));
      const survivorKept = totalOf(survivorStored, SURVIVOR_PATHS.map(keyOf));
      const failures = survived.filter(hasFailed);
      const losses = deaths.map(({ answered, killedAt, stored: kept }) => lossOf(answered, killedAt, kept));
      return {
        figures: [
          {
            name: 'one of two nodes killed, failed answers of the other',
            value: failures.length,
            unit: 'answers',
            target: { atMost: 0 },
            remark: `of ${survived.length} in ${rounds} kills, at ${REQUESTS_PER_SECOND} requests/s to each node; longest ${summarize(survived.map(latencyOf)).max} ms`,
          },
          {
            name: 'one of two nodes killed, age of the oldest lost event',
            value: rounded(Math.max(...losses.map(({ seconds }) => seconds))),
            unit: 's',
            target: { atMost: TARGET_SECONDS },
            remark: `when killed; lost ${losses.map(({ events }) => events).join(', ')} events of ${deaths.map(({ answered }) => answered.length).join(', ')}`,
          },
          {
            name: 'one of two nodes killed, counts of the other beside the generator’s own',
            value: Math.abs(survivorKept - totalOf(countAnswers(survived))),
            unit: 'calls',
            target: { atMost: 0 },
          },
        ],
        details: {
          redis: redis?.version ?? 'absent',
          flushIntervalMs: FLUSH_INTERVAL_MS,
          losses,
          answersOfSurvivor: summarize(survived.map(latencyOf)),
          failures: describeFailures(survived),
        },
      };
    } finally {
      await survivor.stop();
      await stored.close();
    }
  } finally {
    await redis?.stop();
    await database.close();
  }
};

async function killOnce(mortal: RunningGuiche, survivor: RunningGuiche, afterMs: number, seed: number) {
  const start = (origin: string, paths: readonly string[]) => {
    const random = createRandom(seed);
    return startCountedLoad({
      connections: CONNECTIONS,
      requestsPerSecond: REQUESTS_PER_SECOND,
      next() {
        const path = pick(paths, random);
        return { origin, endpoint: keyOf(path), path };
      },
    });
  };
  const dying = start(mortal.origin, MORTAL_PATHS);
  const living = start(survivor.origin, SURVIVOR_PATHS);
  await pause(afterMs);
  const killedAt = performance.now();
  await mortal.kill();
  await dying.stop();
  await pause(AFTER_MS);
  await living.stop();
  const answered = dying.samples.filter(({ status }) => status !== undefined);
  return { answered, survived: living.samples, killedAt, stored: 0 };
}

/** Events are lost from the newest backwards, so the number of them says how old the oldest is. */
function lossOf(answered: readonly Sample[], killedAt: number, stored: number) {
  const events = answered.length - stored;
  const oldest = events > 0 ? answered[answered.length - events] : undefined;
  return { events, seconds: oldest ? rounded((killedAt - oldest.answered) / 1000) : 0 };
}
