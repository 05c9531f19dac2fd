import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folders: string[] = [];
// Not sooner: what the file has started ends in its own hooks, and ends badly without its folder.
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Makes a folder that goes away when the process of the test file ends. The database's own user, which there is when
 * tests run as root, can pass through it.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'guiche-scenario-'));
  chmodSync(folder, 0o711);
  folders.push(folder);
  return folder;
}

/** Writes a file below a folder, and the folders on the way to it: text as it is, anything else as JSON. */
export function writeBelow(folder: string, name: string, content: unknown): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
