/** How many factors a customer showed, as levels of assurance count them: 2 is one factor, 3 is several. */
export type AssuranceLevel = 2 | 3;

/** What differs between the authorization servers of the ecosystems, as data: `catalog/<ecosystem>/authorization.yaml`. */
export interface AuthorizationProfile {
  readonly ecosystem: string;
  /** Authentication context class of each level of assurance. */
  readonly acr: Readonly<Record<AssuranceLevel, string>>;
  /** Every scope that is published. */
  readonly scopes: readonly string[];
  /** Scopes of a receiver's own tokens. */
  readonly ownScopes: readonly string[];
  /** Scopes that each regulatory role entitles to, published or not. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** The scopes that active regulatory roles entitle to, whether they are published or not. */
export function entitledScopes(profile: AuthorizationProfile, roles: readonly string[]): ReadonlySet<string> {
  return new Set(
    roles.flatMap((role) => (Object.hasOwn(profile.roles, role) ? (profile.roles[role] ?? []) : [])),
  );
}
