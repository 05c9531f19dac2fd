import type { Clock } from '../kernel/clock.ts';
import { type Outage, outagePhase } from './outage.ts';
import type { OutageStore } from './outage-store.ts';

const REFRESH_MS = 5000;
/** How long an outage stays on the board after its end: a quarter, for which availability is reckoned, and more. */
const KEPT_MS = 100 * 86_400_000;

/** What came of cancelling: done, or why there was nothing to cancel. */
export type Cancellation = 'cancelled' | 'unknown' | 'past' | 'cancelled-before';

/** The outages of the institution, at hand also while the store is away. */
export interface OutageBoard {
  /** Reads the store now and again and again from then on. Returns what stops it. */
  start(): () => void;
  /** Reads the store once. Never rejects: while the store is away the last good copy stays. */
  refresh(): Promise<void>;
  /** Announces an outage. Rejects while the store is away: what is not kept is not announced. */
  add(outage: Outage): Promise<void>;
  /** Cancels an outage that has not ended. Rejects while the store is away. */
  cancel(id: string): Promise<Cancellation>;
  /** All outages of the last 100 days and those to come, the cancelled ones too, in order of start. */
  list(): readonly Outage[];
  /** The outages that are running at an instant, in order of start. */
  running(now: number): readonly Outage[];
  /** Another number whenever the outages are not those of before. */
  readonly revision: number;
  /** When the store was last read, in milliseconds since the epoch; undefined before the first time. */
  readonly readAt: number | undefined;
}

export interface OutageBoardSettings {
  readonly store: OutageStore;
  readonly clock: Clock;
  /** Told once when reading begins to fail. */
  readonly onFault?: (error: unknown) => void;
  /** Told once when reading works again. */
  readonly onRecovery?: () => void;
}

/** Creates an empty board; `start` fills it. */
export function createOutageBoard(settings: OutageBoardSettings): OutageBoard {
  const { store, clock, onFault = () => {}, onRecovery = () => {} } = settings;
  let outages: readonly Outage[] = Object.freeze([]);
  let revision = 0;
  let readAt: number | undefined;
  let isAway = false;
  let started = 0;
  /** Answers to readings begun before this one are older than what the board shows. */
  let oldestWanted = 0;

  function show(next: readonly Outage[]): void {
    const sorted = [...next].sort((a, b) => a.startsAt - b.startsAt || (a.id < b.id ? -1 : 1));
    if (JSON.stringify(sorted) === JSON.stringify(outages)) return;
    outages = Object.freeze(sorted);
    revision += 1;
  }

  /** Puts a change that the store has taken on the board, over whatever is being read meanwhile. */
  async function change(next: readonly Outage[]): Promise<void> {
    show(next);
    oldestWanted = started + 1;
    await refresh();
  }

  async function refresh(): Promise<void> {
    started += 1;
    const reading = started;
    try {
      const found = await store.list({ from: clock.now() - KEPT_MS });
      if (reading >= oldestWanted) {
        oldestWanted = reading;
        show(found);
        readAt = clock.now();
      }
      if (isAway) onRecovery();
      isAway = false;
    } catch (error) {
      if (!isAway) onFault(error);
      isAway = true;
    }
  }

  async function add(outage: Outage): Promise<void> {
    await store.add(outage);
    await change([...outages.filter(({ id }) => id !== outage.id), outage]);
  }

  async function cancel(id: string): Promise<Cancellation> {
    const find = () => outages.find((outage) => outage.id === id);
    if (!find()) await refresh();
    const at = clock.now();
    const known = find();
    if (known && outagePhase(known, at) === 'past') return 'past';
    const isCancelled = await store.cancel(id, at);
    if (isCancelled)
      await change(outages.map((outage) => (outage.id === id ? { ...outage, cancelledAt: at } : outage)));
    else await refresh();
    if (isCancelled) return 'cancelled';
    return find() ? 'cancelled-before' : 'unknown';
  }

  return {
    start() {
      void refresh();
      return clock.every(REFRESH_MS, refresh);
    },
    refresh,
    add,
    cancel,
    list: () => outages,
    running: (now) => outages.filter((outage) => outagePhase(outage, now) === 'running'),
    get revision() {
      return revision;
    },
    get readAt() {
      return readAt;
    },
  };
}
