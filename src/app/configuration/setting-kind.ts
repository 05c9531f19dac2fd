import { isIP, isIPv4 } from 'node:net';
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
  /** Separates the values in a variable, where `:` alone does not tell them apart. */
  readonly split?: (text: string) => readonly string[];
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
  /** What becomes of an answer with customer data of which some records break the contract. */
  readonly brokenRecords?: BrokenRecords;
  /** How old, in seconds, an answer from before may be that stands in for a connector that is late or away; 0 for none. */
  readonly snapshotSeconds?: number;
}

/** `serve-and-flag` leaves the broken records out and says so in the log; `block` answers none of them. */
export type BrokenRecords = 'serve-and-flag' | 'block';

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
  return scalar('an origin such as https://api.guiche.example', 'URL', (value) =>
    typeof value === 'string' && /^https?:\/\/[^\s/?#@\\]+\/?$/i.test(value) && URL.canParse(value)
      ? new URL(value).origin
      : undefined,
  );
}

/** Folders, made absolute; a single string is a list of one. */
export function folders(): Kind<readonly string[]> {
  return listOf('a list of folders', 'the path of a folder', 'DIR', (value, folder) =>
    isPath(value) ? resolve(folder, value) : undefined,
  );
}

/** One folder, made absolute. */
export function folder(): Kind<string> {
  return { ...folders(), list: false, expected: 'the path of a folder', read: readFolder };
}

function readFolder(value: unknown, { at, folder: from, faults }: Reading): string | undefined {
  if (isPath(value)) return resolve(from, value);
  faults.push({ code: 'config-value', at, expected: 'the path of a folder', got: value });
  return undefined;
}

/** The same, for a setting that may be absent. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  return kind;
}

/** A file, made absolute. */
export function file(): Kind<string> {
  return {
    expected: 'the path of a file',
    placeholder: 'FILE',
    list: false,
    fromText: (text) => text,
    read: (value, { at, folder: from, faults }) => {
      if (isPath(value)) return resolve(from, value);
      faults.push({ code: 'config-value', at, expected: 'the path of a file', got: value });
      return undefined;
    },
  };
}

/** Text of that length, of that form where one is given. */
export function text(shortest: number, longest: number, form?: RegExp, described?: string): Kind<string> {
  const expected = described ?? `text of ${shortest} to ${longest} characters`;
  return scalar(expected, 'TEXT', (value) =>
    typeof value === 'string' &&
    value.length >= shortest &&
    value.length <= longest &&
    (form?.test(value) ?? true)
      ? value
      : undefined,
  );
}

/** A list of texts; a single string is a list of one. */
export function textList(): Kind<readonly string[]> {
  return listOf('a list of texts', 'text of 1 to 500 characters', 'TEXT', (value) =>
    typeof value === 'string' && value !== '' && value.length <= 500 ? value : undefined,
  );
}

/** The same, of texts that hold colons: a variable separates them with commas. */
export function colonTextList(): Kind<readonly string[]> {
  return { ...textList(), split: (text) => text.split(',').map((part) => part.trim()) };
}

/** A UUID in lower case. */
export function uuid(): Kind<string> {
  return scalar('a UUID', 'UUID', (value) =>
    typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
      ? value.toLowerCase()
      : undefined,
  );
}

/** An https URL without query and fragment, and without a final slash. */
export function httpsUrl(): Kind<string> {
  return scalar('an https URL such as https://auth.banco.example', 'URL', (value) =>
    typeof value === 'string' && /^https:\/\/[^\s?#@\\]+$/i.test(value) && URL.canParse(value)
      ? new URL(value).href.replace(/\/+$/, '')
      : undefined,
  );
}

/** Addresses and CIDR ranges, IPv4 or IPv6; a single string is a list of one. */
export function addresses(): Kind<readonly string[]> {
  const list = listOf(
    'a list of addresses',
    'an address such as 10.0.0.1 or a range such as 10.0.0.0/8',
    'ADDRESS',
    (value) => (typeof value === 'string' && isAddressOrRange(value) ? value : undefined),
  );
  return { ...list, split: splitAddresses };
}

/** `:` is part of IPv6 addresses, so it separates IPv4 from IPv4 only; `,` separates any. */
function splitAddresses(text: string): string[] {
  return text.split(',').flatMap((spaced) => {
    const part = spaced.trim();
    const pieces = part.split(':');
    const isList = pieces.every((piece) => piece === '' || isIPv4(piece.split('/', 1)[0] ?? ''));
    return isList && !isAddressOrRange(part) ? pieces : [part];
  });
}

function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  // A zone names an interface of one machine and no range has one.
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** The URL of a server, with one of the given schemes; absent by default. */
export function serverUrl(...schemes: readonly string[]): Kind<string | undefined> {
  const expected = `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return scalar<string | undefined>(expected, 'URL', (value) =>
    typeof value === 'string' &&
    URL.canParse(value) &&
    schemes.some((scheme) => value.startsWith(`${scheme}://`))
      ? value
      : undefined,
  );
}

