import { LRUCache } from 'lru-cache';
import type { Consent } from '../consents/consent.ts';
import type {
  RecordedState,
  RecordedStates,
  ResourceStateStore,
  StateChanges,
} from './resource-state-store.ts';

/** What is recorded of consents' resources, as far as this node knows it already. */
export interface KnownStates {
  /** From the database only when the consent tells that there is more than is known here. */
  of(consent: Pick<Consent, 'id' | 'resourcesRevision'>): Promise<RecordedStates>;
  /** From the database. */
  reload(consentId: string): Promise<RecordedStates>;
  /** The new revision, or undefined when somebody has recorded something since `known`. */
  record(consentId: string, known: RecordedStates, changes: StateChanges): Promise<number | undefined>;
}

/** States, over all consents, that are remembered. */
const MOST_REMEMBERED = 500_000;
const BLANK: RecordedStates = Object.freeze({ revision: 0, readyAt: undefined, states: new Map() });

/** Creates what remembers recorded states in front of their store. */
export function createKnownStates(store: Pick<ResourceStateStore, 'find' | 'record'>): KnownStates {
  const records = new LRUCache<string, RecordedStates>({
    maxSize: MOST_REMEMBERED,
    sizeCalculation: ({ states }) => 1 + states.size,
  });

  async function reload(consentId: string): Promise<RecordedStates> {
    const record = await store.find(consentId);
    records.set(consentId, record);
    return record;
  }

  return {
    reload,

    async of({ id, resourcesRevision }) {
      const known = records.get(id) ?? BLANK;
      return known.revision >= resourcesRevision ? known : reload(id);
    },

    async record(consentId, known, changes) {
      const revision = await store.record(consentId, known.revision, changes);
      if (revision !== undefined) records.set(consentId, withChanges(known, revision, changes));
      return revision;
    },
  };
}

function withChanges(
  known: RecordedStates,
  revision: number,
  { states, isReady, at }: StateChanges,
): RecordedStates {
  const changed = states.map((state): [string, RecordedState] => [state.resource, state]);
  return {
    revision,
    readyAt: known.readyAt ?? (isReady ? at : undefined),
    states: new Map([...known.states, ...changed]),
  };
}
