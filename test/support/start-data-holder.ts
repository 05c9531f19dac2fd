import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { loadConfiguration } from '../../src/app/configuration/load-configuration.ts';
import { createDataHolder, type DataHolder } from '../../src/app/create-data-holder.ts';
import { loadService, type Service } from '../../src/app/load-service.ts';
import type { Diagnostic } from '../../src/kernel/diagnostic.ts';
import { type ReceivedAnswer, type RequestToSend, sendRequest } from './send-request.ts';
import { temporaryFolder, writeBelow } from './temporary-folder.ts';

/** An institution as a test describes it. */
export interface Institution {
  /** Files of its data folder: path below it, without `.json`, to content; text is written as it is. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Data folders that exist already, beside `data`. */
  readonly folders?: readonly string[];
  /** Its own OpenAPI documents, beside the catalog. */
  readonly contracts?: readonly unknown[];
  /** Keys of `guiche.yaml`; `baseUrl` is {@link PUBLIC_ORIGIN} unless it is here. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly now?: () => number;
}

/** The institution, listening on a port of its own until the test file ends. */
export interface RunningHolder {
  readonly port: number;
  readonly holder: DataHolder;
  readonly service: Service;
  /** Findings about contracts and data. */
  readonly diagnostics: readonly Diagnostic[];
  /** Lines that the service logged with level `error`. */
  readonly logged: readonly string[];
  readonly get: (path: string, headers?: RequestToSend['headers']) => Promise<ReceivedAnswer>;
  readonly send: (request: RequestToSend) => Promise<ReceivedAnswer>;
}

export const PUBLIC_ORIGIN = 'https://api.banco.example';

/** Tests ask faster than any caller may. */
const NO_LIMIT = 1_000_000_000;

const running: DataHolder[] = [];
after(async () => {
  for (const holder of running) {
    holder.server.app.server.closeAllConnections();
    await Promise.all([holder.server.app.close(), holder.close()]);
  }
});

/** Starts an institution with temporary folders, through the same doors as the command line. */
export async function startDataHolder(institution: Institution = {}): Promise<RunningHolder> {
  const { data = {}, folders = [], contracts = [], configuration: keys = {}, now } = institution;
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(data)) writeBelow(folder, `data/${path}.json`, content);
  for (const [index, contract] of contracts.entries())
    writeBelow(folder, `contracts/${index}.json`, contract);
  const file = writeBelow(folder, 'guiche.yaml', {
    baseUrl: PUBLIC_ORIGIN,
    data: [...(Object.keys(data).length > 0 ? ['./data'] : []), ...folders],
    ...(contracts.length > 0 ? { contracts: ['./contracts'] } : {}),
    limits: { perMinutePerIp: NO_LIMIT, perSecond: NO_LIMIT },
    ...keys,
  });
  const { configuration, diagnostics } = await loadConfiguration({ file, flags: {}, env: {}, cwd: folder });
  if (!configuration) throw new Error(`no configuration: ${JSON.stringify(diagnostics)}`);

  const logged: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  const service = loadService(configuration);
  const holder = await createDataHolder({
    configuration,
    service,
    logger: logger as unknown as FastifyBaseLogger,
    ...(now ? { now } : {}),
  });
  running.push(holder);
  await holder.server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = holder.server.app.server.address() as AddressInfo;
  const send = (request: RequestToSend) => sendRequest(port, request);
  return {
    port,
    holder,
    service,
    diagnostics: [...service.diagnostics, ...holder.diagnostics],
    logged,
    send,
    get: (path, headers = {}) => send({ path, headers }),
  };
}
