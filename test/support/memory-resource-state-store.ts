import type {
  RecordedState,
  ResourceStateStore,
  ResourceTransition,
  StateChanges,
} from '../../src/resources/resource-state-store.ts';

/** A store of states without a database. It knows no consents, and so forgets the states of none. */
export interface MemoryResourceStateStore extends ResourceStateStore {
  /** Everything that was recorded, by whomever, in order. */
  readonly recordings: readonly (StateChanges & { readonly consentId: string })[];
  /** How often somebody has asked what is recorded. */
  readonly finds: () => number;
  /** Awaited before each recording is judged: a test decides here who comes first. */
  beforeRecord: () => Promise<void> | void;
}

interface Kept {
  revision: number;
  readyAt: number | undefined;
  readonly states: Map<string, RecordedState>;
}

export function createMemoryResourceStateStore(): MemoryResourceStateStore {
  const consents = new Map<string, Kept>();
  const recordings: (StateChanges & { consentId: string })[] = [];
  let transitions: (ResourceTransition & { resource: string })[] = [];
  let finds = 0;

  const keptOf = (consentId: string) =>
    consents.get(consentId) ?? { revision: 0, readyAt: undefined, states: new Map() };

  return {
    recordings,
    finds: () => finds,
    beforeRecord: () => {},

    async find(consentId) {
      finds += 1;
      const { revision, readyAt, states } = keptOf(consentId);
      return { revision, readyAt, states: new Map(states) };
    },

    async record(consentId, revision, changes) {
      await this.beforeRecord();
      const kept = keptOf(consentId);
      if (kept.revision !== revision) return undefined;
      for (const state of changes.states) {
        const from = kept.states.get(state.resource)?.status;
        const { resource, type, status, reason } = state;
        transitions.unshift({ consentId, resource, type, from, to: status, reason, at: changes.at });
        kept.states.set(resource, { ...state });
      }
      if (changes.isReady) kept.readyAt ??= changes.at;
      kept.revision += 1;
      consents.set(consentId, kept);
      recordings.push({ consentId, ...changes });
      return kept.revision;
    },

    async history(resourceId, limit) {
      return transitions
        .filter(({ resource }) => resource === resourceId)
        .slice(0, limit)
        .map(({ resource: _, ...transition }) => transition);
    },

    async sweep(now) {
      const before = new Date(now);
      before.setUTCMonth(before.getUTCMonth() - 12);
      const young = transitions.filter(({ at }) => at >= before.getTime());
      const swept = transitions.length - young.length;
      transitions = young;
      return swept;
    },
  };
}
