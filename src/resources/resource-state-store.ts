import type { ResourceState, ResourceStatus } from './resource-state.ts';
import type { StateReason } from './state-reasons.ts';

/** The state of one resource in one consent, as it was last found. */
export interface RecordedState extends ResourceState {
  /** Public id. */
  readonly resource: string;
  readonly type: string;
  /** Since when it has that status, whatever the reasons were; milliseconds since the epoch. */
  readonly since: number;
}

/** All that is recorded of a consent's resources. */
export interface RecordedStates {
  /** Counts recordings; 0 before the first. The consent has it too, so that its reader knows whether this is current. */
  readonly revision: number;
  /** When the list of all its resources was ready for the first time; undefined until then. */
  readonly readyAt: number | undefined;
  /** By public id. */
  readonly states: ReadonlyMap<string, RecordedState>;
}

/** What has been found anew of a consent's resources. */
export interface StateChanges {
  /** States that are not recorded so. */
  readonly states: readonly RecordedState[];
  /** True when the list of all its resources was ready. */
  readonly isReady: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One change of state, or of its reason alone. */
export interface ResourceTransition {
  readonly consentId: string;
  readonly type: string;
  /** Undefined for the first state. */
  readonly from: ResourceStatus | undefined;
  readonly to: ResourceStatus;
  readonly reason: StateReason;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Where the states of resources are kept, by consent and public id: neither references of the institution nor anything
 * about a person. Methods reject while the database is away.
 */
export interface ResourceStateStore {
  /** What is recorded of a consent's resources; revision 0 and nothing of one that is not known. */
  find(consentId: string): Promise<RecordedStates>;
  /**
   * Compare-and-set: the new revision, or undefined when `revision` is not the newest any more. Every state becomes a line
   * of the resource's history.
   */
  record(consentId: string, revision: number, changes: StateChanges): Promise<number | undefined>;
  /** What has happened to a resource in all consents, newest first. */
  history(resourceId: string, limit: number): Promise<readonly ResourceTransition[]>;
  /**
   * Deletes states of consents that ended more than three months ago, and history older than twelve, a bounded number of
   * each. Returns how many consents and lines it were.
   */
  sweep(now: number): Promise<number>;
}
