import type { ReachedResource } from '../resources/reached-resources.ts';

/** The resources of some types that a consent reaches, as reads look for them. */
export interface SharedResources {
  readonly all: readonly ReachedResource[];
  /** By public id, whatever their state. */
  readonly byId: ReadonlyMap<string, ReachedResource>;
  /** Those that are available, by the institution's reference. */
  readonly available: ReadonlyMap<string, ReachedResource>;
}

/**
 * Makes the function that sorts what a consent reaches for being looked up. A list that it has been given before is
 * answered with the same object, so that what was found by it can be kept beside it.
 */
export function createSharedResources(): (
  reached: readonly ReachedResource[],
  types: ReadonlySet<string>,
) => SharedResources {
  const known = new WeakMap<readonly ReachedResource[], WeakMap<ReadonlySet<string>, SharedResources>>();
  return (reached, types) => {
    const ofReached = known.get(reached) ?? new WeakMap<ReadonlySet<string>, SharedResources>();
    known.set(reached, ofReached);
    const shared = ofReached.get(types) ?? sortResources(reached.filter(({ type }) => types.has(type)));
    ofReached.set(types, shared);
    return shared;
  };
}

function sortResources(all: readonly ReachedResource[]): SharedResources {
  return {
    all,
    byId: new Map(all.map((resource) => [resource.id, resource])),
    available: new Map(
      all.filter(({ status }) => status === 'AVAILABLE').map((resource) => [resource.ref, resource]),
    ),
  };
}
