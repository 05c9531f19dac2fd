import { createHash } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBarrier, type ServerAccount } from './server-account.ts';
import { StoreFailure } from './store-failure.ts';

/** The longest address of a unix socket, in bytes, that both Linux (107) and macOS (103) take. */
const LONGEST_SOCKET_PATH = 103;
const SOCKET_FILE = '/.s.PGSQL.65535';

/**
 * Makes the folder of the server's socket: short wherever the state folder is, the same at every start, and closed to
 * everyone but the server's account (and root). Throws {@link StoreFailure} when someone else has taken its name.
 */
export function openSocketFolder(stateFolder: string, account: ServerAccount | undefined): string {
  const name = `guiche-${createHash('sha256').update(stateFolder).digest('hex').slice(0, 16)}`;
  const folder = join(temporaryFolder(name, account), name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const owner = account?.uid ?? process.getuid?.() ?? found.uid;
  const isOurs = found.isDirectory() && [owner, process.getuid?.()].includes(found.uid);
  if (!isOurs || (found.mode & 0o077) !== 0)
    throw new StoreFailure(
      `${folder} is meant for the database's socket, and belongs to someone else: remove it`,
    );
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}

function temporaryFolder(name: string, account: ServerAccount | undefined): string {
  const own = realpathSync(tmpdir());
  const isShort = Buffer.byteLength(join(own, name, SOCKET_FILE)) <= LONGEST_SOCKET_PATH;
  const isOpen = !account || findBarrier(own, account) === undefined;
  return isShort && isOpen ? own : '/tmp';
}
