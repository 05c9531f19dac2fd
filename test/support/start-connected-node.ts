import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { parse } from 'yaml';
import { loadConfiguration } from '../../src/app/configuration/load-configuration.ts';
import { createDataHolder } from '../../src/app/create-data-holder.ts';
import { createOperations } from '../../src/app/create-operations.ts';
import { loadService } from '../../src/app/load-service.ts';
import type { ChangedResource } from '../../src/connectors/connector.ts';
import type { ExplainedCall, Explanation } from '../../src/explain/create-explain.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import type { Json } from './send-request.ts';
import type { TestSandbox } from './start-sandbox.ts';
import { until } from './temporary-database.ts';
import { temporaryFolder, writeBelow } from './temporary-folder.ts';

/** What is otherwise than in the sandbox's configuration, as its file has it. */
export interface ConnectedNodeSettings {
  readonly connectors: Readonly<Record<string, object>>;
  /** By ecosystem: members of its institution, in place of its folder of customers. */
  readonly institutions: Readonly<Record<string, object>>;
  readonly operations?: Readonly<Record<string, object>>;
}

/** A node of a sandbox's institutions that reaches their systems through connectors of its own. */
export interface ConnectedNode {
  /** Origin of the listener for receivers. */
  readonly origin: string;
  /** Origin of the listener for customers. */
  readonly publicOrigin: string;
  /** Lines that were logged with level `info` or above. */
  readonly logged: readonly string[];
  /** What the log says of customer data, by the interaction id of the call. */
  told(interactionId: string): Json | undefined;
  /** Tells the operational listener what has changed behind a connector. */
  tellChanged(connector: string, resources: readonly ChangedResource[]): Promise<number>;
  /** The newest call with an interaction id, as the operational listener explains it once it is on record. */
  explain(interactionId: string): Promise<ExplainedCall>;
  /** Lets time pass for this node alone; negative to take it back. While it is ahead it does nothing by itself. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** Starts a node over the store of a sandbox. Whoever starts it closes it before the sandbox ends. */
export async function startConnectedNode(
  { sandbox: { configuration: theirs, store } }: TestSandbox,
  settings: ConnectedNodeSettings,
): Promise<ConnectedNode> {
  const configuration = await configure(theirs.state, settings);
  const service = loadService(configuration);
  const logged: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
  let ahead = 0;
  const clock: Clock = {
    now: () => Date.now() + ahead,
    every: (ms, action) => systemClock.every(ms, () => (ahead === 0 ? action() : undefined)),
  };
  const common = { configuration, service, store, logger: logger as unknown as FastifyBaseLogger, clock };
  const holder = await createDataHolder(common);
  const receivers = holder.mtlsServer?.app;
  if (!receivers) throw new Error('the node has no listener for receivers');
  const operations = createOperations({ ...common, serving: NOT_ASKED, probeToken: '', board: holder.board });
  const apps: FastifyInstance[] = [holder.server.app as never, receivers as never, operations.admin];
  for (const app of apps) await app.listen({ host: '127.0.0.1', port: 0 });
  await holder.consentSide?.ready();
  const adminOrigin = `http://127.0.0.1:${portOf(operations.admin)}`;

  async function find(interactionId: string): Promise<ExplainedCall | undefined> {
    const answer = await fetch(`${adminOrigin}/explain/${interactionId}`);
    return answer.ok ? ((await answer.json()) as Explanation).calls[0] : undefined;
  }

  return {
    origin: `https://127.0.0.1:${portOf(receivers as never)}`,
    publicOrigin: `https://127.0.0.1:${portOf(holder.server.app as never)}`,
    logged,
    told: (interactionId) =>
      logged
        .map((line) => JSON.parse(line) as Json)
        .find((line) => line.customerData?.interactionId === interactionId)?.customerData,
    async tellChanged(connector, resources) {
      const { status } = await fetch(`${adminOrigin}/connectors/${connector}/changed`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resources }),
      });
      return status;
    },
    async explain(interactionId) {
      await until('the call is on record', async () => (await find(interactionId)) !== undefined);
      return (await find(interactionId)) as ExplainedCall;
    },
    advance(ms) {
      ahead += ms;
    },
    async close() {
      for (const app of apps) app.server.closeAllConnections();
      await Promise.all(apps.map((app) => app.close()));
      await operations.close();
      await holder.close();
    },
  };
}

/** What the operational listener would ask of processes that serve. */
const NOT_ASKED = {
  readiness: () => ({ isReady: true, reasons: [] }),
  prometheus: async () => ({ contentType: 'text/plain', text: '' }),
  report: async () => ({ faults: {}, sharedLimits: undefined, waitingCalls: 0, directories: [] }),
  outagesChanged: () => {},
};

/** Writes a configuration like the sandbox's own, and loads it through the same door as the command line. */
async function configure(
  stateFolder: string,
  { connectors, institutions, operations = {} }: ConnectedNodeSettings,
) {
  const written = parse(readFileSync(join(stateFolder, 'guiche.yaml'), 'utf8')) as Json;
  const folder = temporaryFolder();
  const file = writeBelow(folder, 'guiche.yaml', {
    ...written,
    data: [],
    state: join(folder, 'state'),
    connectors,
    operations,
    institutions: Object.fromEntries(
      Object.entries<Json>(written.institutions).map(([ecosystem, { customers, passwords, ...same }]) => [
        ecosystem,
        institutions[ecosystem] ? { ...same, ...institutions[ecosystem] } : { ...same, customers, passwords },
      ]),
    ),
  });
  const { configuration, diagnostics } = await loadConfiguration({ file, flags: {}, env: {}, cwd: folder });
  if (!configuration) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return configuration;
}

function portOf(app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port;
}
