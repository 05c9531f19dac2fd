import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifyProcess } from './process-identity.ts';
import { StoreFailure } from './store-failure.ts';

export interface StateFolderLock {
  release(): void;
}

/**
 * Makes this process the only one that keeps a database in the folder. The lock of a process that has died is taken
 * over. Throws {@link StoreFailure} when another process lives that has it.
 */
export function lockStateFolder(stateFolder: string): StateFolderLock {
  const file = join(stateFolder, 'guiche.lock');
  const own = `${process.pid}\n${identifyProcess(process.pid)?.startedAt ?? ''}\n`;
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      removeStaleLock(file, stateFolder);
    }
  }
  return {
    release() {
      if (readIfThere(file) === own) rmSync(file, { force: true });
    },
  };
}

/** The process that keeps a database in the folder now, if any. It may be another one a moment later. */
export function stateFolderHolder(stateFolder: string): number | undefined {
  const lock = readIfThere(join(stateFolder, 'guiche.lock'));
  return lock !== undefined && isHolderAlive(lock) ? Number(lock.split('\n')[0]) : undefined;
}

function removeStaleLock(file: string, stateFolder: string): void {
  const found = readIfThere(file);
  if (found === undefined) return;
  refuseLiving(found, stateFolder);
  // Of two processes that both saw the stale lock, the slower one could remove the faster one's new lock: what was
  // moved away is therefore looked at once more.
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readIfThere(aside) ?? '';
  if (moved !== found && isHolderAlive(moved)) renameSync(aside, file);
  else rmSync(aside, { force: true });
  refuseLiving(moved, stateFolder);
}

function refuseLiving(lock: string, stateFolder: string): void {
  if (isHolderAlive(lock))
    throw new StoreFailure(`state folder ${stateFolder} is in use by process ${lock.split('\n')[0]}`);
}

function isHolderAlive(lock: string): boolean {
  const [pid, startedAt] = lock.split('\n');
  const holder = identifyProcess(Number(pid) || 0);
  return Number(pid) > 0 && holder !== undefined && holder.startedAt === startedAt;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
