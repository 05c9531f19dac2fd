import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { nearMiss } from '../../kernel/near-miss.ts';

/** One thing wrong with a value: where it is, what belongs there, what was found. */
export interface Fault {
  readonly code: 'config-unknown-key' | 'config-value';
  /** Keys and indexes from the root of the configuration to the fault. */
  readonly at: readonly string[];
  readonly expected: string;
  readonly got: unknown;
  /** What was probably meant, ready to print. */
  readonly nearest?: string | undefined;
}

/** Where a value was found, and where to leave what is wrong with it. */
export interface Reading {
  readonly at: readonly string[];
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly faults: Fault[];
}

/** What a setting may hold. */
export interface Kind<T> {
  /** Completes "expected …". */
  readonly expected: string;
  /** Stands for the value in the help of a flag. */
  readonly placeholder: string;
  /** True where a flag may repeat and a variable holds several values. */
  readonly list: boolean;
  /** Turns the text of a variable or a flag into the value a file would hold; what it cannot turn stays text. */
  readonly fromText: (text: string) => unknown;
  /** Checks a value, never null, and normalises it. Undefined, with at least one fault left, when it is wrong. */
  readonly read: (value: unknown, reading: Reading) => T | undefined;
}

/** Overrides for one operation, for contracts whose own text is not enough. */
export interface OperationOverride {
  /** The paged collection as a JSON pointer in which `*` stands for every element. */
  readonly countedArray?: string;
  /** The `info.version` of the document that answers this route. */
  readonly version?: string;
}

/** A whole number from `lowest` to `highest`. */
export function integer(lowest: number, highest = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range =
    highest === Number.MAX_SAFE_INTEGER ? `of at least ${lowest}` : `from ${lowest} to ${highest}`;
  return scalar(
    `an integer ${range}`,
    'N',
    (value) =>
      Number.isSafeInteger(value) && Number(value) >= lowest && Number(value) <= highest
        ? Number(value)
        : undefined,
    { fromText: (text) => (/^-?\d+$/.test(text) ? Number(text) : text) },
  );
}

/** One of a few words, written exactly so. */
export function oneOf<const V extends string>(choices: readonly V[]): Kind<V> {
  return scalar(
    `one of ${choices.join(', ')}`,
    'WORD',
    (value) => choices.find((choice) => choice === value),
    { choices },
  );
}

/** A host name or an IP address, without brackets or port. */
export function host(): Kind<string> {
  return scalar('a host name or an IP address', 'HOST', (value) =>
    typeof value === 'string' && (isIP(value) !== 0 || /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(value))
      ? value
      : undefined,
  );
}

