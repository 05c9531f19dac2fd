import { type Kind, map, type Reading, refuseMember } from './setting-kind.ts';

/** One member of a map: what it may hold, and whether it may be left out. */
export interface Field<T = unknown> {
  readonly kind: Kind<T>;
  /** As a file would hold it; undefined when the member may be absent or, if `isRequired`, must be given. */
  readonly default?: unknown;
  readonly isRequired?: boolean;
  /** What the member is for, in Markdown that fits a table cell. */
  readonly meaning: string;
}

export type Fields = Readonly<Record<string, Field>>;

/** The value of a map with these members, as its kind reads it. */
export type MapOf<F extends Fields> = {
  readonly [N in keyof F]: F[N]['kind'] extends Kind<infer T>
    ? F[N] extends { readonly isRequired: true } | { readonly default: unknown }
      ? T
      : T | undefined
    : never;
};

/** A map with members of different kinds; text holds it as JSON. */
export function mapOf<const F extends Fields>(fields: F): Kind<MapOf<F>> {
  const names = Object.keys(fields);
  return map(`a map with members among ${names.join(', ')}`, (value, reading) => {
    for (const name of Object.keys(value)) if (!(name in fields)) refuseMember(name, names, reading);
    const members = Object.entries(fields).map(([name, field]) => [
      name,
      readMember(name, field, value[name] ?? field.default, reading),
    ]);
    return Object.fromEntries(members) as MapOf<F>;
  });
}

/** A map from names, which must be among the given ones, to values of one kind; text holds it as JSON. */
export function mapFrom<T>(keys: readonly string[], kind: Kind<T>): Kind<Readonly<Record<string, T>>> {
  return map(`a map from ${keys.join(' or ')}`, (value, reading) => {
    const entries: [string, T][] = [];
    for (const [name, given] of Object.entries(value)) {
      if (!keys.includes(name)) refuseMember(name, keys, reading);
      else {
        const read = kind.read(given ?? {}, { ...reading, at: [...reading.at, name] });
        if (read !== undefined) entries.push([name, read]);
      }
    }
    return Object.fromEntries(entries);
  });
}

function readMember(name: string, { kind, isRequired }: Field, value: unknown, reading: Reading): unknown {
  const at = [...reading.at, name];
  if (value !== undefined && value !== null) return kind.read(value, { ...reading, at });
  if (isRequired) reading.faults.push({ code: 'config-value', at, expected: kind.expected, got: undefined });
  return undefined;
}
