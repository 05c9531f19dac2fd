import { parentPort } from 'node:worker_threads';
import type { DatasetPlan } from './dataset-plan.ts';
import { type LoadedDataset, loadDataset } from './load-dataset.ts';

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

parentPort?.on('message', ({ id, plan, files, maxBytes }: LoadRequest) => {
  const loaded = loadDataset(plan, files, { maxBytes });
  // Handed over, not copied: a copy of a large dataset would halt the thread that serves.
  const transfer = loaded.snapshot
    ? [loaded.snapshot.records.buffer as ArrayBuffer, loaded.snapshot.offsets.buffer as ArrayBuffer]
    : [];
  parentPort?.postMessage({ id, loaded } satisfies LoadReply, transfer);
});
