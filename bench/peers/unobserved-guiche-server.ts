import { join } from 'node:path';
import pino from 'pino';
import { loadConfiguration } from '../../src/app/configuration/load-configuration.ts';
import { loadService } from '../../src/app/load-service.ts';
import { createPipelines } from '../../src/app/pipelines.ts';
import { isFromFile, unservedPaths } from '../../src/app/served-operations.ts';
import { createServer } from '../../src/http/create-server.ts';
import { createDatasetLoader } from '../../src/open-data/dataset-loader.ts';
import { createOpenData } from '../../src/open-data/open-data.ts';
import { projectFolder } from '../places.ts';

// The open data of the examples as guiche serves it, without what guiche knows about its own traffic: nothing hears of
// answers, the first step, which holds the limits, is left out, and there is no database, no probe, no second listener.
const { configuration } = await loadConfiguration({
  file: join(projectFolder, 'examples', 'guiche.yaml'),
  flags: {},
  env: {},
  cwd: projectFolder,
});
if (!configuration) throw new Error('the example configuration cannot be read');
const service = loadService(configuration);
const operations = service.routes.map(({ operation }) => operation);
const MEGABYTE = 1024 * 1024;
const loader = createDatasetLoader(configuration.maxDatasetMegabytes * MEGABYTE);
const openData = createOpenData({
  operations: operations.filter(isFromFile),
  unserved: unservedPaths(operations, configuration.institutions),
  profiles: service.profiles,
  folders: configuration.data,
  baseUrl: configuration.baseUrl,
  maxPageSize: configuration.maxPageSize,
  cacheBytes: configuration.cacheMegabytes * MEGABYTE,
  loader,
  now: Date.now,
  onEvent: () => {},
});
await openData.load();
const absent = () => undefined;
const pipelines = createPipelines({
  checkLimits: absent,
  readOpenData: openData.read,
  readStatus: absent,
  readOutages: absent,
  checkRegulator: absent,
  authenticate: () => undefined,
  checkBody: () => undefined,
  serveConsents: () => undefined,
  readResources: () => undefined,
  readCustomerData: () => undefined,
  readMetrics: absent,
});
const { app } = createServer({
  operations: operations.filter(isFromFile).map((operation) => ({
    operation,
    steps: pipelines[operation.kind].steps.filter((step) => step !== absent),
  })),
  logger: pino({ level: 'silent' }),
  now: Date.now,
});
process.on('SIGTERM', () => process.exit());
console.log(`listening ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
