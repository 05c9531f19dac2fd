import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Configuration } from '../app/configuration/settings.ts';
import { loadService } from '../app/load-service.ts';
import { createDatasetLoader } from '../open-data/dataset-loader.ts';
import { stateFolderHolder } from '../store/state-folder-lock.ts';
import { hasErrors } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';
import { createLogger, giveUp, logFindings } from './service-log.ts';
import { PROBE_TOKEN_VARIABLE, type ServiceStart } from './service-start.ts';

export interface ServeOptions extends ConfigurationFlags {
  /** Serve what is sound although something is broken. */
  readonly lenient: boolean;
}

/**
 * Runs the service until SIGTERM or SIGINT. Exit status: 0 after a clean stop, 1 when it cannot start, 2 for a wrong
 * flag; the reason is on stderr.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    giveUp(diagnostics, failure);
    return;
  }
  const logger = createLogger(configuration.logLevel);
  const holder =
    configuration.databaseUrl === undefined && !cluster.isWorker
      ? stateFolderHolder(configuration.state)
      : undefined;
  if (holder !== undefined) {
    process.stderr.write(
      `guiche: cannot start: state folder ${configuration.state} is in use by process ${holder}; give this one another with --state\n`,
    );
    process.exitCode = 1;
    return;
  }
  const isServing = cluster.isWorker || workersOf(configuration) === 1;
  const loader = createDatasetLoader(configuration.maxDatasetMegabytes * 1024 * 1024);
  if (isServing) loader.warm();
  const service = loadService(configuration);
  if (hasErrors(service.diagnostics) && !options.lenient) {
    giveUp(service.diagnostics, 1);
    await loader.close();
    return;
  }
  // Workers find the same, and one voice is enough.
  if (!cluster.isWorker) logFindings(logger, [...diagnostics, ...service.diagnostics]);

  const probeToken = process.env[PROBE_TOKEN_VARIABLE] ?? randomUUID();
  const start: ServiceStart = {
    configuration,
    service,
    logger,
    loader,
    isLenient: options.lenient,
    probeToken,
  };
  if (cluster.isWorker) await (await import('./serve-worker.ts')).serveWorker(start);
  else if (workersOf(configuration) > 1)
    await (await import('./serve-workers.ts')).serveWorkers(start, workersOf(configuration));
  else await (await import('./serve-alone.ts')).serveAlone(start);
}

function workersOf({ workers }: Configuration): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
