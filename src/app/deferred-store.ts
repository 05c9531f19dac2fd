import type { Store, StoreHealth } from '../store/open-store.ts';
import { StoreAway } from '../store/store-away.ts';

/** A store that is opened later: until then it is starting, and whoever asks it for something is refused. */
export interface DeferredStore extends Omit<Store, 'directory'> {
  /** Puts the opened store in place. Its health is this one's from now on. */
  attach(store: Store): void;
}

/** Creates a store to be wired in before there is one: serving waits for no database, not even for its driver. */
export function createDeferredStore(now: () => number): DeferredStore {
  const starting: StoreHealth = { state: 'starting', since: now() };
  const listeners = new Set<(health: StoreHealth) => void>();
  const hearers = new Set<(text: string) => void>();
  let attached: Store | undefined;

  function opened(): Store {
    if (!attached) throw new StoreAway('the database is not ready yet');
    return attached;
  }

  return {
    metrics: {
      append: async (batch) => opened().metrics.append(batch),
      readDays: async (from, to) => opened().metrics.readDays(from, to),
      readPeaks: async (from, to) => opened().metrics.readPeaks(from, to),
      appendProbes: async (probes) => opened().metrics.appendProbes(probes),
      readAvailability: async (from, to) => opened().metrics.readAvailability(from, to),
      rollUp: async (before) => opened().metrics.rollUp(before),
    },
    outages: {
      add: async (outage) => opened().outages.add(outage),
      list: async (range) => opened().outages.list(range),
      cancel: async (id, at) => opened().outages.cancel(id, at),
    },
    callRecords: {
      append: async (batch) => opened().callRecords.append(batch),
      find: async (...given) => opened().callRecords.find(...given),
      forgetBefore: async (at) => opened().callRecords.forgetBefore(at),
    },
    consents: {
      create: async (...given) => opened().consents.create(...given),
      find: async (id) => opened().consents.find(id),
      change: async (...given) => opened().consents.change(...given),
      extensions: async (...given) => opened().consents.extensions(...given),
      due: async (...given) => opened().consents.due(...given),
      ofPerson: async (...given) => opened().consents.ofPerson(...given),
      erasePerson: async (...given) => opened().consents.erasePerson(...given),
    },
    resourceStates: {
      find: async (id) => opened().resourceStates.find(id),
      record: async (...given) => opened().resourceStates.record(...given),
      history: async (...given) => opened().resourceStates.history(...given),
      sweep: async (now) => opened().resourceStates.sweep(now),
    },
    signingKeys: {
      list: async (issuer) => opened().signingKeys.list(issuer),
      add: async (...given) => opened().signingKeys.add(...given),
      sweep: async (before) => opened().signingKeys.sweep(before),
    },
    ledger: { verify: async (anchor) => opened().ledger.verify(anchor) },
    notices: {
      tell: async (text) => opened().notices.tell(text),
      hear(listener) {
        hearers.add(listener);
        return () => {
          hearers.delete(listener);
        };
      },
    },
    artifacts: (issuer) => opened().artifacts(issuer),
    sealer: () => opened().sealer(),
    rewrapKeys: async () => opened().rewrapKeys(),
    health: () => attached?.health() ?? starting,
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    attach(store) {
      attached = store;
      const tell = (health: StoreHealth) => {
        for (const listener of listeners) listener(health);
      };
      store.onChange(tell);
      store.notices.hear((text) => {
        for (const hear of hearers) hear(text);
      });
      tell(store.health());
    },
    close: async () => attached?.close(),
  };
}
