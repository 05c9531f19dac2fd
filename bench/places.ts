import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The checkout. */
export const projectFolder = resolve(import.meta.dirname, '..');

/** Where the committed figures lie. */
export const resultsFolder = join(import.meta.dirname, 'results');

/** Generated data, configurations of other servers, logs: made anew by whoever needs it, never committed. */
export const scratchFolder = join(import.meta.dirname, 'tmp');

/** An empty folder below the scratch folder. */
export function freshFolder(name: string): string {
  const folder = join(scratchFolder, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
