import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';
import type { ChangedResource, Connector, Found } from './connector.ts';
import type { OfferedResource } from './customer.ts';

const MOST_REMEMBERED = 10_000;

/** A connector that remembers what customers have. */
export interface RememberingConnector extends Connector {
  /** Forgets what it remembers of these, and of whoever may have them. */
  forget(changed: readonly ChangedResource[]): void;
}

type Discovery = Found<readonly OfferedResource[]>;

/**
 * Has a connector answer `discover` from memory for a while, so that reads of one customer's data that follow each other
 * ask the institution's systems once. What is not ready is asked again.
 */
export function rememberDiscoveries(
  connector: Connector,
  { forMs, clock }: { readonly forMs: number; readonly clock: Pick<Clock, 'now'> },
): RememberingConnector {
  const known = new LRUCache<string, Discovery>({
    max: MOST_REMEMBERED,
    ttl: Math.max(forMs, 1),
    ttlResolution: 0,
    perf: { now: () => clock.now() },
  });
  let generation = 0;

  return {
    capabilities: () => connector.capabilities(),
    health: (signal) => connector.health(signal),
    customer: (key, asking) => connector.customer(key, asking),
    ...(connector.authenticate && { authenticate: connector.authenticate.bind(connector) }),
    list: (request) => connector.list(request),
    get: (request) => connector.get(request),
    children: (request) => connector.children(request),
    close: async () => connector.close?.(),
    async discover(documents, types, asking) {
      if (forMs === 0) return connector.discover(documents, types, asking);
      const key = JSON.stringify([documents, types]);
      const remembered = known.get(key);
      if (remembered) return remembered;
      const asked = generation;
      const found = freeze(await connector.discover(documents, types, asking));
      // An answer that was on its way when something changed may be from before.
      if (found.status !== 'notReady' && asked === generation) known.set(key, found);
      return found;
    },
    forget(changed) {
      if (changed.length === 0) return;
      generation += 1;
      const types = new Set(changed.map(({ type }) => type));
      // Whose a new thing is, is not known: everybody's things of its type are asked for again.
      for (const key of known.keys()) {
        const [, asked] = JSON.parse(key) as [unknown, string[]];
        if (asked.some((type) => types.has(type))) known.delete(key);
      }
    },
  };
}

function freeze(found: Discovery): Discovery {
  if (found.status === 'ok') Object.freeze(found.data);
  return Object.freeze(found);
}
