import type { ConsentProfile } from './consent-profile.ts';

type Details = Readonly<Record<string, unknown>>;

/** Translates between the spelling in which consents are kept and that of one version of the API. */
export interface Spelling {
  writePermission(name: string): string;
  writeReason(code: string): string;
  writeDetails(details: Details): Details;
  /** The members of a request's `data` that describe a service; undefined when it has none. */
  readDetails(data: Details): Details | undefined;
}

/** A permission in the profile's spelling, whichever version's it was written in. */
export function canonicalPermission({ aliases }: ConsentProfile, name: string): string {
  return aliases.get(name) ?? name;
}

/** Creates the spelling of one version of the API, such as `3.0.0`. */
export function createSpelling(profile: ConsentProfile, version: string): Spelling {
  const own = profile.versions.find(({ major }) => major === Number.parseInt(version, 10));
  const names = profile.details.map(({ member }) => [member, own?.details.get(member) ?? member] as const);

  return {
    writePermission: (name) => own?.permissions.get(name) ?? name,
    writeReason: (code) => own?.reasons.get(code) ?? code,
    writeDetails: (details) =>
      Object.fromEntries(
        names
          .filter(([member]) => details[member] !== undefined)
          .map(([member, written]) => [
            written,
            translateValues(details[member], (inner, value) =>
              own?.values.get(member)?.get(inner)?.get(value),
            ),
          ]),
      ),
    readDetails(data) {
      const found = names
        .filter(([, written]) => data[written] !== undefined)
        .map(([member, written]) => [
          member,
          translateValues(data[written], (inner, value) => keyOf(own?.values.get(member)?.get(inner), value)),
        ]);
      return found.length === 0 ? undefined : Object.fromEntries(found);
    },
  };
}

/** The object with the texts among its members translated where there is a translation. */
function translateValues(
  detail: unknown,
  translate: (member: string, value: string) => string | undefined,
): unknown {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return detail;
  return Object.fromEntries(
    Object.entries(detail).map(([member, value]) => [
      member,
      typeof value === 'string' ? (translate(member, value) ?? value) : value,
    ]),
  );
}

function keyOf(spellings: ReadonlyMap<string, string> | undefined, value: string): string | undefined {
  for (const [key, written] of spellings ?? []) if (written === value) return key;
  return undefined;
}
