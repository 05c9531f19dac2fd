import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import type { JsonObject } from '../../src/contract/contract-document.ts';
import { type LoadedContracts, loadContracts } from '../../src/contract/load-contracts.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { readProfiles } from '../../src/contract/read-profiles.ts';
import type { Diagnostic } from '../../src/kernel/diagnostic.ts';

export const catalogFolder = resolve(import.meta.dirname, '../../catalog');
export const profiles = readProfiles(catalogFolder);

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Writes files, objects as JSON, into a new temporary folder that goes away when the test file ends. */
export function contractFolder(files: Readonly<Record<string, string | Buffer | JsonObject>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'guiche-contracts-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      typeof content === 'string' || content instanceof Buffer ? content : JSON.stringify(content),
    );
  }
  return folder;
}

/** Loads operator folders alone, beside a catalog without documents. */
export function loadFolders(...contracts: string[]): LoadedContracts {
  return loadContracts({ profiles, catalog: contractFolder(), contracts });
}

/** Loads one document from a folder of its own. */
export function loadDocument(document: string | JsonObject): LoadedContracts {
  return loadFolders(contractFolder({ 'contract.yaml': document }));
}

/** The only operation of a document, or a failure that shows what was found instead. */
export function loadOperation(document: string | JsonObject): Operation {
  const { operations, diagnostics } = loadDocument(document);
  const [operation] = operations;
  if (!operation || operations.length > 1) {
    throw new Error(`expected one operation, found ${operations.length}: ${JSON.stringify(diagnostics)}`);
  }
  return operation;
}

/** `severity code pointer` of each diagnostic, which is what tests compare. */
export function findings(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`);
}

/** A small OpenAPI document with one server; members given replace those it would have. */
export function openApi(members: JsonObject = {}): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Things', version: '1.0.0' },
    servers: [{ url: 'https://api.example.com/open-insurance/things/v1' }],
    paths: { '/things': { get: operationOf({ type: 'object' }) } },
    ...members,
  };
}

/** An operation that answers 200 with a schema; members given replace those it would have. */
export function operationOf(schema: JsonObject, members: JsonObject = {}): JsonObject {
  return { responses: { 200: jsonAnswer(schema) }, ...members };
}

/** A response with a JSON body. */
export function jsonAnswer(schema: JsonObject): JsonObject {
  return { description: 'OK', content: { 'application/json': { schema } } };
}
