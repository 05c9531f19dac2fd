import type { Outage } from './outage.ts';

/**
 * Where outages are kept for ever, shared by all nodes. Every method rejects within 2 s while the store is away.
 */
export interface OutageStore {
  /** Keeps a new outage. Adding one with an id that is there already changes nothing and is no error. */
  add(outage: Outage): Promise<void>;
  /**
   * All outages, the cancelled ones too, in order of start and then of id.
   * `from` (milliseconds since the epoch) leaves out those that had ended by then; without it none is left out.
   */
  list(range?: { readonly from?: number }): Promise<readonly Outage[]>;
  /**
   * Marks an outage as cancelled at an instant, in milliseconds since the epoch. True when it is cancelled from now
   * on by this call; false when no outage has that id or it had been cancelled before (which keeps its first instant).
   */
  cancel(id: string, at: number): Promise<boolean>;
}
