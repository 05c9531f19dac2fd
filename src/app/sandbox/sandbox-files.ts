import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of a sandbox, below its state folder. All that is secret in them can be read by their owner only. */
export interface SandboxFiles {
  path(name: string): string;
  read(name: string): string | undefined;
  /** Writes a file whole or not at all. */
  write(name: string, text: string): void;
  readJson<T>(name: string): T | undefined;
  writeJson(name: string, value: unknown): void;
}

/** Opens the folder, made when it is not there. */
export function openSandboxFiles(folder: string): SandboxFiles {
  // Others may have to pass through it, such as the database's account; what is secret lies in files of their own.
  mkdirSync(folder, { recursive: true });
  const path = (name: string) => join(folder, name);

  function read(name: string): string | undefined {
    return existsSync(path(name)) ? readFileSync(path(name), 'utf8') : undefined;
  }

  function write(name: string, text: string): void {
    mkdirSync(dirname(path(name)), { recursive: true, mode: 0o700 });
    const half = `${path(name)}.${process.pid}`;
    writeFileSync(half, text, { mode: 0o600 });
    renameSync(half, path(name));
  }

  return {
    path,
    read,
    write,
    readJson: <T>(name: string) => {
      const text = read(name);
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
  };
}
