import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that runs: what it was started with, and when, which tells it from a later one of the same number. */
export interface ProcessIdentity {
  readonly commandLine: string;
  readonly startedAt: string;
}

/** The process of that number; undefined when there is none, or only what is left of one that has ended. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!isAlive(pid)) return undefined;
  try {
    if (process.platform === 'linux') return identifyOnLinux(pid);
    // Without `ps` the number alone must do.
    if (process.platform === 'win32') return { commandLine: '', startedAt: '' };
    const line = execFileSync('ps', ['-ww', '-o', 'lstart=,command=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    const [, startedAt = '', commandLine = ''] = /^\s*(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)/.exec(line) ?? [];
    return { commandLine, startedAt };
  } catch {
    return undefined;
  }
}

/** True when the system knows a process of that number, even one that has ended and was not waited for. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function identifyOnLinux(pid: number): ProcessIdentity | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before the last parenthesis may itself hold blanks and parentheses.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  const ticksAtStart = fields[18];
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  return { commandLine, startedAt: `${boot} ${ticksAtStart}` };
}
