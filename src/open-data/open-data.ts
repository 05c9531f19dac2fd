import { setTimeout } from 'node:timers/promises';
import type { Answer, Call } from '../contract/call.ts';
import type { EcosystemProfile } from '../contract/ecosystem-profile.ts';
import type { Operation } from '../contract/operation.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { createProblem } from '../kernel/problem.ts';
import { createDataset, type Dataset } from './dataset.ts';
import type { DatasetLoader } from './dataset-loader.ts';
import { type DatasetPlan, planDataset } from './dataset-plan.ts';
import { type DatasetFiles, datasetPath, findDatasets, signFiles } from './find-datasets.ts';
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
  /** What stands behind an operation: published data, data that never was sound enough to serve, or nothing. */
  stateOf(operation: Operation): DatasetState;
  /** How many records each dataset serves. */
  records(): readonly { readonly dataset: string; readonly records: number }[];
}

/** The state of the data behind an operation; `since` is in milliseconds since the epoch. */
export type DatasetState =
  | { readonly state: 'published' | 'absent' }
  | { readonly state: 'broken'; readonly since: number };

/** How often the first load starts over when a file changes under it, and what it waits for the change to end. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;

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
  const brokenSince = new Map<string, number>();
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
    const found = await Promise.all([...datasets].map(([path, found]) => loadFirst(path, found)));
    return [...diagnostics, ...found.flat()];
  }

  async function loadFirst(path: string, { files, signature }: DatasetFiles): Promise<readonly Diagnostic[]> {
    let expected = signature;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt > 0) await setTimeout(PAUSE_MS);
      const diagnostics = await loadShelf(path, { files, signature: expected });
      if (diagnostics) return diagnostics;
      expected = signFiles(files);
    }
    const message = `the files kept changing while they were read, ${ATTEMPTS} times`;
    const diagnostics: Diagnostic[] = [
      {
        file: files[0] ?? '',
        line: 0,
        column: 0,
        severity: 'error',
        code: 'data-changing',
        pointer: '',
        message,
      },
    ];
    faults.set(path, diagnostics);
    return diagnostics;
  }

  /**
   * What was read counts only if the files are still as they were at the last look: parts are never served half old
   * and half new. Undefined when they are not.
   */
  async function loadShelf(
    path: string,
    { files, signature }: DatasetFiles,
  ): Promise<readonly Diagnostic[] | undefined> {
    const shelf = shelfOf(path);
    const started = performance.now();
    const { snapshot, diagnostics } = await settings.loader.load(shelf.dataset.plan, files);
    if (signFiles(files) !== signature) return undefined;
    shelf.loaded = signature;
    shelf.seen = signature;
    if (snapshot) {
      shelf.dataset.publish(snapshot);
      faults.delete(path);
      brokenSince.delete(path);
      const milliseconds = Math.round(performance.now() - started);
      settings.onEvent({ type: 'published', dataset: path, records: snapshot.total, milliseconds });
    } else {
      faults.set(path, diagnostics);
      if (!brokenSince.has(path)) brokenSince.set(path, settings.now());
    }
    return diagnostics;
  }

  async function refresh(): Promise<void> {
    const { datasets, contested, isComplete, diagnostics } = findDatasets(
      settings.folders,
      wanted,
      settings.unserved,
    );
    reportFolders(diagnostics);
    const changed: [string, DatasetFiles][] = [];
    for (const [path, found] of datasets) {
      const shelf = shelfOf(path);
      if (shelf.loaded !== found.signature && shelf.seen === found.signature) changed.push([path, found]);
      shelf.seen = found.signature;
    }
    // A folder that cannot be read says nothing about its files, and two that disagree do not either: what is served
    // stays.
    for (const [path, shelf] of shelves) {
      if (isComplete && !datasets.has(path) && !contested.has(path)) withdraw(path, shelf);
    }
    await Promise.all(changed.map(reload));
  }

  async function reload([path, found]: [string, DatasetFiles]): Promise<void> {
    const diagnostics = await loadShelf(path, found);
    if (diagnostics && faults.has(path)) settings.onEvent({ type: 'refused', dataset: path, diagnostics });
  }

  function withdraw(path: string, shelf: Shelf): void {
    const isGone = shelf.seen === '' && shelf.loaded !== '';
    shelf.seen = '';
    if (!isGone) return;
    shelf.loaded = '';
    faults.delete(path);
    brokenSince.delete(path);
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
    stateOf(operation) {
      if (byOperation.get(operation)?.snapshot) return { state: 'published' };
      const since = brokenSince.get(datasetPath(operation));
      return since === undefined ? { state: 'absent' } : { state: 'broken', since };
    },
    records: () =>
      [...shelves].flatMap(([dataset, shelf]) => {
        const { snapshot } = shelf.dataset;
        return snapshot ? [{ dataset, records: snapshot.total }] : [];
      }),
    read: (call) =>
      byOperation.get(call.operation)?.read(call) ?? {
        kind: 'problem',
        problem: createProblem('PRODUTO_NAO_OFERTADO'),
      },
  };
}
