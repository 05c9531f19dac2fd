import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StoreFailure } from './store-failure.ts';

/** Whom the database server runs as. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', 'nobody'];

/**
 * The account for the server when guiche runs as root, which PostgreSQL refuses to; undefined when the server runs as
 * whoever runs guiche. Throws {@link StoreFailure} when root has no one to lend it to.
 */
export function serverAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n').map(parseAccount);
  for (const name of CANDIDATES) {
    const account = accounts.find((candidate) => candidate?.name === name);
    if (account && account.uid > 0) return account;
  }
  throw new StoreFailure(
    'PostgreSQL does not run as root, and there is no user postgres or nobody: run guiche as another user',
  );
}

function parseAccount(line: string): ServerAccount | undefined {
  const [name, , uid, gid] = line.split(':');
  return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

/** The nearest folder on the way to `path`, itself included, that the account may not pass through. */
export function findBarrier(path: string, account: ServerAccount): string | undefined {
  const way: string[] = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    way.unshift(folder);
    if (dirname(folder) === folder) break;
  }
  return way.find((folder) => !mayEnter(statSync(folder), account));
}

/** Supplementary groups do not count: the server is started without any. */
function mayEnter({ mode, uid, gid }: Stats, account: ServerAccount): boolean {
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & 0o1) === 0o1;
}
