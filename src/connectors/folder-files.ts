import { readFile, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { LRUCache } from 'lru-cache';
import { parseJson } from '../contract/parse-json.ts';
import type { Clock } from '../kernel/clock.ts';
import type { DataRequest, Json } from './connector.ts';

export interface FolderFilesSettings {
  /** Holds one folder per person or company, named after the CPF or CNPJ. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
}

const MOST_BYTES = 8 * 1024 * 1024;
/** Of all files that are kept in memory together. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;
/** A file is looked at again no sooner than this. */
const LOOK_EVERY_MS = 1_000;

const DOCUMENT = /^(?:\d{11}|[0-9A-Z]{12}\d{2})$/;
const REF = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,59}$/;
const VERSION = /^\d+\.\d+\.\d+$/;

/** What a file says; undefined when it is not there. */
type Content = FileContent | undefined;

/** What a file says, frozen, and when it was read. */
export interface FileContent {
  readonly data: Json;
  /** Whose it is, as far as the file itself tells. */
  readonly owner?: string;
  readonly asOf: number;
}

/** What of a request tells its file. */
export type FileAsked = Pick<DataRequest, 'operationPath' | 'version' | 'refs' | 'documents' | 'signal'>;

interface Kept {
  readonly content: Content;
  /** Tells whether the file has come, gone or changed. */
  readonly version: string;
  readonly bytes: number;
  lookedAt: number;
}

/**
 * Finds customers' data that is files: `<CPF or CNPJ>/<path of the operation, references in place of its parameters>.json`,
 * or the same with `@1.0.0` before the ending for that version of the contract alone. A file holds the content of the
 * contract's `data`, either bare or under `data`; beside `data`, `owner` may name whose it is. Changed files count within a second. A file that cannot be used makes the call fail, with an error that names the operation and
 * never the customer.
 */
export function createFolderFiles({
  folder,
  clock,
}: FolderFilesSettings): (asked: FileAsked) => Promise<FileContent | undefined> {
  const root = resolve(folder);
  const files = new LRUCache<string, Kept>({
    maxSize: MOST_KEPT_BYTES,
    // What is not there costs little, and not nothing.
    sizeCalculation: ({ bytes }) => bytes + 512,
  });

  async function look(file: string, operationPath: string): Promise<Content> {
    const known = files.get(file);
    const now = clock.now();
    if (known && now - known.lookedAt < LOOK_EVERY_MS) return known.content;
    const found = await stat(file).catch(absent);
    const version = found?.isFile() ? `${found.mtimeMs}:${found.size}:${found.ino}` : '';
    if (known?.version === version) {
      known.lookedAt = now;
      return known.content;
    }
    const bytes = version === '' ? 0 : (found?.size ?? 0);
    const content =
      version === '' ? undefined : { ...(await readContent(file, bytes, operationPath)), asOf: now };
    files.set(file, { content, version, bytes, lookedAt: now });
    return content;
  }

  /** What is only for this version of the contract, else what is for all. */
  async function lookFor(place: string | undefined, { version, operationPath }: FileAsked): Promise<Content> {
    if (place === undefined) return undefined;
    const own =
      version !== undefined &&
      VERSION.test(version) &&
      (await look(`${place}@${version}.json`, operationPath));
    return own || look(`${place}.json`, operationPath);
  }

  return async (asked) => {
    const content = await lookFor(locate(root, asked), asked);
    asked.signal.throwIfAborted();
    return content;
  };
}

/** The file of a request, without its ending; undefined where a document or reference is none that a file could have. */
function locate(root: string, { documents, operationPath, refs }: FileAsked): string | undefined {
  const owner = documents.cnpj ?? documents.cpf;
  if (!DOCUMENT.test(owner)) return undefined;
  if (!Object.values(refs).every((ref) => REF.test(ref))) return undefined;
  const path = operationPath.replace(/\{([^}]*)\}/g, (whole, name) => refs[name] ?? whole);
  if (path.includes('{')) return undefined;
  const file = resolve(join(root, owner, path));
  // The path is a contract's, and contracts can be dropped in.
  return file.startsWith(`${join(root, owner)}${sep}`) ? file : undefined;
}

async function readContent(
  file: string,
  bytes: number,
  operationPath: string,
): Promise<{ data: Json; owner?: string }> {
  const at = `a customer's file for ${operationPath}`;
  if (bytes > MOST_BYTES) throw new Error(`${at} is larger than ${MOST_BYTES} bytes`);
  const text = await readFile(file).catch(() => {
    throw new Error(`${at} cannot be read`);
  });
  if (text.length > MOST_BYTES) throw new Error(`${at} is larger than ${MOST_BYTES} bytes`);
  const parsed = parseJson(text);
  if ('fault' in parsed) throw new Error(`${at} is not strict JSON in UTF-8`);
  const { data, owner } = unwrap(parsed.value as Json);
  if (owner !== undefined && (typeof owner !== 'string' || !REF.test(owner)))
    throw new Error(`${at}: owner must match ${REF.source}`);
  return { data: freeze(data), ...(owner !== undefined && { owner }) };
}

/** Members that may stand beside `data` in a file; those that guiche makes itself are not looked at. */
const BESIDE_DATA = new Set(['data', 'owner', 'links', 'meta']);

function unwrap(value: Json): { data: Json; owner?: Json | undefined } {
  if (!isRecord(value) || !('data' in value)) return { data: value };
  if (!Object.keys(value).every((name) => BESIDE_DATA.has(name))) return { data: value };
  return { data: value.data as Json, owner: value.owner };
}

function freeze(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

function isRecord(value: Json): value is { readonly [member: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  // The message of the system has the path, which is personal.
  throw new Error(`a customer's file cannot be looked at: ${error.code ?? 'unknown'}`);
}
