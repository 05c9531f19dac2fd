import type { FastifyBaseLogger } from 'fastify';
import type { Operation } from '../contract/operation.ts';
import { createServer, type HttpServer } from '../http/create-server.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { createDatasetLoader } from '../open-data/dataset-loader.ts';
import { datasetPath } from '../open-data/find-datasets.ts';
import { createOpenData, type OpenData, type OpenDataEvent } from '../open-data/open-data.ts';
import { watchFolders } from '../open-data/watch-folders.ts';
import type { Configuration } from './configuration/settings.ts';
import type { Service } from './load-service.ts';
import { createPipelines, ONLY_GET, type Pipelines } from './pipelines.ts';

const MEGABYTE = 1024 * 1024;

/** A running institution: its listener and the data behind it. */
export interface DataHolder {
  readonly server: HttpServer;
  readonly openData: OpenData;
  /** Findings of the first load; anything with an error is not served. */
  readonly diagnostics: readonly Diagnostic[];
  /** Stops looking at the folders and ends the loading thread. The listener is closed by who opened it. */
  close(): Promise<void>;
}

export interface DataHolderSettings {
  readonly configuration: Configuration;
  readonly service: Service;
  readonly logger: FastifyBaseLogger;
  readonly now?: () => number;
  readonly onEvent?: (event: OpenDataEvent) => void;
}

/** Wires an institution together, loads its data and starts to watch it. Nothing listens yet. */
export async function createDataHolder(settings: DataHolderSettings): Promise<DataHolder> {
  const { configuration, service, logger, now = Date.now, onEvent = () => {} } = settings;
  const loader = createDatasetLoader(configuration.maxDatasetMegabytes * MEGABYTE);
  loader.warm();
  const operations = service.routes.map(({ operation }) => operation);
  const openData = createOpenData({
    operations: operations.filter(isFromFile),
    unserved: unservedPaths(operations, createPipelines({ openData: { read: () => ({ kind: 'empty' }) } })),
    profiles: service.profiles,
    folders: configuration.data,
    baseUrl: configuration.baseUrl,
    maxPageSize: configuration.maxPageSize,
    cacheBytes: configuration.cacheMegabytes * MEGABYTE,
    loader,
    now,
    onEvent,
  });
  const loading = openData.load();
  const pipelines = createPipelines({ openData });
  const server = createServer({
    operations: operations.map((operation) => ({ operation, steps: pipelines[operation.kind].steps })),
    logger,
    now,
  });
  const diagnostics = await loading;
  const stopWatching = watchFolders(openData, (error) =>
    logger.error({ err: error }, 'looking at the data folders failed'),
  );

  async function close(): Promise<void> {
    await stopWatching();
    await loader.close();
  }

  return { server, openData, diagnostics, close };
}

/** Open data is what a file can answer: reads without a token. */
export function isFromFile({ kind, method }: Operation): boolean {
  return kind === 'open-data' && method === 'GET';
}

/** Dataset paths for which a file would not be read, with the reason. */
export function unservedPaths(operations: readonly Operation[], pipelines: Pipelines): Map<string, string> {
  const others = operations.filter((operation) => !isFromFile(operation));
  return new Map(
    others.map((operation) => [datasetPath(operation), pipelines[operation.kind].reason ?? ONLY_GET]),
  );
}
