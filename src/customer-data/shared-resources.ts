import type { Reached, ReachedResource } from '../resources/reached-resources.ts';

/** The resources of some types that a consent reaches, as reads look for them. */
export interface SharedResources {
  readonly all: readonly ReachedResource[];
  /** By public id, whatever their state. */
  readonly byId: ReadonlyMap<string, ReachedResource>;
  /** Those that are available, by the institution's reference. */
  readonly available: ReadonlyMap<string, ReachedResource>;
  /** References of all that the customer has, shared or not; undefined where the institution has not said it. */
  readonly owned?: ReadonlySet<string> | undefined;
}

type Ready = Extract<Reached, { readonly status: 'ready' }>;

/**
 * Makes the function that sorts what a consent reaches for being looked up. A list that it has been given before is
 * answered with the same object, so that what was found by it can be kept beside it.
 */
export function createSharedResources(): (reached: Ready, types: ReadonlySet<string>) => SharedResources {
  const known = new WeakMap<Ready['resources'], WeakMap<ReadonlySet<string>, SharedResources>>();
  return (reached, types) => {
    const { resources, owned } = reached;
    const ofReached = known.get(resources) ?? new WeakMap<ReadonlySet<string>, SharedResources>();
    known.set(resources, ofReached);
    const isAsked = ({ type }: { readonly type: string }) => types.has(type);
    const shared = ofReached.get(types) ?? sortResources(resources.filter(isAsked), owned?.filter(isAsked));
    ofReached.set(types, shared);
    return shared;
  };
}

function sortResources(all: readonly ReachedResource[], owned: Ready['owned']): SharedResources {
  return {
    all,
    byId: new Map(all.map((resource) => [resource.id, resource])),
    available: new Map(
      all.filter(({ status }) => status === 'AVAILABLE').map((resource) => [resource.ref, resource]),
    ),
    owned: owned && new Set(owned.map(({ ref }) => ref)),
  };
}
