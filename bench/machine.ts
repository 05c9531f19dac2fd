import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { projectFolder } from './places.ts';

/** What figures have to be read with. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Of guiche and of every peer that runs on Node. */
  readonly node: string;
  /** Average of the minute before, which tells whether the machine had other work. */
  readonly loadAverage: number;
  /** What was measured. */
  readonly commit: string;
}

/** Describes this machine as it is now. */
export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Number((totalmem() / 1024 ** 3).toFixed(1)),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)),
    commit: describeCommit(),
  };
}

function describeCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: projectFolder,
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
}
