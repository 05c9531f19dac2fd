import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createVirtualClock } from '../../src/kernel/clock.ts';
import { slotAt } from '../../src/metrics/availability/probe-slot.ts';
import { createSelfProbe } from '../../src/metrics/availability/self-probe.ts';
import type { Finding, ProbeHistory } from '../../src/metrics/metrics-store.ts';
import { createMemoryMetricsStore } from './memory-metrics-store.ts';

/** What is to go wrong, and when; everything is well for the rest of the time. */
export interface Simulation {
  readonly from: number;
  readonly to: number;
  readonly failures: readonly (Finding & { readonly from: number; readonly to: number })[];
}

export interface SimulatedProbes {
  /** How often the status was asked for. */
  readonly asked: number;
  readonly stored: number;
  readonly history: ProbeHistory;
}

/**
 * Lets the self-probe run through a span of time. In a thread of its own, because `node:test` watches every promise of
 * the main one, which makes a quarter of probes take ten times as long.
 */
export function simulateProbes(simulation: Simulation): Promise<SimulatedProbes> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: simulation });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function run({ from, to, failures }: Simulation): Promise<SimulatedProbes> {
  const clock = createVirtualClock(from);
  const store = createMemoryMetricsStore();
  let asked = 0;
  const probing = createSelfProbe({
    clock,
    store,
    ecosystems: ['open-insurance'],
    probe: async () => {
      asked += 1;
      const now = clock.now();
      const failure = failures.find((one) => now >= one.from && now < one.to);
      return failure ?? { code: 'OK', unavailableEndpoints: [] };
    },
  });
  // The first probe is asked at once: it must be answered before time passes.
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(to - from - 1);
  await probing.stop();
  const [history] = (await store.readAvailability(slotAt(from), slotAt(to))) as [ProbeHistory];
  return { asked, stored: store.probes().length, history };
}

if (!isMainThread && workerData?.failures) parentPort?.postMessage(await run(workerData));
