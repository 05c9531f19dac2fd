import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedServer, startEmbeddedServer } from '../src/store/embedded-server.ts';
import type { StoreLog } from '../src/store/store-log.ts';
import { makeTemporaryState } from './temporary-state.ts';

/** A PostgreSQL that several nodes use and that can be taken away from them. */
export interface RunningDatabase {
  /** The same after each start. */
  readonly url: string;
  /** Ends the server as an administrator's restart does; what it holds stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes what it holds. */
  close(): Promise<void>;
}

/** Logs nothing: a database that is away is what some measures are about. */
export const SILENT: StoreLog = { debug() {}, info() {}, warn() {}, error() {} };

const LONGEST_START_MS = 30_000;
const POLL_MS = 10;

/** Starts the PostgreSQL that guiche brings along, with the settings that guiche gives it. */
export async function startDatabase(): Promise<RunningDatabase> {
  const state = makeTemporaryState();
  let server: EmbeddedServer | undefined;

  async function start(): Promise<string> {
    server = startEmbeddedServer({ stateFolder: state.folder, log: SILENT });
    for (const end = performance.now() + LONGEST_START_MS; performance.now() < end; await pause(POLL_MS)) {
      const url = server.url();
      if (url !== undefined) return url;
    }
    await server.close();
    throw new Error(`the database did not start: ${server.trouble() ?? 'no reason given'}`);
  }

  const stop = async () => server?.close();
  return {
    url: await start(),
    stop,
    async start() {
      await start();
    },
    async close() {
      await stop();
      state.remove();
    },
  };
}