/** How many processes serve: a number, or `auto` for one per processor. */
export function processCount(most: number): Kind<number | 'auto'> {
  const count = integer(1, most);
  return scalar<number | 'auto'>(
    `an integer from 1 to ${most}, or auto`,
    'N|auto',
    (value) =>
      value === 'auto' || (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most)
        ? (value as number | 'auto')
        : undefined,
    { fromText: count.fromText, choices: ['auto'] },
  );
}

function listOf(
  expected: string,
  itemExpected: string,
  placeholder: string,
  accept: (value: unknown, folder: string) => string | undefined,
): Kind<readonly string[]> {
  return {
    expected,
    placeholder,
    list: true,
    fromText: (text) => text,
    read: (value, { at, folder: from, faults }) => {
      if (typeof value !== 'string' && !Array.isArray(value)) {
        faults.push({ code: 'config-value', at, expected, got: value });
        return undefined;
      }
      const given: readonly unknown[] = Array.isArray(value) ? value : [value];
      const accepted: string[] = [];
      for (const [index, got] of given.entries()) {
        const item = accept(got, from);
        const place = Array.isArray(value) ? [...at, String(index)] : at;
        if (item === undefined) faults.push({ code: 'config-value', at: place, expected: itemExpected, got });
        else accepted.push(item);
      }
      return accepted.length === given.length ? accepted : undefined;
    },
  };
}

const OPERATION_KEY = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\s?#]*$/;

const OVERRIDES: {
  readonly [K in keyof Required<OperationOverride>]: Kind<Required<OperationOverride>[K]>;
} = {
  brokenRecords: oneOf(['serve-and-flag', 'block']),
  countedArray: scalar('a JSON pointer such as /data/brand/companies/*/products', 'POINTER', (value) =>
    typeof value === 'string' && /^(\/([^~/]|~[01])+)+$/.test(value) ? value : undefined,
  ),
  snapshotSeconds: integer(0, 86_400),
  version: scalar('a version in quotes such as "1.2.0"', 'VERSION', (value) =>
    typeof value === 'string' && /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(value) ? value : undefined,
  ),
};

/** A map from `METHOD /full/path/template` to the overrides of that operation; text holds it as JSON. */
export function operationOverrides(): Kind<Readonly<Record<string, OperationOverride>>> {
  const expected = 'a map from operations such as "GET /open-insurance/channels/v1/branches" to overrides';
  return map(expected, (value, { at, folder, faults }) => {
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
    return Object.fromEntries(operations);
  });
}

/** A map, which text holds as JSON. `read` leaves a fault for each member that is wrong; then there is no value. */
export function map<T>(
  expected: string,
  read: (value: Readonly<Record<string, unknown>>, reading: Reading) => T,
): Kind<T> {
  return {
    expected,
    placeholder: 'JSON',
    list: false,
    fromText: fromJson,
    read: (value, reading) => {
      const { at, faults } = reading;
      if (!isRecord(value)) {
        faults.push({ code: 'config-value', at, expected, got: value });
        return undefined;
      }
      const before = faults.length;
      const members = read(value, reading);
      return faults.length > before ? undefined : members;
    },
  };
}

/** Leaves a fault for a member of a map that nobody knows. */
export function refuseMember(name: string, known: readonly string[], { at, faults }: Reading): void {
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

function readOverride(value: unknown, { at, folder, faults }: Reading): OperationOverride {
  const names = Object.keys(OVERRIDES).join(', ');
  if (!isRecord(value)) {
    faults.push({ code: 'config-value', at, expected: `a map with some of ${names}`, got: value });
    return {};
  }
  const override: { -readonly [K in keyof OperationOverride]: OperationOverride[K] } = {};
  for (const [name, given] of Object.entries(value)) {
    if (!isOverride(name)) refuseMember(name, Object.keys(OVERRIDES), { at, folder, faults });
    else if (given !== null) {
      const read = OVERRIDES[name].read(given, { at: [...at, name], folder, faults });
      if (read !== undefined) Object.assign(override, { [name]: read });
    }
  }
  return override;
}

function isOverride(name: string): name is keyof typeof OVERRIDES {
  return Object.hasOwn(OVERRIDES, name);
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
