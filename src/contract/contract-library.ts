import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import type { Diagnostic, DiagnosticCode } from '../kernel/diagnostic.ts';
import { fromPointer } from '../kernel/json-pointer.ts';
import { type ContractDocument, isObject } from './contract-document.ts';
import { MAX_DOCUMENT_BYTES, parseDocument } from './parse-document.ts';

/** A node of a contract together with the document it stands in, which its references are relative to. */
export interface Site {
  readonly document: ContractDocument;
  readonly node: unknown;
  /** JSON pointer of the node in its document. */
  readonly pointer: string;
}

export type Resolution =
  | { readonly found: true; readonly site: Site }
  | { readonly found: false; readonly code: DiagnosticCode; readonly message: string };

/** The documents read so far, by path, and the only way from a `$ref` to what it names. */
export interface ContractLibrary {
  /** Reads a file once. `root` is the folder that references from it may not leave. */
  open(file: string, root: string): { document: ContractDocument | undefined; diagnostics: Diagnostic[] };
  /** Follows one reference; never leaves the folder of the document and never the machine. */
  resolve(from: ContractDocument, reference: string): Resolution;
  /** Files that some reference reached. */
  readonly referenced: ReadonlySet<string>;
}

/** Creates an empty library. It reads files synchronously: it works at start, before anything is served. */
export function createContractLibrary(): ContractLibrary {
  const documents = new Map<string, { document: ContractDocument | undefined; diagnostics: Diagnostic[] }>();
  const referenced = new Set<string>();
  const resolved = new Map<ContractDocument, Map<string, Resolution>>();

  function open(file: string, root: string) {
    const known = documents.get(file);
    if (known) return known;
    const read = readContract(file, root);
    documents.set(file, read);
    return read;
  }

  function resolveOnce(from: ContractDocument, reference: string): Resolution {
    let known = resolved.get(from);
    if (!known) {
      known = new Map();
      resolved.set(from, known);
    }
    let resolution = known.get(reference);
    if (!resolution) {
      resolution = resolveReference(from, reference);
      known.set(reference, resolution);
    }
    return resolution;
  }

  function resolveReference(from: ContractDocument, reference: string): Resolution {
    const [location = '', fragment = ''] = reference.split('#', 2);
    if (location === '') return locate(from, fragment, reference);
    if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(location)) {
      return refused(
        'contract-ref-network',
        `$ref to "${reference}" is refused: references never leave this machine`,
      );
    }
    const target = resolve(dirname(from.file), decodeURIComponentSafely(location));
    if (!isInside(from.root, target)) {
      return refused(
        'contract-ref-outside',
        `$ref to "${reference}" is refused: it leaves the contracts folder`,
      );
    }
    const { document } = open(target, from.root);
    if (!document)
      return refused('contract-ref-dangling', `$ref to "${reference}": that file cannot be read`);
    referenced.add(target);
    return locate(document, fragment, reference);
  }

  return { open, resolve: resolveOnce, referenced };
}

function readContract(file: string, root: string) {
  try {
    const stats = statSync(file);
    // Reading a pipe would wait for ever.
    if (!stats.isFile()) return unread(file, 'contract-unreadable', 'cannot be read: it is not a file');
    if (stats.size > MAX_DOCUMENT_BYTES) {
      const limit = MAX_DOCUMENT_BYTES / 1024 / 1024;
      return unread(file, 'contract-too-large', `the file is larger than ${limit} MB; a contract is not`);
    }
    const { value, diagnostics } = parseDocument(file, readFileSync(file));
    if (value === undefined) return { document: undefined, diagnostics };
    if (!isObject(value)) {
      return unread(
        file,
        'contract-not-openapi',
        'expected an OpenAPI document: a mapping with an "openapi" version',
      );
    }
    const modern = /^3\.[1-9]/.test(String(value.openapi ?? ''));
    return { document: { file, root, content: value, modern }, diagnostics };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return unread(file, 'contract-unreadable', `the file cannot be read (${reason})`);
  }
}

function unread(file: string, code: DiagnosticCode, message: string) {
  const diagnostic: Diagnostic = { file, line: 0, column: 0, severity: 'error', code, pointer: '', message };
  return { document: undefined, diagnostics: [diagnostic] };
}

function locate(document: ContractDocument, fragment: string, reference: string): Resolution {
  if (fragment !== '' && !fragment.startsWith('/')) {
    return refused(
      'contract-ref-dangling',
      `$ref to "${reference}": only JSON pointers are understood after "#"`,
    );
  }
  const pointer = decodeURIComponentSafely(fragment);
  let node: unknown = document.content;
  for (const segment of fromPointer(pointer)) {
    const inside = typeof node === 'object' && node !== null && Object.hasOwn(node, segment);
    if (!inside) return refused('contract-ref-dangling', `$ref to "${reference}" leads nowhere`);
    node = (node as Record<string, unknown>)[segment];
  }
  return { found: true, site: { document, node, pointer } };
}

function refused(code: DiagnosticCode, message: string): Resolution {
  return { found: false, code, message };
}

function isInside(root: string, target: string): boolean {
  return [target, realPathIfAny(target)].every((path) => {
    const way = relative(realPathIfAny(root), path);
    const lexical = relative(root, path);
    return [way, lexical].some(
      (step) => step !== '' && step !== '..' && !step.startsWith(`..${sep}`) && !step.startsWith(sep),
    );
  });
}

function realPathIfAny(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
