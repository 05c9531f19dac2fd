import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { ServerAccount } from './server-account.ts';
import { StoreFailure } from './store-failure.ts';

const run = promisify(execFile);

/** The role that owns everything in the embedded database. */
export const DATABASE_OWNER = 'guiche';

export interface ClusterSettings {
  readonly dataFolder: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly account: ServerAccount | undefined;
}

/** Creates the database's files, all or none. Rejects with what `initdb` says when it fails. */
export async function initializeCluster(settings: ClusterSettings): Promise<void> {
  const { dataFolder, password, binaries, account } = settings;
  const unfinished = `${dataFolder}.unfinished`;
  const secret = `${dataFolder}.secret`;
  for (const folder of [unfinished, secret]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
  }
  const passwordFile = join(secret, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account)
    for (const path of [unfinished, secret, passwordFile]) chownSync(path, account.uid, account.gid);
  try {
    await run(binaries.initdb, initdbArguments(unfinished, passwordFile), {
      cwd: unfinished,
      env: { ...serverEnvironment(), LC_ALL: 'C' },
      ...(account && { uid: account.uid, gid: account.gid }),
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`initdb failed: ${(stderr || message).trim().split('\n').at(-1)}`, { cause: error });
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
  renameSync(unfinished, dataFolder);
}

function initdbArguments(folder: string, passwordFile: string): string[] {
  return [
    `--pgdata=${folder}`,
    `--username=${DATABASE_OWNER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: text sorts the same on every machine, whatever its C library.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ];
}

/** Only what a program needs to run: the server is told none of our variables, some of which are secrets. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return process.platform === 'win32' ? process.env : { PATH: process.env.PATH, TZ: 'UTC' };
}

/** Throws {@link StoreFailure} when the files were written by a PostgreSQL of another major version than ours. */
export function checkClusterVersion(dataFolder: string, binariesVersion: string): void {
  const version = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  if (version !== binariesVersion)
    throw new StoreFailure(
      `${dataFolder} was written by PostgreSQL ${version}, and this guiche brings ${binariesVersion}: dump it with the old one and load it into the new one`,
    );
}
