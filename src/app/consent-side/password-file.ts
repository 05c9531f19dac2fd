import { readFile, stat } from 'node:fs/promises';

const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Opens a file of password hashes by login, as a JSON object. A changed file counts at once. Rejects when it cannot be
 * read; without a file nobody has a password.
 */
export function openPasswordFile(file: string | undefined): (login: string) => Promise<string | undefined> {
  let known: { version: string; hashes: Map<string, string> } = { version: '', hashes: new Map() };

  return async (login) => {
    if (file === undefined) return undefined;
    const found = await stat(file);
    const version = `${found.mtimeMs}:${found.size}:${found.ino}`;
    if (version !== known.version) {
      if (found.size > MOST_BYTES) throw new Error('the file of passwords is too large');
      known = { version, hashes: parse(await readFile(file, 'utf8')) };
    }
    return known.hashes.get(login);
  };
}

function parse(text: string): Map<string, string> {
  const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
