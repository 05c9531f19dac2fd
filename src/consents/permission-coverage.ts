import type { ConsentProfile, Cover } from './consent-profile.ts';

/**
 * The requested permissions that no group covers: a permission is covered by a group that is wholly in the request. A
 * request without such permissions is well combined (Open Finance, guidance to the Consents API: grouping of
 * permissions; Open Insurance asks the same of its phases 2 and 3).
 */
export function uncoveredPermissions(profile: ConsentProfile, requested: ReadonlySet<string>): string[] {
  const covered = new Set(coversWithin(profile, requested).flatMap(({ permissions }) => permissions));
  return [...requested].filter((permission) => !covered.has(permission));
}

/**
 * What an institution grants of a well combined request: the groups whose products it offers, and those that are kept
 * in any case, in the order of the request.
 *
 * @param offered resource types, and scopes of what has no resource type
 */
export function grantablePermissions(
  profile: ConsentProfile,
  requested: ReadonlySet<string>,
  offered: ReadonlySet<string>,
): string[] {
  const isOffered = (name: string) => {
    const product = profile.permissions.get(name)?.product;
    return name === profile.companion || (product !== undefined && offered.has(product));
  };
  const granted = new Set(
    coversWithin(profile, requested)
      .filter(({ group, permissions }) => group.isKept || permissions.every(isOffered))
      .flatMap(({ permissions }) => permissions),
  );
  return [...requested].filter((permission) => granted.has(permission));
}

/** True when permissions of a group that must stand alone are asked for together with others. */
export function mixesExclusiveGroups(profile: ConsentProfile, requested: ReadonlySet<string>): boolean {
  const exclusive = profile.groups.filter(({ rule }) => rule === 'exclusive');
  const touched = exclusive.filter(({ permissions }) => permissions.some((name) => requested.has(name)));
  if (touched.length === 0) return false;
  return !touched.some(({ permissions }) => [...requested].every((name) => permissions.includes(name)));
}

/** True for permissions of a group that must stand alone: the consent is for initiating one service. */
export function isForOneService(profile: ConsentProfile, permissions: readonly string[]): boolean {
  return profile.groups.some(
    ({ rule, permissions: members }) =>
      rule === 'exclusive' && permissions.some((name) => members.includes(name)),
  );
}

function coversWithin({ covers }: ConsentProfile, requested: ReadonlySet<string>): Cover[] {
  return covers.filter(({ permissions }) => permissions.every((name) => requested.has(name)));
}
