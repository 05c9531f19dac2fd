import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findEmbeddedServer } from '../../src/store/embedded-server.ts';
import { freePorts } from './free-ports.ts';
import { type EndedCommand, runGuiche, type ServingGuiche, serveGuiche } from './run-guiche.ts';
import { type Json, type ReceivedAnswer, type RequestToSend, sendRequest } from './send-request.ts';
import { initializeState, query, temporaryStateFolder, until } from './temporary-database.ts';
import { temporaryFolder, writeBelow } from './temporary-folder.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');
/** The data of both example institutions. */
export const EXAMPLE_DATA = [join(EXAMPLES, 'insurer/data'), join(EXAMPLES, 'bank/data')];

export const STATUS = {
  'open-insurance': '/open-insurance/discovery/v1/status',
  'open-finance': '/open-banking/discovery/v2/status',
};
export const OUTAGES = {
  'open-insurance': '/open-insurance/discovery/v1/outages',
  'open-finance': '/open-banking/discovery/v2/outages',
};
export const METRICS = {
  'open-insurance': '/open-insurance/admin/v1/metrics',
  'open-finance': '/open-banking/admin/v2/metrics',
};
export const ECOSYSTEMS = ['open-insurance', 'open-finance'] as const;
export type EcosystemName = (typeof ECOSYSTEMS)[number];

/** More than any test sends. */
const NO_LIMIT = 1_000_000_000;

/** An institution whose service runs as processes of their own, on a state folder that outlives them. */
export interface OperatedInstitution {
  readonly state: string;
  readonly adminPort: number;
  /** Starts the service and waits for its database. */
  start(args?: readonly string[]): Promise<OperatedService>;
  /** Runs a command with the institution's configuration. */
  command(...args: readonly string[]): Promise<EndedCommand>;
  /** Sends a request to the operational listener. */
  askAdmin(path: string): Promise<ReceivedAnswer>;
  /** Stops what still runs. */
  stop(): Promise<void>;
}

/** A service that runs. */
export interface OperatedService extends ServingGuiche {
  get(path: string, headers?: RequestToSend['headers']): Promise<ReceivedAnswer>;
  send(request: RequestToSend): Promise<ReceivedAnswer>;
  /** The codes of the entries of an ecosystem's status. */
  statusOf(ecosystem: EcosystemName): Promise<string[]>;
}

export interface OperatedSettings {
  /** Keys of `guiche.yaml` beside the ones that every test needs. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Prepares an institution with the examples' data, unless its configuration has its own. */
export async function operateGuiche(settings: OperatedSettings = {}): Promise<OperatedInstitution> {
  const { configuration = {}, env = {} } = settings;
  const folder = temporaryFolder();
  const state = temporaryStateFolder();
  if (env.DATABASE_URL === undefined) await initializeState(state);
  const [adminPort = 0] = await freePorts(1);
  const place = { cwd: folder, env };
  writeBelow(folder, 'guiche.yaml', {
    listen: { port: 0 },
    admin: { port: adminPort },
    baseUrl: 'https://api.banco.example',
    data: EXAMPLE_DATA,
    state,
    operations: pinnedExamples(),
    limits: { perMinutePerIp: NO_LIMIT, perSecond: NO_LIMIT },
    ...configuration,
  });
  const services: ServingGuiche[] = [];
  const askAdmin = (path: string) => sendRequest(adminPort, { path });

  async function start(args: readonly string[] = []): Promise<OperatedService> {
    const serving = await serveGuiche(args, place);
    services.push(serving);
    const send = (request: RequestToSend) => sendRequest(serving.port, request);
    const get = (path: string, headers: RequestToSend['headers'] = {}) => send({ path, headers });
    await until('the database is ready', () =>
      serving.lines().some((line) => line.includes('"the database is ready"')),
    );
    return {
      ...serving,
      send,
      get,
      async statusOf(ecosystem) {
        const { data } = (await get(STATUS[ecosystem])).json();
        return data.status.map(({ code }: Json) => code);
      },
    };
  }

  return {
    state,
    adminPort,
    start,
    command: (...args) => runGuiche(args, place),
    askAdmin,
    async stop() {
      for (const { signal } of services) signal('SIGTERM');
      await Promise.all(services.map(({ ended }) => ended));
    },
  };
}

/** The versions that the example data was written for. */
function pinnedExamples(): Json {
  const text = readFileSync(join(EXAMPLES, 'guiche.yaml'), 'utf8');
  const pins = [...text.matchAll(/^ {2}(GET .*): \{ version: "([\d.]+)" \}$/gm)];
  return Object.fromEntries(pins.map(([, key = '', version]) => [key, { version }]));
}

/** How many calls of an endpoint are stored, by the database itself. */
export async function storedCalls(url: string, path: string): Promise<number> {
  const rows = await query(
    url,
    `select coalesce(sum(calls), 0) as calls from endpoint_days join endpoints on endpoints.id = endpoint where key = 'GET ${path}'`,
  );
  return Number(rows[0]?.calls);
}

/** Where the embedded database of an institution can be reached. */
export function databaseOf({ state }: OperatedInstitution): string {
  const url = findEmbeddedServer(state);
  if (url === undefined) throw new Error(`no database runs in ${state}`);
  return url;
}

/** Process number of the embedded database of an institution; undefined while it does not run. */
export function postmasterOf({ state }: OperatedInstitution): number | undefined {
  try {
    return Number(readFileSync(join(state, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Waits until a window of that length has at least so much left. */
export async function clearOfWindowEnd(windowMs: number, neededMs: number): Promise<void> {
  const left = windowMs - (Date.now() % windowMs);
  if (left < neededMs) await pause(left + 5);
}
