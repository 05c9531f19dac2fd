import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MasterKey } from './key-ring.ts';
import { StoreFailure } from './store-failure.ts';

const KEY_LENGTH = 32;
const MOST_BYTES = 65_536;

export interface MasterKeySource {
  /** Keys as `id:base64 of 32 bytes`, the newest first. */
  readonly configured?: readonly string[] | undefined;
  /** Where a key is made and kept, in `master.key`, when none is configured. */
  readonly stateFolder: string;
}

/**
 * Loads the operator's master keys. Without any, one is made for the state folder, which will do while the database
 * lives there too. Throws {@link StoreFailure}, which never shows a key, on what cannot be read as keys.
 */
export function loadMasterKeys({ configured, stateFolder }: MasterKeySource): readonly MasterKey[] {
  if (configured && configured.length > 0) return readKeys(configured, 'the configured master keys');
  const file = join(stateFolder, 'master.key');
  const lines = readOrCreate(file)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return readKeys(lines, file);
}

function readKeys(lines: readonly string[], source: string): MasterKey[] {
  const keys = lines.map((line, place) => readKey(line, `${source}, number ${place + 1}`));
  if (keys.length === 0) throw new StoreFailure(`${source}: there is no key`);
  const ids = new Set(keys.map(({ id }) => id));
  if (ids.size < keys.length) throw new StoreFailure(`${source}: two keys have the same id`);
  return keys;
}

function readKey(line: string, place: string): MasterKey {
  const [, id, encoded] = /^([\w.-]{1,64}):([A-Za-z0-9+/_-]+={0,2})$/.exec(line) ?? [];
  const secret = Buffer.from(encoded ?? '', 'base64');
  if (id === undefined || secret.length !== KEY_LENGTH)
    throw new StoreFailure(
      `${place}: a master key is written as id:base64, the base64 of ${KEY_LENGTH} bytes`,
    );
  return { id, secret };
}

function readOrCreate(file: string): string {
  try {
    return readIfThere(file) ?? create(file);
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    throw new StoreFailure(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function readIfThere(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    throw new StoreFailure(`${file} can be read by others than its owner: chmod 600 ${file}`);
  if (found.size > MOST_BYTES) throw new StoreFailure(`${file} is too long to hold master keys`);
  return readFileSync(file, 'utf8');
}

/** Of processes that start together one makes the key: the file appears whole, and under its name only once. */
function create(file: string): string {
  const text = `${new Date().toISOString().slice(0, 10)}:${randomBytes(KEY_LENGTH).toString('base64')}\n`;
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(own, text, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(own, file);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readIfThere(file) as string;
  } finally {
    rmSync(own, { force: true });
  }
}
