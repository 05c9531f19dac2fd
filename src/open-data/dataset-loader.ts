import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DatasetPlan } from './dataset-plan.ts';
import type { LoadedDataset } from './load-dataset.ts';
import type { LoadReply, LoadRequest } from './loader-worker.ts';

/** Loads datasets on a thread of its own, so that serving never waits for a file to be read or checked. */
export interface DatasetLoader {
  /** Starts the thread ahead of the first load. */
  warm(): void;
  load(plan: DatasetPlan, files: readonly string[]): Promise<LoadedDataset>;
  close(): Promise<void>;
}

/** The thread ends after this long without work, which gives the memory of a large load back to the system. */
const IDLE_MS = 2_000;

/** Creates a loader whose thread starts with the first load and ends when idle. `maxBytes` bounds each file. */
export function createDatasetLoader(maxBytes: number): DatasetLoader {
  const waiting = new Map<number, { resolve: (loaded: LoadedDataset) => void; file: string }>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 1;

  function start(): Worker {
    clearTimeout(idle);
    if (worker) return worker;
    const started = new Worker(new URL(`./loader-worker${extname(import.meta.url)}`, import.meta.url));
    started.on('message', settle);
    started.on('error', (error) => abandon(started, error));
    started.on('exit', () => abandon(started, new Error('the loading thread ended')));
    worker = started;
    return started;
  }

  function settle({ id, loaded }: LoadReply): void {
    waiting.get(id)?.resolve(loaded);
    waiting.delete(id);
    if (waiting.size === 0) idle = setTimeout(stop, IDLE_MS).unref();
  }

  /** Whatever the thread was doing when it died is a dataset that could not be loaded, not a fault of the service. */
  function abandon(dead: Worker, error: Error): void {
    if (worker !== dead) return;
    worker = undefined;
    const message = `loading was given up: ${error.message}`;
    for (const { resolve, file } of waiting.values()) {
      resolve({
        snapshot: undefined,
        diagnostics: [
          { file, line: 0, column: 0, severity: 'error', code: 'data-unreadable', pointer: '', message },
        ],
      });
    }
    waiting.clear();
  }

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const stopping = worker;
    worker = undefined;
    await stopping?.terminate();
  }

  return {
    warm: () => {
      start();
    },
    load: (plan, files) =>
      new Promise((resolve) => {
        const id = nextId;
        nextId += 1;
        waiting.set(id, { resolve, file: files[0] ?? '' });
        start().postMessage({ id, plan, files, maxBytes } satisfies LoadRequest);
      }),
    close: stop,
  };
}
