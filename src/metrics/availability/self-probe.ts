import type { Clock } from '../../kernel/clock.ts';
import type { Finding, MetricsStore, Probe } from '../metrics-store.ts';
import { slotAt, slotStart } from './probe-slot.ts';

/** The regulator waits no longer. */
const TIMEOUT_MS = 1_000;
/** How many probes go to the store at a time after an absence. */
const MOST_AT_ONCE = 2_000;

const NO_ANSWER: Finding = { code: 'NO_ANSWER', unavailableEndpoints: [] };

export interface SelfProbeSettings {
  readonly clock: Clock;
  readonly ecosystems: readonly string[];
  /**
   * Asks the status endpoint of an ecosystem as the regulator does. A rejection is no answer. The signal aborts when
   * the time is up: whatever comes later is not waited for.
   */
  readonly probe: (ecosystem: string, signal: AbortSignal) => Promise<Finding>;
  readonly store: Pick<MetricsStore, 'appendProbes'>;
  /** Hears of each failed attempt to store probes, with how many are waiting. */
  readonly onFailure?: (error: unknown, waiting: number) => void;
}

export interface SelfProbe {
  /** Ends probing, once the probes under way have ended and been offered to the store. */
  stop(): Promise<void>;
}

/**
 * Probes every ecosystem now, and from then on once at the beginning of each slot. Findings wait in memory while the
 * store is away; sending some twice is harmless.
 */
export function createSelfProbe(settings: SelfProbeSettings): SelfProbe {
  const { clock, ecosystems, probe, store, onFailure = () => {} } = settings;
  const waiting: Probe[] = [];
  const underWay = new Set<Promise<void>>();
  let storing = Promise.resolve();
  let cancelNext = () => {};
  let lastSlot = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  function begin(): void {
    const slot = slotAt(clock.now());
    // Timers may fire a little early.
    if (slot > lastSlot) {
      lastSlot = slot;
      const round = probeAll(slot).finally(() => underWay.delete(round));
      underWay.add(round);
    }
    const delay = slotStart(slot + 1) - clock.now();
    cancelNext = once(clock, delay, begin);
  }

  async function probeAll(slot: number): Promise<void> {
    const findings = await Promise.all(ecosystems.map((ecosystem) => ask(ecosystem)));
    for (const [index, { code, unavailableEndpoints }] of findings.entries())
      waiting.push({ ecosystem: ecosystems[index] as string, slot, code, unavailableEndpoints });
    await storeWaiting();
  }

  function ask(ecosystem: string): Promise<Finding> {
    return new Promise((resolve) => {
      const controller = new AbortController();
      const cancelTimeout = once(clock, TIMEOUT_MS, () => {
        resolve(NO_ANSWER);
        controller.abort();
      });
      const settle = (finding: Finding) => {
        cancelTimeout();
        resolve(finding);
      };
      probe(ecosystem, controller.signal).then(settle, () => settle(NO_ANSWER));
    });
  }

  function storeWaiting(): Promise<void> {
    storing = storing.then(sendWaiting);
    return storing;
  }

  async function sendWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting.slice(0, MOST_AT_ONCE);
      try {
        await store.appendProbes(some);
      } catch (error) {
        onFailure(error, waiting.length);
        return;
      }
      waiting.splice(0, some.length);
    }
  }

  begin();
  return {
    async stop() {
      if (isStopped) return;
      isStopped = true;
      cancelNext();
      await Promise.all(underWay);
      await storeWaiting();
    },
  };
}

/** Runs an action one time. Returns what prevents it. */
function once(clock: Clock, ms: number, action: () => void): () => void {
  const cancel = clock.every(ms, () => {
    cancel();
    action();
  });
  return cancel;
}
