import { createReadStream } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import type { Diagnostic } from '../../kernel/diagnostic.ts';
import { nearMiss } from '../../kernel/near-miss.ts';
import { MASK, maskCredentials } from './mask-credentials.ts';
import { type Fault, isRecord, type Kind } from './setting-kind.ts';
import { type Configuration, SETTINGS, type Setting, variableOf } from './settings.ts';

/** Where the value of a setting came from. */
export type SettingSource = 'default' | 'file' | 'variable' | 'flag';

export interface ConfigurationRequest {
  /** The file named with `--config`; without it, `guiche.yaml` in `cwd` where there is one. */
  readonly file?: string;
  /** Values of flags by setting path, such as `{ 'listen.port': '4000', data: ['a', 'b'] }`. */
  readonly flags: Partial<Record<string, string | readonly string[]>>;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export interface LoadedConfiguration {
  /** Undefined when any diagnostic is an error. */
  readonly configuration: Configuration | undefined;
  readonly diagnostics: Diagnostic[];
  /** By setting path. */
  readonly sources: Record<string, SettingSource>;
  /** Absolute path of the file read, or of the one named that cannot be; undefined when there is none to read. */
  readonly file: string | undefined;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

const MOST_BYTES = 1024 * 1024;
const NOWHERE: Place = { line: 0, column: 0 };
const settings: readonly Setting[] = SETTINGS;
const settingByPointer = new Map(settings.map((setting) => [pointerTo(setting.path.split('.')), setting]));
const settingByVariable = new Map(
  settings.flatMap((setting) => variablesOf(setting).map((name) => [name, setting] as const)),
);
/** Section pointer to the names inside it. */
const sections = Map.groupBy(
  settings.flatMap(({ path }) => {
    const keys = path.split('.');
    return keys.map((name, depth) => ({ section: pointerTo(keys.slice(0, depth)), name }));
  }),
  ({ section }) => section,
);
/** What a person may have had in mind, to the keys that lead there; of keys with the same name, to the table's first. */
const meant = new Map<string, readonly string[]>();
for (const { path } of settings) {
  const keys = path.split('.');
  for (const [name, way] of [
    [keys[0] ?? path, keys.slice(0, 1)],
    [keys.at(-1) ?? path, keys],
    [path, keys],
  ] as const)
    if (!meant.has(name)) meant.set(name, way);
}

/**
 * Reads the configuration from its file, the environment and the flags, each overriding the one before.
 *
 * User input never makes it throw: whatever is wrong is a diagnostic, and every source is checked in full even where
 * another overrides it, so that one run shows everything there is to correct.
 */
export async function loadConfiguration(request: ConfigurationRequest): Promise<LoadedConfiguration> {
  const { flags, env, cwd } = request;
  const fromFile = await readConfigurationFile(request.file, cwd);
  const diagnostics = [...fromFile.diagnostics, ...unknownVariables(env), ...unknownFlags(flags)];
  const sources: Record<string, SettingSource> = {};
  const values = new Map<string, unknown>();

  for (const setting of settings) {
    const { path, kind } = setting;
    values.set(path, undefined);
    sources[path] = 'default';
    const take = (source: SettingSource, given: unknown, folder: string, name: string): void => {
      if (given === undefined || given === null) return;
      const faults: Fault[] = [];
      const value = kind.read(given, { at: path.split('.'), folder, faults });
      values.set(path, value);
      sources[path] = source;
      for (const fault of faults) diagnostics.push(diagnosticOf(fault, name, setting));
    };
    const folder = fromFile.path === undefined ? cwd : dirname(fromFile.path);
    take('default', setting.default, folder, '');
    take('file', fromFile.given.get(setting), folder, fromFile.name);
    const variable = variablesOf(setting).find((name) => isGiven(name, env[name]));
    if (variable !== undefined) take('variable', fromVariable(kind, env[variable]), cwd, `$${variable}`);
    const flag = flags[path];
    take('flag', typeof flag === 'string' ? kind.fromText(flag) : flag, cwd, setting.flag ?? `--${path}`);
  }

  const placed = await placeInFile(diagnostics, fromFile);
  const failed = placed.some(({ severity }) => severity === 'error');
  return {
    configuration: failed ? undefined : nest(values),
    diagnostics: placed,
    sources,
    file: fromFile.path,
  };
}

interface ConfigurationFile {
  /** As the user wrote it, for diagnostics. */
  readonly name: string;
  /** Absolute; undefined when there is no file to read. */
  readonly path: string | undefined;
  readonly text: string;
  readonly given: ReadonlyMap<Setting, unknown>;
  readonly diagnostics: readonly Diagnostic[];
}

async function readConfigurationFile(file: string | undefined, cwd: string): Promise<ConfigurationFile> {
  const name = file ?? 'guiche.yaml';
  const path = resolve(cwd, name);
  const result = { name, path, text: '', given: new Map<Setting, unknown>(), diagnostics: [] };
  const refused = (code: Diagnostic['code'], message: string, place = NOWHERE): ConfigurationFile => ({
    ...result,
    diagnostics: [{ file: name, ...place, severity: 'error', code, pointer: '', message }],
  });

  let bytes: Buffer;
  try {
    bytes = await readAtMost(path, MOST_BYTES + 1);
  } catch (error) {
    const cause = error instanceof Error && 'code' in error ? error.code : undefined;
    if (cause === 'ENOENT' && file === undefined) return { ...result, path: undefined };
    return refused('config-missing-file', `cannot be read: ${READ_FAILURES[String(cause)] ?? String(cause)}`);
  }
  if (bytes.length > MOST_BYTES) return refused('config-missing-file', 'cannot be read: larger than 1 MiB');

  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refused('config-syntax', 'expected YAML in UTF-8, got other bytes');
  }

  let root: unknown;
  try {
    // The core schema keeps dates as text and has no tags that build objects.
    root = load(text, { schema: CORE_SCHEMA }) ?? {};
  } catch (error) {
    // The parser promises nothing else, but its own failure on odd bytes must not end the process.
    if (!(error instanceof YAMLException)) return refused('config-syntax', 'not valid YAML');
    // A second document in the stream is refused without a mark.
    const mark = error.mark as YAMLException['mark'] | undefined;
    const place = mark === undefined ? NOWHERE : { line: mark.line + 1, column: mark.column + 1 };
    const reason = error.reason.replace(/\s+/g, ' ').slice(0, 200);
    return refused(
      'config-syntax',
      reason === 'duplicated mapping key' ? 'this key is already given above' : `not valid YAML: ${reason}`,
      place,
    );
  }

  const faults: Fault[] = [];
  const given = isRecord(root) ? collect(root, [], faults) : new Map<Setting, unknown>();
  if (!isRecord(root))
    faults.push({ code: 'config-value', at: [], expected: 'a map of settings', got: root });
  return { ...result, text, given, diagnostics: faults.map((fault) => diagnosticOf(fault, name)) };
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

/** Bounded while reading, because a device or a pipe tells no size beforehand. */
async function readAtMost(path: string, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: bytes - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Finds the value of every setting in a map of the file and leaves a fault for each key that leads to none. */
function collect(
  map: Record<string, unknown>,
  at: readonly string[],
  faults: Fault[],
  given = new Map<Setting, unknown>(),
): Map<Setting, unknown> {
  for (const [key, value] of Object.entries(map)) {
    const here = [...at, key];
    const pointer = pointerTo(here);
    const setting = settingByPointer.get(pointer);
    if (setting !== undefined) given.set(setting, value);
    else if (!sections.has(pointer)) {
      const expected = `one of ${namesOf(pointerTo(at)).join(', ')}`;
      faults.push({ code: 'config-unknown-key', at: here, expected, got: key, nearest: meantKey(key, at) });
    } else if (isRecord(value)) collect(value, here, faults, given);
    else if (value !== null) {
      const expected = `a map with ${namesOf(pointer).join(', ')}`;
      faults.push({ code: 'config-value', at: here, expected, got: value });
    }
  }
  return given;
}

function namesOf(section: string): string[] {
  return [...new Set(sections.get(section)?.map(({ name }) => name) ?? [])];
}

/** A key of the section that it was written in comes before an equally close one elsewhere. */
function meantKey(wrong: string, at: readonly string[]): string | undefined {
  const beside = namesOf(pointerTo(at));
  const near = nearMiss(wrong, [...beside, ...meant.keys()]) ?? '';
  const keys = beside.includes(near) ? [...at, near] : meant.get(near);
  if (keys === undefined) return undefined;
  const section = keys.slice(0, -1).join('.');
  const where = section !== '' ? ` under "${section}"` : at.length > 0 ? ' at the top level' : '';
  return `"${keys.at(-1)}"${where}`;
}

/** The full name first: it is the one that says exactly what it sets. */
function variablesOf(setting: Setting): string[] {
  return [variableOf(setting.path), ...(setting.shortVariable === undefined ? [] : [setting.shortVariable])];
}

/** An empty variable counts as absent, as it does for PostgreSQL's tools and in a Compose file's `${NAME:-}`. */
function isGiven(name: string, value: string | undefined): boolean {
  return value !== undefined && value !== '' && !isServiceLink(name, value);
}

/**
 * Kubernetes gives every container the address of each service of its namespace in variables named after the
 * service. For a service called `guiche` they include `GUICHE_PORT=tcp://…`, which is no setting of ours.
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  );
}

function fromVariable(kind: Kind<unknown>, text = ''): unknown {
  if (!kind.list) return kind.fromText(text);
  return (kind.split?.(text) ?? text.split(':')).filter((part) => part !== '');
}

function unknownVariables(env: NodeJS.ProcessEnv): Diagnostic[] {
  const prefix = 'GUICHE_';
  const ours = [...settingByVariable.keys()].filter((name) => name.startsWith(prefix));
  const tails = ours.map((name) => name.slice(prefix.length));
  return Object.entries(env).flatMap(([name, value]): Diagnostic[] => {
    if (!name.startsWith(prefix) || settingByVariable.has(name) || !isGiven(name, value)) return [];
    const near = nearMiss(name.slice(prefix.length), tails);
    const message = `no setting has this variable${near === undefined ? '' : `; did you mean ${prefix}${near}?`}`;
    return [
      { file: `$${name}`, ...NOWHERE, severity: 'warning', code: 'config-unknown-key', pointer: '', message },
    ];
  });
}

function unknownFlags(flags: ConfigurationRequest['flags']): Diagnostic[] {
  const paths = new Set(settings.map(({ path }) => path));
  return Object.keys(flags).flatMap((path): Diagnostic[] =>
    paths.has(path) || flags[path] === undefined
      ? []
      : [
          diagnosticOf(
            { code: 'config-unknown-key', at: [path], expected: 'a setting', got: path },
            `--${path}`,
          ),
        ],
  );
}

function diagnosticOf(fault: Fault, file: string, setting?: Setting): Diagnostic {
  const { code, at, expected, nearest } = fault;
  const got = setting?.secret === true && code === 'config-value' ? MASK : describe(fault.got);
  const suggestion = nearest === undefined ? undefined : `did you mean ${nearest}?`;
  const message =
    code === 'config-unknown-key'
      ? `unknown key ${got}; ${suggestion ?? `expected ${expected}`}`
      : `expected ${expected}, got ${got}${suggestion === undefined ? '' : `; ${suggestion}`}`;
  return { file, ...NOWHERE, severity: 'error', code, pointer: pointerTo(at), message };
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  if (typeof value !== 'string') return value === null ? 'nothing' : String(value);
  const shown = maskCredentials(value);
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 79)}…` : shown);
}

/** Gives the findings about the file their line and column and puts them, in the file's order, before the others. */
async function placeInFile(
  diagnostics: readonly Diagnostic[],
  { name, text }: ConfigurationFile,
): Promise<Diagnostic[]> {
  const inFile = diagnostics.filter(({ file }) => file === name);
  const elsewhere = diagnostics.filter(({ file }) => file !== name);
  if (inFile.length === 0 || text === '') return [...inFile, ...elsewhere];
  const placeOf = await placesIn(text);
  const placed = inFile.map((found) => ({ ...found, ...placeOf(found) }));
  return [...placed.sort((a, b) => a.line - b.line || a.column - b.column), ...elsewhere];
}

/**
 * Parses the text again, this time with a parser that keeps positions: it is slower, so only a file with something
 * wrong in it pays for that.
 */
async function placesIn(text: string): Promise<(found: Diagnostic) => Place> {
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const keys = new Map<string, number>();
  const values = new Map<string, number>();
  const visit = (node: unknown, at: readonly string[]): void => {
    // No setting is deeper than this; what an alias repeats is pointed at where the alias stands.
    if (at.length > 3) return;
    const children: [unknown, unknown, unknown][] = isMap(node)
      ? node.items.map(({ key, value }) => [isScalar(key) ? key.value : key, key, value])
      : isSeq(node)
        ? node.items.map((item, index) => [index, item, item])
        : [];
    for (const [name, key, value] of children) {
      const here = [...at, String(name)];
      const start = offsetOf(key);
      if (start !== undefined) keys.set(pointerTo(here), start);
      const valueStart = offsetOf(value) ?? start;
      if (valueStart !== undefined) values.set(pointerTo(here), valueStart);
      visit(value, here);
    }
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: 'silent',
      strict: false,
      uniqueKeys: false,
    });
    values.set('', offsetOf(document.contents) ?? 0);
    visit(document.contents, []);
  } catch {
    // The other parser accepted the text, so the finding stands; it only loses its place.
    return () => NOWHERE;
  }
  return ({ pointer, code }) => {
    const nearest = (of: string): number =>
      values.get(of) ?? (of === '' ? 0 : nearest(of.slice(0, of.lastIndexOf('/'))));
    const offset = (code === 'config-unknown-key' ? keys.get(pointer) : undefined) ?? nearest(pointer);
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
}

function offsetOf(node: unknown): number | undefined {
  const range = isRecord(node) ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}

function pointerTo(at: readonly string[]): string {
  return at.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function nest(values: ReadonlyMap<string, unknown>): Configuration {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let map = root;
    for (const key of keys) {
      const next = map[key] ?? {};
      map[key] = next;
      map = next as Record<string, unknown>;
    }
    map[last] = value;
  }
  // The type is derived from the same table that the values were read by.
  return deepFreeze(root) as Configuration;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
