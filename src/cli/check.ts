import { statSync } from 'node:fs';
import { Presets, SingleBar } from 'cli-progress';
import { checkMappings } from '../app/configuration/check-mappings.ts';
import {
  effectiveConfiguration,
  formatEffectiveConfiguration,
} from '../app/configuration/effective-configuration.ts';
import type { Configuration } from '../app/configuration/settings.ts';
import { loadService, type Service } from '../app/load-service.ts';
import { isFromFile, unservedPaths } from '../app/served-operations.ts';
import { type Diagnostic, formatDiagnostic, type Severity } from '../kernel/diagnostic.ts';
import { planDataset } from '../open-data/dataset-plan.ts';
import { datasetPath, findDatasets } from '../open-data/find-datasets.ts';
import { loadDataset } from '../open-data/load-dataset.ts';
import { hasErrors, presentDiagnostics } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

export interface CheckOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

interface Checked {
  readonly diagnostics: Diagnostic[];
  readonly datasets: { readonly dataset: string; readonly records: number }[];
}

/**
 * Loads everything that `serve` would and prints every finding, starting nothing.
 *
 * @returns the exit status: 0 without errors, 1 with errors, 2 for a wrong flag
 */
export async function check(options: CheckOptions): Promise<0 | 1 | 2> {
  const { configuration, loaded, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    print(options, undefined, presentDiagnostics(diagnostics), undefined, []);
    return failure;
  }
  const service = loadService(configuration);
  const data = checkData(configuration, service);
  const mappings = checkMappings(
    configuration,
    service.routes.map(({ operation }) => operation),
  );
  const found = presentDiagnostics([
    ...diagnostics,
    ...mappings,
    ...service.diagnostics,
    ...data.diagnostics,
  ]);
  print(options, effectiveConfiguration(configuration, loaded.sources), found, service, data.datasets);
  return hasErrors(found) ? 1 : 0;
}

function checkData(configuration: Configuration, service: Service): Checked {
  const operations = service.routes.map(({ operation }) => operation);
  const served = new Map(
    operations.filter(isFromFile).map((operation) => [datasetPath(operation), operation]),
  );
  const unserved = unservedPaths(operations, configuration.institutions);
  const found = findDatasets(configuration.data, new Set(served.keys()), unserved);
  const diagnostics = [...found.diagnostics];
  const datasets: Checked['datasets'] = [];
  const progress = createProgress([...found.datasets.values()].flatMap(({ files }) => files));

  for (const [path, { files }] of found.datasets) {
    const operation = served.get(path);
    if (!operation) continue;
    const profile = service.profiles.find(({ ecosystem }) => ecosystem === operation.ecosystem);
    const plan = planDataset(operation, profile?.filters ?? {});
    progress.begin(path);
    const dataset = loadDataset(plan, files, {
      maxBytes: configuration.maxDatasetMegabytes * 1024 * 1024,
      onProgress: progress.advance,
    });
    progress.end(files);
    diagnostics.push(...dataset.diagnostics);
    if (dataset.snapshot) datasets.push({ dataset: path, records: dataset.snapshot.total });
  }
  progress.stop();
  return { diagnostics, datasets };
}

/** Short checks need no bar, and a pipe has nobody to look at one. */
const LONG_CHECK_BYTES = 5 * 1024 * 1024;

function createProgress(files: readonly string[]) {
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const isShown = process.stderr.isTTY && total > LONG_CHECK_BYTES;
  const bar = isShown
    ? new SingleBar(
        {
          format: '{bar} {percentage}% | {eta_formatted} left | {dataset}',
          stream: process.stderr,
          clearOnComplete: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  let done = 0;
  bar?.start(total, 0, { dataset: '' });
  return {
    begin: (dataset: string) => {
      bar?.update(done, { dataset });
    },
    advance: (bytes: number) => {
      bar?.update(done + bytes);
      bar?.render();
    },
    end: (finished: readonly string[]) => {
      for (const file of finished) done += sizeOf(file);
    },
    stop: () => bar?.stop(),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function print(
  { format }: CheckOptions,
  configuration: ReturnType<typeof effectiveConfiguration> | undefined,
  diagnostics: readonly Diagnostic[],
  service: Service | undefined,
  datasets: Checked['datasets'],
): void {
  const count = (severity: Severity) =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const summary = {
    documents: service?.documents ?? 0,
    operations: service?.routes.length ?? 0,
    datasets: datasets.length,
    records: datasets.reduce((sum, { records }) => sum + records, 0),
    errors: count('error'),
    warnings: count('warning'),
    infos: count('info'),
  };
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify({ configuration, diagnostics, datasets, summary }, null, 2)}\n`);
    return;
  }
  const settings = configuration ? `${formatEffectiveConfiguration(configuration)}\n\n` : '';
  const findings = diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic)}\n`).join('');
  process.stdout.write(`${settings}${findings}${findings === '' ? '' : '\n'}${describe(summary)}\n`);
}

function describe(summary: Record<string, number>): string {
  const { documents, operations, datasets, records, errors, warnings, infos } = summary;
  const verdict = errors === 0 ? 'no errors' : errors === 1 ? '1 error' : `${errors} errors`;
  return `${verdict}, ${warnings} warnings, ${infos} notes; ${documents} contracts with ${operations} operations, ${datasets} datasets with ${records} records`;
}
