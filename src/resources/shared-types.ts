import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';

/** The types of resources that a consent opens, by the way in which resources of them are selected. */
export interface SharedTypes {
  /** Of these the customer picked resources one by one. */
  readonly picked: ReadonlySet<string>;
  /** These are shared as a whole, with what the customer acquires later. */
  readonly whole: ReadonlySet<string>;
}

/**
 * Tells the types that the granted permissions open (Resources API guide: selection modes).
 *
 * @param only when given, no other types
 */
export function sharedTypes(
  { permissions }: Pick<Consent, 'permissions'>,
  profile: ConsentProfile,
  only?: ReadonlySet<string>,
): SharedTypes {
  const granted = new Set(permissions);
  const typesOf = (isIndividual: boolean) =>
    profile.groups
      .filter(({ selection }) => (selection === 'individual') === isIndividual)
      .flatMap((group) => {
        const names = group.permissions.filter((name) => granted.has(name));
        const isOpen = group.rule === 'each' || names.length === group.permissions.length;
        // By permission and not by group: of a group whose permissions stand for themselves only some may be granted.
        return isOpen ? names.flatMap((name) => profile.permissions.get(name)?.resourceType ?? []) : [];
      })
      .filter((type) => !only || only.has(type));
  const picked = new Set(typesOf(true));
  return { picked, whole: new Set(typesOf(false).filter((type) => !picked.has(type))) };
}
