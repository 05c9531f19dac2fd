import { getCompileCacheDir } from 'node:module';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DatasetPlan } from './dataset-plan.ts';
import type { LoadedDataset } from './load-dataset.ts';
import type { LoaderWorkerData, LoadReply, LoadRequest } from './loader-worker.ts';

/** Loads datasets on a thread of its own, so that serving never waits for a file to be read or checked. */
export interface DatasetLoader {
  /** Starts the thread ahead of the first load. */
  warm(): void;
  load(plan: DatasetPlan, files: readonly string[]): Promise<LoadedDataset>;
  close(): Promise<void>;
}

/** The thread ends after this long without work, which gives the memory of a large load back to the system. */
const IDLE_MS = 2_000;

/** Records live for an instant, so little room for what is young costs no time and keeps the process small. */
const YOUNG_MEGABYTES = 8;

interface Waiting {
  readonly resolve: (loaded: LoadedDataset) => void;
  readonly request: LoadRequest;
}

/** Creates a loader whose thread starts with the first load and ends when idle. `maxBytes` bounds each file. */
export function createDatasetLoader(maxBytes: number): DatasetLoader {
  // In the order of asking, which is the order in which the thread works.
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 1;

  function start(): Worker {
    clearTimeout(idle);
    if (worker) return worker;
    const script = new URL(`./loader-worker${extname(import.meta.url)}`, import.meta.url);
    const started = new Worker(script, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
      workerData: { compileCache: getCompileCacheDir() } satisfies LoaderWorkerData,
    });
    started.on('message', settle);
    started.on('error', (error) => abandon(started, error));
    started.on('exit', () => abandon(started, new Error('the loading thread ended')));
    worker = started;
    return started;
  }

  function settle({ id, loaded }: LoadReply): void {
    waiting.get(id)?.resolve(loaded);
    waiting.delete(id);
    if (waiting.size === 0) endWhenIdle();
  }

  function endWhenIdle(): void {
    clearTimeout(idle);
    idle = setTimeout(() => void endThread(), IDLE_MS).unref();
  }

  /**
   * What the thread was doing when it died is a dataset that could not be loaded, not a fault of the service. The
   * datasets behind it are loaded by another thread.
   */
  function abandon(dead: Worker, error: Error): void {
    if (worker !== dead) return;
    worker = undefined;
    const [first, ...others] = [...waiting.values()];
    if (first) giveUp(first, error.message);
    for (const { request } of others) start().postMessage(request);
  }

  function giveUp({ resolve, request }: Waiting, reason: string): void {
    waiting.delete(request.id);
    const file = request.files[0] ?? '';
    const message = `loading was given up: ${reason}`;
    resolve({
      snapshot: undefined,
      diagnostics: [
        { file, line: 0, column: 0, severity: 'error', code: 'data-unreadable', pointer: '', message },
      ],
    });
  }

  async function endThread(): Promise<void> {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  }

  return {
    warm: () => {
      start();
      if (waiting.size === 0) endWhenIdle();
    },
    load: (plan, files) =>
      new Promise((resolve) => {
        const request = { id: nextId, plan, files, maxBytes };
        nextId += 1;
        waiting.set(request.id, { resolve, request });
        start().postMessage(request);
      }),
    async close() {
      await endThread();
      for (const load of [...waiting.values()]) giveUp(load, 'the service stops');
    },
  };
}
