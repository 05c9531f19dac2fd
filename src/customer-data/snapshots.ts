import { LRUCache } from 'lru-cache';
import type { ChangedResource, Found, Json } from '../connectors/connector.ts';
import type { Consent } from '../consents/consent.ts';
import type { Clock } from '../kernel/clock.ts';
import type { CustomerDataRead } from './create-customer-data-answers.ts';
import type { Target } from './find-target.ts';

/** What an institution has answered once, with what the call could reach then. */
export interface Snapshot {
  readonly target: Target;
  readonly found: Extract<Found<Json>, { status: 'ok' }>;
}

/** Answers of institutions that are kept for when these are late or away. */
export interface Snapshots {
  keep(read: CustomerDataRead, consent: Consent, snapshot: Snapshot): void;
  /** What was found for the same call under the same consent, when it was true no longer ago than so many seconds. */
  recall(read: CustomerDataRead, consent: Consent, maxSeconds: number): Snapshot | undefined;
  /** Lets go of all that tells of resources that have changed. */
  forget(changed: readonly ChangedResource[]): void;
}

export interface SnapshotsSettings {
  readonly clock: Pick<Clock, 'now'>;
  /** Of all snapshots together. */
  readonly maxBytes: number;
}

interface Kept extends Snapshot {
  readonly bytes: number;
  /** The resources that it tells of. */
  readonly resources: ReadonlySet<string>;
}

/** What a snapshot takes besides its content. */
const OVERHEAD_BYTES = 1_024;

/** Creates snapshots in the memory of this process; those least used make room for others. */
export function createSnapshots({ clock, maxBytes }: SnapshotsSettings): Snapshots {
  const kept = new LRUCache<string, Kept>({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });

  return {
    keep(read, consent, { target, found }) {
      const key = keyOf(read, consent);
      const known = kept.peek(key);
      const bytes = known?.found.data === found.data ? known.bytes : sizeOf(key, found.data);
      kept.set(key, { target, found, bytes, resources: resourcesOf(target) });
    },

    recall(read, consent, maxSeconds) {
      const found = kept.get(keyOf(read, consent));
      return found && clock.now() - found.found.asOf <= maxSeconds * 1000 ? found : undefined;
    },

    forget(changed) {
      const names = changed.map(nameOf);
      for (const [key, { resources }] of [...kept.entries()])
        if (names.some((name) => resources.has(name))) kept.delete(key);
    },
  };
}

/** A consent that has changed since is another one: what it reaches may be less. */
function keyOf({ call, plan, selection }: CustomerDataRead, { id, revision }: Consent): string {
  const { operation, path, query } = call;
  return JSON.stringify([
    operation.key,
    operation.version,
    id,
    revision,
    path,
    query,
    plan.asked,
    selection?.key,
  ]);
}

function sizeOf(key: string, data: Json): number {
  return OVERHEAD_BYTES + 2 * (key.length + JSON.stringify(data).length);
}

function resourcesOf({ resource, shared }: Target): ReadonlySet<string> {
  const concerned = resource ? [resource] : [...shared.available.values()];
  return new Set(concerned.map(nameOf));
}

function nameOf({ type, ref }: ChangedResource): string {
  return `${type} ${ref}`;
}
