import { setTimeout as pause } from 'node:timers/promises';
import { CONNECTIONS, chooseLoadGenerator, INSTALL_ADVICE } from './generate-load.ts';
import type { Measure } from './measure.ts';
import { choosePairs, describePairs, drivePairs, judgePairs } from './paired-rounds.ts';
import { unobservedGuiche } from './peers/unobserved-guiche.ts';
import { EXAMPLES, startGuiche, UNREACHABLE_LIMIT } from './start-guiche.ts';
import { SERVER_PROCESSOR } from './start-process.ts';

const PATH = '/open-insurance/channels/v2/branches';
/** The database is created meanwhile. */
const SETTLED_MS = 5_000;

/** What it costs open data that every answer is counted, stored and held to the limits. */
export const measureObservedThroughput: Measure = async ({ quick, tell }) => {
  const generator = chooseLoadGenerator();
  const expected = {
    name: 'requests/s with metrics, limits and events on, against off',
    unit: '× off',
    target: { atLeast: unobservedGuiche.atLeast ?? 0 },
  };
  if (!generator) {
    const remark = `no load generator: neither wrk nor autocannon, ${INSTALL_ADVICE}`;
    return { figures: [{ ...expected, value: undefined, remark }], details: {} };
  }
  const rounds = quick ? 3 : 11;
  const seconds = quick ? 2 : 4;
  const guiche = await startGuiche(EXAMPLES, { processor: SERVER_PROCESSOR });
  try {
    const off = await unobservedGuiche.start({ path: PATH, contentType: '', file: '' });
    try {
      await pause(SETTLED_MS);
      const on = { url: guiche.origin + PATH, pid: guiche.pid };
      tell(`observed: ${rounds} rounds of ${seconds} s, on and off in turn`);
      for (const target of [on, off]) await generator.drive(target.url, seconds, target.pid);
      const pairs = await drivePairs(generator, on, off, rounds, seconds);
      return {
        figures: judgePairs(expected, pairs),
        peers: [{ name: unobservedGuiche.name, measured: true, remark: off.remark }],
        details: {
          request: `GET ${PATH}`,
          connections: CONNECTIONS,
          loadGenerator: generator.name,
          secondsPerRound: seconds,
          on: `guiche serve with the defaults, its own database, and limits of ${UNREACHABLE_LIMIT} that are counted and never reached; the processor time of the database counts as guiche's, and both stay on one processor`,
          off: 'bench/peers/unobserved-guiche-server.ts: the same listener, the same steps after the first, the same prepared pages; without the step that holds the limits, recorder, health window, Prometheus counters, flusher, database, self-probe, hot reload and operational listener',
          ...describePairs(choosePairs(pairs)),
          rounds: pairs,
        },
      };
    } finally {
      await off.stop();
    }
  } finally {
    await guiche.stop();
  }
};
