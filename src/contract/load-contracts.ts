import { dirname, relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { compileOperations } from './compile-operations.ts';
import { createContractLibrary } from './contract-library.ts';
import type { EcosystemProfile } from './ecosystem-profile.ts';
import { findDocuments } from './find-documents.ts';
import { inspectDocument } from './inspect-document.ts';
import type { Operation } from './operation.ts';

/** Where contracts come from. */
export interface ContractSources {
  readonly profiles: readonly EcosystemProfile[];
  /** The folder of guiche's own documents. */
  readonly catalog: string;
  /** The operator's folders. */
  readonly contracts: readonly string[];
  readonly countedArrays?: ReadonlyMap<string, readonly string[]>;
  /** Whether the documents of an API, by its folders in the catalog, are wanted; all of them are without it. */
  readonly isWanted?: (ecosystem: string, api: string) => boolean;
}

export interface LoadedContracts {
  readonly operations: readonly Operation[];
  /** How many documents were read. */
  readonly documents: number;
  /** Without positions: `locateDiagnostics` adds them where they will be shown. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and compiles every contract of the sources. A document that cannot be used is reported and left out. */
export function loadContracts(sources: ContractSources): LoadedContracts {
  const library = createContractLibrary();
  const operations: Operation[] = [];
  const diagnostics: Diagnostic[] = [];
  const orphans = new Map<string, Diagnostic[]>();
  const countedArrays = sources.countedArrays ?? new Map();
  const read = new Set<string>();
  let documents = 0;

  // What the catalog's documents repeat of the regulators' quirks is known and nobody's to mend.
  const isCatalog = (file: string) => file.startsWith(sources.catalog);

  const folders = [
    { folder: resolve(sources.catalog), origin: 'catalog' as const },
    ...sources.contracts.map((folder) => ({ folder: resolve(folder), origin: 'operator' as const })),
  ];
  for (const { folder, origin } of folders) {
    const found = findDocuments(folder);
    diagnostics.push(...found.diagnostics);
    for (const file of found.files) {
      // What lies beside the folders of an ecosystem's APIs is data about the ecosystem.
      if (origin === 'catalog' && dirname(dirname(file)) === folder) continue;
      if (origin === 'catalog' && !isWanted(sources, folder, file)) continue;
      // One folder of the operator may lie inside another.
      if (read.has(file)) continue;
      read.add(file);
      const { document, diagnostics: reading } = library.open(file, folder);
      diagnostics.push(...reading);
      if (!document) continue;
      documents += 1;
      const inspection = inspectDocument(library, document);
      diagnostics.push(...inspection.diagnostics);
      if (!inspection.usable) continue;
      const compiled = compileOperations(
        { library, profiles: sources.profiles, origin, countedArrays },
        document,
      );
      operations.push(...compiled.operations);
      if ('openapi' in document.content) diagnostics.push(...compiled.diagnostics);
      else orphans.set(file, compiled.diagnostics);
    }
  }
  // A file without operations of its own is a fragment when some document refers to it, and a mistake otherwise.
  for (const [file, found] of orphans) {
    if (!library.referenced.has(file)) diagnostics.push(...found);
  }
  return {
    operations,
    documents,
    diagnostics: diagnostics.filter(({ file, severity }) => severity !== 'info' || !isCatalog(file)),
  };
}

function isWanted({ isWanted: decide }: ContractSources, folder: string, file: string): boolean {
  const [ecosystem = '', api = ''] = relative(folder, file).split(sep);
  return decide?.(ecosystem, api) ?? true;
}
