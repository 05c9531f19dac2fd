import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** What a test puts into a file: text and bytes as they are, anything else as JSON. */
export type FileContent = string | Uint8Array | object;

/** Makes a temporary folder with files, by their paths in it, that goes away when the test file ends. */
export function dataFolder(files: Readonly<Record<string, FileContent>> = {}): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeData(folder, name, content);
  return folder;
}

/** Writes one file below a folder, whose folders are made as needed. */
export function writeData(folder: string, name: string, content: FileContent): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  const isRaw = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(file, isRaw ? content : JSON.stringify(content));
  return file;
}
