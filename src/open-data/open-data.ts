import type { Answer, Call } from '../contract/call.ts';
import type { EcosystemProfile } from '../contract/ecosystem-profile.ts';
import type { Operation } from '../contract/operation.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { createProblem } from '../kernel/problem.ts';
import { createDataset, type Dataset } from './dataset.ts';
import type { DatasetLoader } from './dataset-loader.ts';
import { type DatasetPlan, planDataset } from './dataset-plan.ts';
import { type DatasetFiles, datasetPath, findDatasets, signFiles } from './find-datasets.ts';
import type { LoadedDataset } from './load-dataset.ts';
import { createPageCache } from './page-cache.ts';

export interface OpenDataSettings {
  /** Every operation that is answered from a file. */
  readonly operations: readonly Operation[];
  /** Dataset paths of other operations, and why no file is read for them. */
  readonly unserved: ReadonlyMap<string, string>;
  readonly profiles: readonly EcosystemProfile[];
  readonly folders: readonly string[];
  readonly baseUrl: string;
  readonly maxPageSize: number;
  readonly cacheBytes: number;
  readonly loader: DatasetLoader;
  readonly now: () => number;
  readonly onEvent: (event: OpenDataEvent) => void;
}

/** What happens to a dataset while guiche runs. */
export type OpenDataEvent =
  | {
      readonly type: 'published';
      readonly dataset: string;
      readonly records: number;
      readonly milliseconds: number;
    }
  | { readonly type: 'withdrawn'; readonly dataset: string }
  /** The change is not served; the data that was there before still is. */
  | { readonly type: 'refused'; readonly dataset: string; readonly diagnostics: readonly Diagnostic[] }
  | { readonly type: 'folder'; readonly diagnostics: readonly Diagnostic[] };

/** The open data of an institution, served from its folders. */
export interface OpenData {
  /** Loads everything there is. Resolves with every finding; a dataset with an error is not served. */
  load(): Promise<readonly Diagnostic[]>;
  /** Looks for changes and loads what has changed and is no longer changing. */
  refresh(): Promise<void>;
  read(call: Call): Answer;
  /** Faults of what lies in the folders now, by dataset. */
  readonly faults: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** How often reading starts over when a file changes under it. */
const ATTEMPTS = 3;

interface Shelf {
  readonly dataset: Dataset;
  /** Signature of the files that were last loaded, well or not. */
  loaded: string;
  /** Signature at the last look: a file is loaded when it looks the same twice. */
  seen: string;
}

/** Creates the open data of an institution with nothing loaded. */
export function createOpenData(settings: OpenDataSettings): OpenData {
  const pages = createPageCache(settings.cacheBytes);
  const operations = new Map(settings.operations.map((operation) => [datasetPath(operation), operation]));
  const wanted = new Set(operations.keys());
  const shelves = new Map<string, Shelf>();
  const byOperation = new Map<Operation, Dataset>();
  const faults = new Map<string, readonly Diagnostic[]>();
  let folderFaults = '';

  /** Made with the first file: an operation that nobody offers costs nothing. */
  function shelfOf(path: string): Shelf {
    const known = shelves.get(path);
    if (known) return known;
    const operation = operations.get(path) as Operation;
    const dataset = createDataset(operation, planOf(operation), { ...settings, pages });
    const shelf = { dataset, loaded: '', seen: '' };
    shelves.set(path, shelf);
    byOperation.set(operation, dataset);
    return shelf;
  }

  function planOf(operation: Operation): DatasetPlan {
    const profile = settings.profiles.find(({ ecosystem }) => ecosystem === operation.ecosystem);
    return planDataset(operation, profile?.filters ?? {});
  }

  async function load(): Promise<readonly Diagnostic[]> {
    const { datasets, diagnostics } = findDatasets(settings.folders, wanted, settings.unserved);
    folderFaults = JSON.stringify(diagnostics);
    const found = await Promise.all([...datasets].map(([path, files]) => loadShelf(path, files)));
    return [...diagnostics, ...found.flat()];
  }

  async function loadShelf(path: string, { files, signature }: DatasetFiles): Promise<readonly Diagnostic[]> {
    const shelf = shelfOf(path);
    const started = performance.now();
    shelf.loaded = signature;
    shelf.seen = signature;
    const { snapshot, diagnostics } = await loadStill(shelf.dataset.plan, files);
    if (snapshot) {
      shelf.dataset.publish(snapshot);
      faults.delete(path);
      const milliseconds = Math.round(performance.now() - started);
      settings.onEvent({ type: 'published', dataset: path, records: snapshot.total, milliseconds });
    } else {
      faults.set(path, diagnostics);
    }
    return diagnostics;
  }

  /** What was read counts only if the files stayed as they were: parts are never served half old and half new. */
  async function loadStill(plan: DatasetPlan, files: readonly string[]): Promise<LoadedDataset> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const before = signFiles(files);
      const loaded = await settings.loader.load(plan, files);
      if (signFiles(files) === before) return loaded;
    }
    const message = `the files kept changing while they were read, ${ATTEMPTS} times`;
    return {
      snapshot: undefined,
      diagnostics: [
        {
          file: files[0] ?? '',
          line: 0,
          column: 0,
          severity: 'error',
          code: 'data-changing',
          pointer: '',
          message,
        },
      ],
    };
  }

  async function refresh(): Promise<void> {
    const { datasets, isComplete, diagnostics } = findDatasets(settings.folders, wanted, settings.unserved);
    reportFolders(diagnostics);
    const changed: [string, DatasetFiles][] = [];
    for (const [path, files] of datasets) {
      const shelf = shelfOf(path);
      if (shelf.loaded === files.signature) continue;
      if (shelf.seen === files.signature) changed.push([path, files]);
      shelf.seen = files.signature;
    }
    // A folder that cannot be read says nothing about its files: what is served stays.
    if (isComplete) for (const [path, shelf] of shelves) if (!datasets.has(path)) withdraw(path, shelf);
    await Promise.all(changed.map(reload));
  }

  async function reload([path, files]: [string, DatasetFiles]): Promise<void> {
    const diagnostics = await loadShelf(path, files);
    if (faults.has(path)) settings.onEvent({ type: 'refused', dataset: path, diagnostics });
  }

  function withdraw(path: string, shelf: Shelf): void {
    const isGone = shelf.seen === '' && shelf.loaded !== '';
    shelf.seen = '';
    if (!isGone) return;
    shelf.loaded = '';
    faults.delete(path);
    if (!shelf.dataset.snapshot) return;
    shelf.dataset.publish(undefined);
    settings.onEvent({ type: 'withdrawn', dataset: path });
  }

  function reportFolders(diagnostics: readonly Diagnostic[]): void {
    const text = JSON.stringify(diagnostics);
    if (text !== folderFaults && diagnostics.length > 0) settings.onEvent({ type: 'folder', diagnostics });
    folderFaults = text;
  }

  return {
    load,
    refresh,
    faults,
    read: (call) =>
      byOperation.get(call.operation)?.read(call) ?? {
        kind: 'problem',
        problem: createProblem('PRODUTO_NAO_OFERTADO'),
      },
  };
}