/** A public origin, normalised as in the `Origin` header: no final slash, no default port. */
export function publicOrigin(): Kind<string> {
  return scalar('an https origin such as https://api.guiche.example', 'URL', (value) =>
    typeof value === 'string' && /^https?:\/\/[^\s/?#@\\]+\/?$/i.test(value) && URL.canParse(value)
      ? new URL(value).origin
      : undefined,
  );
}

/** Folders, made absolute; a single string is a list of one. */
export function folders(): Kind<readonly string[]> {
  const expected = 'a list of folders';
  return {
    expected,
    placeholder: 'DIR',
    list: true,
    fromText: (text) => text,
    read: (value, { at, folder, faults }) => {
      if (typeof value !== 'string' && !Array.isArray(value)) {
        faults.push({ code: 'config-value', at, expected, got: value });
        return undefined;
      }
      const given: readonly unknown[] = Array.isArray(value) ? value : [value];
      const wrong = given.flatMap((got, index): Fault[] =>
        isPath(got)
          ? []
          : [
              {
                code: 'config-value',
                at: Array.isArray(value) ? [...at, String(index)] : at,
                expected: 'the path of a folder',
                got,
              },
            ],
      );
      for (const fault of wrong) faults.push(fault);
      return wrong.length > 0 ? undefined : given.filter(isPath).map((path) => resolve(folder, path));
    },
  };
}

const OPERATION_KEY = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\s?#]*$/;

const OVERRIDES: { readonly [K in keyof Required<OperationOverride>]: Kind<string> } = {
  countedArray: scalar('a JSON pointer such as /data/brand/companies/*/products', 'POINTER', (value) =>
    typeof value === 'string' && /^(\/([^~/]|~[01])+)+$/.test(value) ? value : undefined,
  ),
  version: scalar('a version in quotes such as "1.2.0"', 'VERSION', (value) =>
    typeof value === 'string' && /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(value) ? value : undefined,
  ),
};

/** A map from `METHOD /full/path/template` to the overrides of that operation; text holds it as JSON. */
export function operationOverrides(): Kind<Readonly<Record<string, OperationOverride>>> {
  const expected = 'a map from operations such as "GET /open-insurance/channels/v1/branches" to overrides';
  return {
    expected,
    placeholder: 'JSON',
    list: false,
    fromText: (text) => {
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    },
    read: (value, { at, folder, faults }) => {
      if (!isRecord(value)) {
        faults.push({ code: 'config-value', at, expected, got: value });
        return undefined;
      }
      const faultsBefore = faults.length;
      const operations: [string, OperationOverride][] = [];
      for (const [key, override] of Object.entries(value)) {
        const here = [...at, key];
        if (!OPERATION_KEY.test(key)) {
          faults.push({
            code: 'config-unknown-key',
            at: here,
            expected: 'a method and a full path such as "GET /open-insurance/channels/v1/branches"',
            got: key,
            nearest: correctedOperation(key),
          });
        } else if (override !== null) {
          operations.push([key, readOverride(override, { at: here, folder, faults })]);
        }
      }
      return faults.length > faultsBefore ? undefined : Object.fromEntries(operations);
    },
  };
}

function readOverride(value: unknown, { at, folder, faults }: Reading): OperationOverride {
  const names = Object.keys(OVERRIDES).join(', ');
  if (!isRecord(value)) {
    faults.push({ code: 'config-value', at, expected: `a map with some of ${names}`, got: value });
    return {};
  }
  const override: { -readonly [K in keyof OperationOverride]: OperationOverride[K] } = {};
  for (const [name, given] of Object.entries(value)) {
    const here = [...at, name];
    if (name !== 'countedArray' && name !== 'version') {
      const near = nearMiss(name, Object.keys(OVERRIDES));
      faults.push({
        code: 'config-unknown-key',
        at: here,
        expected: `one of ${names}`,
        got: name,
        nearest: near && `"${near}"`,
      });
    } else if (given !== null) {
      const read = OVERRIDES[name].read(given, { at: here, folder, faults });
      if (read !== undefined) override[name] = read;
    }
  }
  return override;
}

function correctedOperation(key: string): string | undefined {
  const corrected = key.trim().replace(/^([a-z]+)\s+/i, (_, method: string) => `${method.toUpperCase()} `);
  return corrected.length < 200 && OPERATION_KEY.test(corrected) ? `"${corrected}"` : undefined;
}

/** Whether a value is a map, as YAML and JSON read one. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

function scalar<T>(
  expected: string,
  placeholder: string,
  accept: (value: unknown) => T | undefined,
  {
    fromText = (text: string): unknown => text,
    choices = [],
  }: { fromText?: (text: string) => unknown; choices?: readonly string[] } = {},
): Kind<T> {
  return {
    expected,
    placeholder,
    list: false,
    fromText,
    read: (value, { at, faults }) => {
      const accepted = accept(value);
      if (accepted === undefined) {
        const near = typeof value === 'string' ? nearMiss(value, choices) : undefined;
        faults.push({ code: 'config-value', at, expected, got: value, nearest: near && `"${near}"` });
      }
      return accepted;
    },
  };
}
