import type { CallRecord } from './call-record.ts';
import type { CallRecordStore } from './call-record-store.ts';
import { type CallExplanation, explainCall } from './explain-call.ts';

/** One change of what a resource is in a consent. */
export interface ResourceChange {
  readonly consentId: string;
  readonly type: string;
  /** Undefined for the first state. */
  readonly from?: string | undefined;
  readonly to: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A call and why it was answered so. */
export type ExplainedCall = CallRecord & CallExplanation;

/** What a resource is in each consent that has had it, and how it came to be so. */
export interface ExplainedResource {
  /** As receivers know it. */
  readonly id: string;
  /** The newest state by consent, the newest first. */
  readonly states: readonly ResourceChange[];
  /** Newest first. */
  readonly history: readonly ResourceChange[];
}

/** What is known under an id. */
export interface Explanation {
  readonly id: string;
  /** Newest first; empty when the id is of no call that is on record. */
  readonly calls: readonly ExplainedCall[];
  readonly resource?: ExplainedResource;
}

export interface ExplainSettings {
  readonly calls: Pick<CallRecordStore, 'find'>;
  /** Changes of the state of a resource, by its public id, newest first; undefined where no states are kept. */
  readonly historyOf?: (resourceId: string, limit: number) => Promise<readonly ResourceChange[]>;
}

/** Undefined when nothing is known under the id. Rejects while the database is away. */
export type Explain = (id: string) => Promise<Explanation | undefined>;

/** Interaction ids, the loosest that a published contract takes, and public ids of resources. */
const ID = /^[a-z0-9][a-z0-9-]{0,99}$/i;
const MOST_CALLS = 100;
const MOST_CHANGES = 200;

/** Whether something may be known under an id at all. */
export function isExplainable(id: string): boolean {
  return ID.test(id);
}

/**
 * Creates what explains an id: as an interaction id, as the public id of a resource, or as both, since contracts leave
 * receivers free to word the one like the other.
 */
export function createExplain({ calls, historyOf = async () => [] }: ExplainSettings): Explain {
  return async (id) => {
    if (!isExplainable(id)) return undefined;
    const [records, history] = await Promise.all([
      calls.find(id.toLowerCase(), MOST_CALLS),
      historyOf(id, MOST_CHANGES),
    ]);
    if (records.length === 0 && history.length === 0) return undefined;
    return {
      id,
      calls: records.map((record) => ({ ...record, ...explainCall(record) })),
      ...(history.length > 0 && { resource: { id, states: statesOf(history), history } }),
    };
  };
}

function statesOf(history: readonly ResourceChange[]): ResourceChange[] {
  const newest = new Map<string, ResourceChange>();
  for (const change of history) if (!newest.has(change.consentId)) newest.set(change.consentId, change);
  return [...newest.values()];
}
