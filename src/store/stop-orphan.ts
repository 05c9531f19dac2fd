import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identifyProcess, isAlive } from './process-identity.ts';

const POLL_MS = 20;

/** In order of violence: finish quickly, drop everything (the next start replays the log). */
const WAYS_TO_STOP = [
  { signal: 'SIGINT', patienceMs: 10_000 },
  { signal: 'SIGQUIT', patienceMs: 5000 },
] as const;

/**
 * Ends a database server that its guiche left behind, so that ours may open the files. True when there was one.
 * Rejects when it will not end. The caller holds the lock of the state folder.
 */
export async function stopOrphan(dataFolder: string): Promise<boolean> {
  const file = join(dataFolder, 'postmaster.pid');
  const pid = readProcessNumber(file);
  if (pid === undefined) return false;
  if (!isServerOf(pid, dataFolder)) {
    // Its number stands for another program by now, or for a corpse: PostgreSQL would take either for a living server.
    if (isAlive(pid)) rmSync(file, { force: true });
    return false;
  }
  for (const { signal, patienceMs } of WAYS_TO_STOP) {
    process.kill(pid, signal);
    for (const end = Date.now() + patienceMs; Date.now() < end; ) {
      if (!isServerOf(pid, dataFolder)) return true;
      await pause(POLL_MS);
    }
  }
  throw new Error(`the database server of an earlier guiche, process ${pid}, does not stop`);
}

function readProcessNumber(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').split('\n')[0]) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isServerOf(pid: number, dataFolder: string): boolean {
  const found = identifyProcess(pid);
  return found !== undefined && (process.platform === 'win32' || found.commandLine.includes(dataFolder));
}
