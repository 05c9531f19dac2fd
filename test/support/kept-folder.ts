import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** What decides what a start of guiche makes. */
const MADE_FROM = [
  'src',
  'catalog',
  'examples',
  'package-lock.json',
  'test/support/prepared-sandbox.ts',
  'test/support/temporary-database.ts',
];
/** What is in a folder ages, such as lists that have a next update: after that long it is made anew. */
const LIFE_MS = 6 * 3_600_000;

/**
 * A folder that takes long to make, made once for all test files and all runs until a source changes. It is for copying:
 * whoever works in it changes what the others find. Made by two at the same time, the first one counts.
 *
 * @param make fills the folder, which is there, and can be passed through by the database's own user
 */
export async function keptFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const home = openHome();
  const kept = join(home, name);
  if (existsSync(kept)) return kept;
  const unfinished = `${kept}.${process.pid}`;
  mkdirSync(unfinished, { mode: 0o711 });
  try {
    await make(unfinished);
    renameSync(unfinished, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return kept;
}

/** The folder of the present sources; those of earlier ones go away once nobody can be copying from them. */
function openHome(): string {
  const prefix = `guiche-kept-${hash(ROOT).slice(0, 12)}-`;
  const home = join(tmpdir(), `${prefix}${hash(describeSources()).slice(0, 16)}`);
  if (existsSync(home)) refuseForeign(home);
  else {
    mkdirSync(home, { recursive: true, mode: 0o711 });
    for (const other of readdirSync(tmpdir()))
      if (other.startsWith(prefix)) removeWhenOld(join(tmpdir(), other));
  }
  return home;
}

/** Keys lie in there: nobody else may have put them. */
function refuseForeign(home: string): void {
  if (statSync(home).uid !== (process.getuid?.() ?? statSync(home).uid))
    throw new Error(`${home} belongs to somebody else: remove it`);
}

function removeWhenOld(folder: string): void {
  try {
    if (Date.now() - statSync(folder).mtimeMs > 2 * LIFE_MS) rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another test file removes it at this moment.
  }
}

/** Name, size and time of everything that a start depends on, and the part of the day. */
function describeSources(): string {
  const described = MADE_FROM.flatMap((source) => filesBelow(join(ROOT, source)))
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${file} ${size} ${mtimeMs}`;
    });
  return [process.version, Math.floor(Date.now() / LIFE_MS), ...described].join('\n');
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
