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
  /** Dataset paths that more than one file or folder offers: none of them is taken. */
  readonly contested: ReadonlySet<string>;
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
  const offers = new Map<string, Offer[]>();
  const contested = new Set<string>();
  const ways = new Set([...wanted].flatMap(waysTo));
  let isComplete = true;
  const report = (severity: Severity, file: string, code: DiagnosticCode, message: string) =>
    diagnostics.push({ file, line: 0, column: 0, severity, code, pointer: '', message });

  for (const folder of folders) {
    walk(folder, {
      found: (file, stats) => sort(folder, file, stats),
      holdsData: (path) => ways.has(pathBelow(folder, path)),
      empty(path) {
        if (!wanted.has(pathBelow(folder, path))) return;
        report(
          'warning',
          path,
          'data-empty',
          'the folder has no part that ends in .json; nothing is offered',
        );
      },
      failed(path, reason) {
        const isLoop = reason === 'ELOOP';
        isComplete = false;
        report(
          'error',
          path,
          isLoop ? 'data-link-loop' : 'data-unreadable',
          isLoop ? 'the symbolic link leads in a circle' : `cannot be read (${reason})`,
        );
      },
    });
  }

  function sort(folder: string, file: string, stats: Stats): void {
    const path = pathBelow(folder, file).replace(/\.json$/i, '');
    const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    if (wanted.has(path)) offer(path, file, file, stats);
    else if (wanted.has(parent)) offer(parent, file.slice(0, file.lastIndexOf(sep)), file, stats);
    else report('warning', file, ...explain(path, wanted, unserved));
  }

  function offer(path: string, where: string, file: string, stats: Stats): void {
    const known = offers.get(path) ?? [];
    offers.set(path, known);
    const same = known.find((candidate) => candidate.where === where);
    if (same) same.parts.set(file, stats);
    else known.push({ where, parts: new Map([[file, stats]]) });
  }

  const datasets = new Map<string, DatasetFiles>();
  for (const [path, [first, ...others]] of offers) {
    for (const { where } of others) {
      contested.add(path);
      const message = `offers the dataset ${path} that ${first?.where} offers too; keep one`;
      report('error', where, 'data-folder-twice', message);
    }
    if (!first || others.length > 0) continue;
    const files = [...first.parts.keys()].sort();
    datasets.set(path, { files, signature: signFiles(files, (file) => first.parts.get(file)) });
  }
  return { datasets, contested, isComplete, diagnostics };
}

/** The path and every folder on the way to it. */
function waysTo(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
}

function pathBelow(folder: string, path: string): string {
  return relative(folder, path).split(sep).join('/');
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
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
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

interface Visitor {
  found(file: string, stats: Stats): void;
  /** A folder with neither data nor folders in it. */
  empty(folder: string): void;
  failed(path: string, reason: string): void;
  /** Whether data is looked for in a folder of that path, which then may be one that is known by another path. */
  holdsData(folder: string): boolean;
}

function walk(root: string, visitor: Visitor): void {
  const entered = new Set<string>();
  /** The folders from the root to where the walk stands. */
  const inside: string[] = [];

  function enter(folder: string): void {
    const real = realpathSync(folder);
    const isCircle = inside.includes(real);
    if (isCircle || (entered.has(real) && !visitor.holdsData(folder))) return;
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
    entered.add(real);
    inside.push(real);
    let isEmpty = true;
    for (const name of names.sort()) {
      attempt(join(folder, name), (path) => {
        if (look(path)) isEmpty = false;
      });
    }
    inside.pop();
    if (isEmpty) visitor.empty(folder);
  }

  /** Tells whether there is a folder or data. */
  function look(path: string): boolean {
    const stats = statSync(path);
    const isData = !stats.isDirectory() && /\.json$/i.test(path);
    if (stats.isDirectory()) enter(path);
    else if (isData) visitor.found(path, stats);
    return isData || stats.isDirectory();
  }

  function attempt(path: string, action: (path: string) => void): void {
    try {
      action(path);
    } catch (error) {
      visitor.failed(path, (error as NodeJS.ErrnoException).code ?? 'unknown error');
    }
  }

  attempt(root, enter);
}
