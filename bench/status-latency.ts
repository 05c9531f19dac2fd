import { setTimeout as pause } from 'node:timers/promises';
import { keyOf, STATUS_PATHS } from './asked-endpoints.ts';
import { describeFailures, hasFailed, latencyOf, startCountedLoad } from './counted-load.ts';
import type { Measure } from './measure.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';
import { SERVER_PROCESSOR } from './start-process.ts';
import { summarize } from './statistics.ts';

const REQUESTS_PER_SECOND = 5_000;
const CONNECTIONS = 64;
/** The database is created meanwhile. */
const SETTLED_MS = 4_000;
const WARM_MS = 2_000;

/** How long status takes when it is asked 5,000 times a second. */
export const measureStatusLatency: Measure = async ({ quick, tell }) => {
  const seconds = quick ? 5 : 30;
  const guiche = await startGuiche(EXAMPLES, { processor: SERVER_PROCESSOR });
  try {
    await pause(SETTLED_MS);
    tell(`status: ${REQUESTS_PER_SECOND} requests/s for ${seconds} s`);
    let index = 0;
    const load = startCountedLoad({
      connections: CONNECTIONS,
      requestsPerSecond: REQUESTS_PER_SECOND,
      next() {
        index += 1;
        const path = STATUS_PATHS[index % STATUS_PATHS.length] as string;
        return { origin: guiche.origin, endpoint: keyOf(path), path };
      },
    });
    const startedAt = performance.now();
    await pause(WARM_MS + seconds * 1000);
    await load.stop();
    const samples = load.samples.filter(({ due }) => due >= startedAt + WARM_MS);
    const span = (performance.now() - startedAt - WARM_MS) / 1000;
    const found = summarize(samples.map(latencyOf));
    const rate = Math.round(samples.length / span);
    return {
      figures: [
        {
          name: `status at ${REQUESTS_PER_SECOND} requests/s, p99`,
          value: found.p99,
          unit: 'ms',
          target: { atMost: 20 },
          remark: `from when each was due; p50 ${found.p50} ms, longest ${found.max} ms, ${rate} answered a second`,
        },
        {
          name: `status at ${REQUESTS_PER_SECOND} requests/s, failed answers`,
          value: load.samples.filter(hasFailed).length,
          unit: 'answers',
          target: { atMost: 0 },
          remark: `of ${load.samples.length}`,
        },
      ],
      details: {
        connections: CONNECTIONS,
        seconds,
        latencies: found,
        failures: describeFailures(load.samples),
      },
    };
  } finally {
    await guiche.stop();
  }
};
