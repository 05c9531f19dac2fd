import cluster, { type Worker } from 'node:cluster';
import type { AddressInfo } from 'node:net';
import type { ServingSide } from '../app/create-operations.ts';
import { createDeferredStore } from '../app/deferred-store.ts';
import type { DirectoryStatus, ServingReport } from '../app/service-status.ts';
import { findEmbeddedServer } from '../store/embedded-server.ts';
import { openOperations } from './open-operations.ts';
import { urlOf } from './public-listener.ts';
import { PROBE_TOKEN_VARIABLE, type ServiceStart } from './service-start.ts';
import { onStopSignal } from './stop-signal.ts';

/** What one worker can say of itself. */
export interface WorkerReport extends ServingReport {
  /** Its Prometheus metrics, as prom-client writes them for adding up. */
  readonly prometheus: object;
}

export type PrimaryMessage =
  | { readonly type: 'database'; readonly url: string }
  | { readonly type: 'outages-changed' }
  | { readonly type: 'report'; readonly id: number }
  | { readonly type: 'stop' };

type WorkerMessage =
  | { readonly type: 'listening'; readonly address: AddressInfo }
  | { readonly type: 'report'; readonly id: number; readonly report: WorkerReport };

const REPORT_PATIENCE_MS = 1_000;
/** A worker that dies is replaced after this long, so that one that cannot live does not use up the machine. */
const REPLACE_AFTER_MS = 500;
/** What a worker needs to stop beyond the grace of its requests, for its last counts, before it is killed. */
const STOP_PATIENCE_MS = 8_000;

/** Serves with several processes on the same ports; this one keeps them alive and has what there is only one of. */
export async function serveWorkers(start: ServiceStart, count: number): Promise<void> {
  const { configuration, logger } = start;
  const store = createDeferredStore(Date.now);
  const alive = new Set<Worker>();
  const listening = new Map<Worker, AddressInfo>();
  const waiting = new Map<number, (report: WorkerReport) => void>();
  let databaseUrl: string | undefined;
  let nextId = 1;
  let hasBegun = false;
  let isStopping = false;
  let everyoneListens: (address: AddressInfo) => void = () => {};
  let someoneFailed: () => void = () => {};
  const begun = new Promise<AddressInfo | undefined>((resolve) => {
    everyoneListens = resolve;
    someoneFailed = () => resolve(undefined);
  });

  function fork(): void {
    if (isStopping) return;
    const worker = cluster.fork({ [PROBE_TOKEN_VARIABLE]: start.probeToken });
    alive.add(worker);
    worker.on('message', (message: WorkerMessage) => hear(worker, message));
    worker.on('exit', (code) => replace(worker, code));
  }

  function hear(worker: Worker, message: WorkerMessage): void {
    if (message.type === 'report') {
      waiting.get(message.id)?.(message.report);
      waiting.delete(message.id);
    } else if (message.type === 'listening') {
      listening.set(worker, message.address);
      if (databaseUrl !== undefined) send(worker, { type: 'database', url: databaseUrl });
      if (listening.size === count) everyoneListens(message.address);
    }
  }

  function replace(worker: Worker, code: number): void {
    alive.delete(worker);
    listening.delete(worker);
    if (isStopping) return;
    if (!hasBegun) {
      // It has said why on stderr.
      process.exitCode = code || 1;
      someoneFailed();
      return;
    }
    logger.error({ worker: worker.process.pid, code }, 'a worker has died and is replaced');
    setTimeout(fork, REPLACE_AFTER_MS);
  }

  const send = (worker: Worker, message: PrimaryMessage) => worker.isConnected() && worker.send(message);
  const sendAll = (message: PrimaryMessage) => {
    for (const worker of listening.keys()) send(worker, message);
  };

  function ask(worker: Worker): Promise<WorkerReport | undefined> {
    return new Promise((resolve) => {
      const id = nextId;
      nextId += 1;
      waiting.set(id, resolve);
      send(worker, { type: 'report', id });
      setTimeout(() => {
        waiting.delete(id);
        resolve(undefined);
      }, REPORT_PATIENCE_MS).unref();
    });
  }

  const { AggregatorRegistry } = await import('prom-client');
  /** Workers that are starting are not asked: they could not answer yet. */
  const askAll = async () => {
    const reports = await Promise.all([...listening.keys()].map(ask));
    return reports.filter((report) => report !== undefined);
  };
  const serving: ServingSide = {
    readiness: () =>
      listening.size > 0
        ? { isReady: true, reasons: [] }
        : { isReady: false, reasons: ['no worker listens'] },
    async prometheus() {
      const registry = AggregatorRegistry.aggregate((await askAll()).map(({ prometheus }) => prometheus));
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    report: async () => mergeReports(await askAll()),
    outagesChanged: () => sendAll({ type: 'outages-changed' }),
  };

  for (let index = 0; index < count; index += 1) fork();
  const address = await begun;
  hasBegun = true;
  if (!address) {
    isStopping = true;
    sendAll({ type: 'stop' });
    cluster.disconnect();
    return;
  }
  const url = urlOf(address);
  logger.info(
    {
      listening: [url],
      baseUrl: configuration.baseUrl,
      workers: count,
      readyMs: Math.round(performance.now()),
    },
    `listening on ${url} with ${count} workers`,
  );

  store.onChange(({ state }) => {
    if (state !== 'ready' || databaseUrl !== undefined) return;
    databaseUrl = configuration.databaseUrl ?? findEmbeddedServer(configuration.state);
    if (databaseUrl !== undefined) sendAll({ type: 'database', url: databaseUrl });
  });
  const operations = openOperations(start, store, serving);
  operations
    .then((opened) => opened.startProbing(address))
    .catch((error) => logger.error({ err: error }, 'the operational side did not start'));

  onStopSignal(logger, async () => {
    isStopping = true;
    const gone = [...alive].map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    sendAll({ type: 'stop' });
    // One that is still starting has answered nobody and hears nothing yet.
    for (const worker of alive) if (!listening.has(worker)) worker.process.kill('SIGKILL');
    const cut = setTimeout(() => {
      for (const worker of alive) worker.process.kill('SIGKILL');
    }, configuration.shutdownGraceMs + STOP_PATIENCE_MS);
    await Promise.all(gone);
    clearTimeout(cut);
    await (await operations).close();
    await store.close();
  });
}

function mergeReports(reports: readonly WorkerReport[]): ServingReport {
  return {
    faults: Object.assign({}, ...reports.map(({ faults }) => faults)),
    sharedLimits: reports.some(({ sharedLimits }) => sharedLimits === 'away')
      ? 'away'
      : reports[0]?.sharedLimits,
    waitingCalls: reports.reduce((sum, { waitingCalls }) => sum + waitingCalls, 0),
    directories: oldest(reports.flatMap(({ directories }) => directories)),
  };
}

/** Every worker knows a directory by itself; the one that has known it longest without news speaks for all. */
function oldest(directories: readonly DirectoryStatus[]): DirectoryStatus[] {
  const age = ({ fetchedAt }: DirectoryStatus) => fetchedAt ?? 0;
  const byEcosystem = Map.groupBy(directories, ({ ecosystem }) => ecosystem);
  return [...byEcosystem.values()].flatMap((known) => known.toSorted((a, b) => age(a) - age(b)).slice(0, 1));
}
