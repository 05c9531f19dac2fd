import type { Outage, OutagePhase } from '../discovery/outage.ts';
import type { StatusEntry } from '../discovery/status.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import type { ServiceLevel } from '../metrics/availability/service-level.ts';
import type { TierLatency } from '../metrics/availability/tier-latency.ts';
import type { StoreHealth } from '../store/open-store.ts';

/** What `guiche status` shows of a running service. */
export interface ServiceStatus {
  /** True when every ecosystem says OK and nothing that guiche needs is away. */
  readonly isOk: boolean;
  readonly ecosystems: readonly EcosystemStatus[];
  readonly outages: readonly (Outage & { readonly phase: OutagePhase })[];
  /** Faults of data files, by dataset. */
  readonly faults: Readonly<Record<string, readonly Diagnostic[]>>;
  readonly store: StoreHealth;
  /** Whether nodes count their limits together; undefined for one process on its own. */
  readonly sharedLimits: 'shared' | 'away' | undefined;
  /** Calls counted and not yet stored. */
  readonly waitingCalls: number;
  /** The directories of the institutions that hold consents. */
  readonly directories: readonly DirectoryStatus[];
}

/** What the processes that serve tell of themselves. */
export type ServingReport = Pick<ServiceStatus, 'faults' | 'sharedLimits' | 'waitingCalls' | 'directories'>;

/** How current what is known of a directory is. */
export interface DirectoryStatus {
  readonly ecosystem: string;
  /** When everything was last fetched, in milliseconds since the epoch; undefined when it never was. */
  readonly fetchedAt: number | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly failure: string | undefined;
}

export interface EcosystemStatus {
  readonly ecosystem: string;
  readonly status: readonly StatusEntry[];
  /** Day, month and quarter against their targets, with the forecast; undefined while the database is away. */
  readonly availability: readonly ServiceLevel[] | undefined;
  /** Today's 95th percentile of each tier; undefined while the database is away. */
  readonly latency: readonly TierLatency[] | undefined;
}
