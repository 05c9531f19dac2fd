import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { DatasetPlan } from './dataset-plan.ts';
import type { LoadedDataset } from './load-dataset.ts';

/** What the serving thread asks of the loading thread. */
export interface LoadRequest {
  readonly id: number;
  readonly plan: DatasetPlan;
  readonly files: readonly string[];
  readonly maxBytes: number;
}

export interface LoadReply {
  readonly id: number;
  readonly loaded: LoadedDataset;
}

/** What a loading thread is given when it starts. */
export interface LoaderWorkerData {
  /** The serving thread's folder of compiled code; threads do not inherit it. */
  readonly compileCache: string | undefined;
}

const { compileCache } = workerData as LoaderWorkerData;
if (compileCache !== undefined) enableCompileCache(compileCache);
// Imported after the cache is on, which it was not while this file was being loaded.
const loading = import('./load-dataset.ts');

parentPort?.on('message', async ({ id, plan, files, maxBytes }: LoadRequest) => {
  const { loadDataset } = await loading;
  const loaded = loadDataset(plan, files, { maxBytes });
  // Handed over, not copied: a copy of a large dataset would halt the thread that serves.
  const transfer = loaded.snapshot
    ? [loaded.snapshot.records.buffer as ArrayBuffer, loaded.snapshot.offsets.buffer as ArrayBuffer]
    : [];
  parentPort?.postMessage({ id, loaded } satisfies LoadReply, transfer);
});
