import { relative } from 'node:path';
import type { Configuration } from '../app/configuration/settings.ts';
import { loadService, type Service } from '../app/load-service.ts';
import { isFromFile, unservedPaths, whyNotServed } from '../app/served-operations.ts';
import type { Operation } from '../contract/operation.ts';
import { formatDiagnostic } from '../kernel/diagnostic.ts';
import { datasetPath, findDatasets } from '../open-data/find-datasets.ts';
import { hasErrors, presentDiagnostics } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

export interface RoutesOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

/** One line of the list. */
interface RouteRow {
  readonly method: string;
  readonly path: string;
  readonly kind: string;
  readonly version: string;
  readonly tier: string;
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  readonly countedArray: string | null;
  /** Files that answer it; empty where nothing is offered. */
  readonly files: readonly string[];
  /** Where the dataset belongs below a data folder; null for what is not answered from files. */
  readonly dataset: string | null;
  readonly served: boolean;
  /** Why it is not served. */
  readonly reason: string | null;
  readonly contract: string;
}

/**
 * Lists the operations of every contract: what they are, and what answers them.
 *
 * @returns the exit status: 0, 1 when a contract is broken, 2 for a wrong flag
 */
export async function routes(options: RoutesOptions): Promise<0 | 1 | 2> {
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  const service = loadService(configuration);
  const rows = listRoutes(configuration, service);
  process.stdout.write(options.format === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : formatRows(rows));
  const errors = presentDiagnostics(service.diagnostics.filter(({ severity }) => severity === 'error'));
  if (errors.length > 0) process.stderr.write(`${errors.map(formatDiagnostic).join('\n')}\n`);
  return hasErrors(errors) ? 1 : 0;
}

function listRoutes(configuration: Configuration, service: Service): RouteRow[] {
  const operations = service.routes.map(({ operation }) => operation);
  const wanted = new Set(operations.filter(isFromFile).map(datasetPath));
  const { datasets } = findDatasets(
    configuration.data,
    wanted,
    unservedPaths(operations, configuration.institutions),
  );
  return operations
    .map((operation) =>
      describeRoute(
        operation,
        whyNotServed(operation, configuration.institutions),
        datasets.get(datasetPath(operation))?.files ?? [],
      ),
    )
    .sort((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method));
}

function describeRoute(operation: Operation, reason: string | undefined, files: readonly string[]): RouteRow {
  const fromFile = isFromFile(operation);
  return {
    method: operation.method,
    path: operation.path,
    kind: operation.kind,
    version: operation.version,
    tier: operation.tier,
    scopes: operation.scopes,
    permissions: operation.permissions,
    countedArray: operation.answer.countedArray ? `/${operation.answer.countedArray.join('/')}` : null,
    files: fromFile ? files.map((file) => relative(process.cwd(), file)) : [],
    dataset: fromFile ? datasetPath(operation) : null,
    served: reason === undefined,
    reason: reason ?? null,
    contract: relative(process.cwd(), operation.source.file),
  };
}

const HEADINGS = [
  'METHOD',
  'PATH',
  'KIND',
  'VERSION',
  'TIER',
  'SCOPE',
  'PERMISSION',
  'COUNTED',
  'ANSWERED FROM',
];

function formatRows(rows: readonly RouteRow[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => (row[column] as string).length)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cellsOf(row: RouteRow): string[] {
  const none = '-';
  return [
    row.method,
    row.path,
    row.kind,
    row.version,
    row.tier,
    row.scopes.join(' ') || none,
    row.permissions.join(' ') || none,
    row.countedArray ?? none,
    row.served ? describeFiles(row) : `not served: ${row.reason}`,
  ];
}

function describeFiles({ files, dataset }: RouteRow): string {
  if (dataset === null) return 'guiche itself';
  if (files.length === 0) return `nothing offered (no ${dataset}.json)`;
  return files.length === 1 ? (files[0] as string) : `${files[0]} and ${files.length - 1} more parts`;
}
