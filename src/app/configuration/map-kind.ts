import { nearMiss } from '../../kernel/near-miss.ts';
import { isRecord, type Kind, type Reading } from './setting-kind.ts';

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
  const expected = `a map with members among ${names.join(', ')}`;
  return {
    expected,
    placeholder: 'JSON',
    list: false,
    fromText: fromJson,
    read: (value, reading) => {
      if (!isRecord(value)) {
        reading.faults.push({ code: 'config-value', at: reading.at, expected, got: value });
        return undefined;
      }
      const before = reading.faults.length;
      for (const name of Object.keys(value)) if (!(name in fields)) refuseMember(name, names, reading);
      const members = Object.entries(fields).map(([name, field]) => [
        name,
        readMember(name, field, value[name] ?? field.default, reading),
      ]);
      return reading.faults.length > before ? undefined : (Object.fromEntries(members) as MapOf<F>);
    },
  };
}

/** A map from names, which must be among the given ones, to values of one kind; text holds it as JSON. */
export function mapFrom<T>(keys: readonly string[], kind: Kind<T>): Kind<Readonly<Record<string, T>>> {
  const expected = `a map from ${keys.join(' or ')}`;
  return {
    expected,
    placeholder: 'JSON',
    list: false,
    fromText: fromJson,
    read: (value, reading) => {
      if (!isRecord(value)) {
        reading.faults.push({ code: 'config-value', at: reading.at, expected, got: value });
        return undefined;
      }
      const before = reading.faults.length;
      const entries: [string, T][] = [];
      for (const [name, given] of Object.entries(value)) {
        if (!keys.includes(name)) refuseMember(name, keys, reading);
        else {
          const read = kind.read(given ?? {}, { ...reading, at: [...reading.at, name] });
          if (read !== undefined) entries.push([name, read]);
        }
      }
      return reading.faults.length > before ? undefined : Object.fromEntries(entries);
    },
  };
}

function readMember(name: string, { kind, isRequired }: Field, value: unknown, reading: Reading): unknown {
  const at = [...reading.at, name];
  if (value !== undefined && value !== null) return kind.read(value, { ...reading, at });
  if (isRequired) reading.faults.push({ code: 'config-value', at, expected: kind.expected, got: undefined });
  return undefined;
}

function refuseMember(name: string, known: readonly string[], { at, faults }: Reading): void {
  const near = nearMiss(name, known);
  faults.push({
    code: 'config-unknown-key',
    at: [...at, name],
    expected: `one of ${known.join(', ')}`,
    got: name,
    nearest: near && `"${near}"`,
  });
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
