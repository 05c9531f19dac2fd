import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Operation } from '../contract/operation.ts';
import type { Diagnostic, DiagnosticCode, Severity } from '../kernel/diagnostic.ts';
import { nearMiss } from '../kernel/near-miss.ts';

/** The files of one dataset, and a mark that changes when any of them does. */
export interface DatasetFiles {
  readonly files: readonly string[];
  readonly signature: string;
}

/** What a look at the data folders finds. */
export interface FoundDatasets {
  /** By dataset path: what {@link datasetPath} gives for the operation that serves it. */
  readonly datasets: ReadonlyMap<string, DatasetFiles>;
  /** False when some file or folder could not be looked at, so that what was not found may still exist. */
  readonly isComplete: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** Where an operation's dataset lies below a data folder: its literal segments up to the first parameter. */
export function datasetPath({ path }: Pick<Operation, 'path'>): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  const firstParameter = segments.findIndex((segment) => segment.startsWith('{'));
  return (firstParameter === -1 ? segments : segments.slice(0, firstParameter)).join('/');
}

interface Offer {
  readonly where: string;
  readonly parts: Map<string, Stats>;
}

/**
 * Looks through the data folders for the files of known datasets. A file `<path>.json` is a dataset, and a folder
 * `<path>` with several is the same in parts. Hidden names are passed over, links are followed but never in a circle.
 *
 * @param wanted dataset paths that are served, with the others that exist and why files for them are not read
 */
export function findDatasets(
  folders: readonly string[],
  wanted: ReadonlySet<string>,
  unserved: ReadonlyMap<string, string>,
): FoundDatasets {
  const diagnostics: Diagnostic[] = [];
  const offers = new Map<string, Offer>();
  let isComplete = true;
  const report = (severity: Severity, file: string, code: DiagnosticCode, message: string) =>
    diagnostics.push({ file, line: 0, column: 0, severity, code, pointer: '', message });

  for (const folder of folders) {
    walk(
      folder,
      (file, stats) => sort(folder, file, stats),
      (path, reason) => {
        const isLoop = reason === 'ELOOP';
        isComplete = false;
        report(
          'error',
          path,
          isLoop ? 'data-link-loop' : 'data-unreadable',
          isLoop ? 'the symbolic link leads in a circle' : `cannot be read (${reason})`,
        );
      },
    );
  }

  function sort(folder: string, file: string, stats: Stats): void {
    const path = relative(folder, file)
      .split(sep)
      .join('/')
      .replace(/\.json$/i, '');
    const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    if (wanted.has(path)) offer(path, file, file, stats);
    else if (wanted.has(parent)) offer(parent, file.slice(0, file.lastIndexOf(sep)), file, stats);
    else report('warning', file, ...explain(path, wanted, unserved));
  }

  function offer(path: string, where: string, file: string, stats: Stats): void {
    const known = offers.get(path);
    if (!known) offers.set(path, { where, parts: new Map([[file, stats]]) });
    else if (known.where === where) known.parts.set(file, stats);
    else
      report(
        'error',
        where,
        'data-folder-twice',
        `offers the dataset ${path} that ${known.where} offers too; keep one`,
      );
  }

  const datasets = new Map<string, DatasetFiles>();
  for (const [path, { parts }] of offers) {
    const files = [...parts.keys()].sort();
    datasets.set(path, { files, signature: signFiles(files, (file) => parts.get(file)) });
  }
  return { datasets, isComplete, diagnostics };
}

/** A mark that differs when any of the files has been changed, replaced or removed. */
export function signFiles(files: readonly string[], statsOf = statsIfAny): string {
  return files
    .map((file) => {
      const stats = statsOf(file);
      return stats
        ? [file, stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino, stats.dev].join(' ')
        : `${file} gone`;
    })
    .join('\n');
}

function statsIfAny(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}

function explain(
  path: string,
  wanted: ReadonlySet<string>,
  unserved: ReadonlyMap<string, string>,
): [DiagnosticCode, string] {
  const reason = unserved.get(path);
  if (reason !== undefined) return ['data-not-served', `not read: ${reason}`];
  const near = nearMiss(path, wanted);
  const hint =
    near === undefined
      ? 'its path must mirror the URL of an endpoint, as `guiche routes` lists them'
      : `did you mean ${near}.json?`;
  return ['data-no-endpoint', `belongs to no endpoint; ${hint}`];
}

function walk(
  root: string,
  found: (file: string, stats: Stats) => void,
  failed: (path: string, reason: string) => void,
): void {
  const entered = new Set<string>();

  function enter(folder: string): void {
    const real = realpathSync(folder);
    if (entered.has(real)) return;
    entered.add(real);
    for (const name of readdirSync(folder).sort()) {
      if (!name.startsWith('.')) attempt(join(folder, name), look);
    }
  }

  function look(path: string): void {
    const stats = statSync(path);
    if (stats.isDirectory()) enter(path);
    else if (/\.json$/i.test(path)) found(path, stats);
  }

  function attempt(path: string, action: (path: string) => void): void {
    try {
      action(path);
    } catch (error) {
      failed(path, (error as NodeJS.ErrnoException).code ?? 'unknown error');
    }
  }

  attempt(root, enter);
}
