import type { Diagnostic, DiagnosticCode, Severity } from '../kernel/diagnostic.ts';
import { toPointer } from '../kernel/json-pointer.ts';
import { compiles, isUndeclared } from './bundle-schema.ts';
import { type ContractDocument, isObject, type JsonObject } from './contract-document.ts';
import type { ContractLibrary } from './contract-library.ts';

const ZERO_WIDTH = /[\u200B-\u200D\u2060]/;

/** Report of what a document holds: `usable` is false when it, or what it refers to, cannot be compiled safely. */
export interface Inspection {
  readonly usable: boolean;
  readonly diagnostics: Diagnostic[];
}

/**
 * Walks a whole document once, and what it refers to in other files: reports every reference that cannot be followed as
 * an error, and what published contracts get wrong but guiche reads tolerantly as one `info` per quirk.
 */
export function inspectDocument(library: ContractLibrary, document: ContractDocument): Inspection {
  const diagnostics: Diagnostic[] = [];
  const quirks = new Map<DiagnosticCode, { count: number; path: (string | number)[]; message: string }>();
  const path: (string | number)[] = [];
  const foreign = new Set<unknown>();

  const report = (severity: Severity, code: DiagnosticCode, message: string, at = path) =>
    diagnostics.push({
      file: document.file,
      line: 0,
      column: 0,
      severity,
      code,
      pointer: toPointer(at),
      message,
    });

  function quirk(code: DiagnosticCode, message: string): void {
    const known = quirks.get(code);
    if (known) known.count += 1;
    else quirks.set(code, { count: 1, path: [...path], message });
  }

  function visit(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (let index = 0; index < node.length; index += 1) step(index, node[index]);
      return;
    }
    const members = node as JsonObject;
    if (typeof members.$ref === 'string') {
      const fault = findFault(document, members.$ref);
      if (fault) report('error', fault.code, fault.message);
    }
    lookForQuirks(members, isBranch(path), quirk);
    for (const member in members) step(member, members[member]);
  }

  function step(segment: string | number, node: unknown): void {
    path.push(segment);
    visit(node);
    path.pop();
  }

  /** What keeps a reference from being followed: its own fault, or one of what it leads to in another file. */
  function findFault(start: ContractDocument, reference: string): Fault | undefined {
    const followed = new Set<unknown>();
    let from = start;
    let target = reference;
    for (;;) {
      const resolution = library.resolve(from, target);
      if (!resolution.found) return resolution;
      const { document: place, node } = resolution.site;
      if (!isObject(node) || typeof node.$ref !== 'string') return findForeignFault(place, node);
      if (followed.has(node)) {
        return {
          code: 'contract-ref-cycle',
          message: `$ref to "${reference}" leads in a circle and never to a value`,
        };
      }
      followed.add(node);
      from = place;
      target = node.$ref;
    }
  }

  function findForeignFault(place: ContractDocument, node: unknown): Fault | undefined {
    if (place === document || typeof node !== 'object' || node === null || foreign.has(node))
      return undefined;
    foreign.add(node);
    const { $ref } = node as JsonObject;
    const fault = typeof $ref === 'string' ? findFault(place, $ref) : undefined;
    if (fault) return { code: fault.code, message: `by way of ${place.file}: ${fault.message}` };
    for (const inner of Object.values(node)) {
      const below = findForeignFault(place, inner);
      if (below) return below;
    }
    return undefined;
  }

  visit(document.content);
  for (const [code, { count, path: at, message }] of quirks) {
    report('info', code, count > 1 ? `${message} (and ${count - 1} more like it in this file)` : message, at);
  }
  return { usable: !diagnostics.some(({ severity }) => severity === 'error'), diagnostics };
}

interface Fault {
  readonly code: DiagnosticCode;
  readonly message: string;
}

/** Tells whether a path leads to a branch of a combination, whose required names are declared beside it. */
function isBranch(path: readonly (string | number)[]): boolean {
  const [list, last] = path.slice(-2);
  return (
    ['allOf', 'anyOf', 'oneOf'].includes(String(list)) || ['not', 'if', 'then', 'else'].includes(String(last))
  );
}

function lookForQuirks(
  node: JsonObject,
  branch: boolean,
  quirk: (code: DiagnosticCode, message: string) => void,
): void {
  if (Array.isArray(node.enum)) {
    if (new Set(node.enum).size < node.enum.length) {
      quirk('contract-enum-repeated', 'the enum lists a value more than once; read as once');
    }
    const limit = node.maxLength;
    if (
      typeof limit === 'number' &&
      node.enum.some((value) => typeof value === 'string' && value.length > limit)
    ) {
      quirk('contract-enum-too-long', 'an enum value is longer than maxLength; the enum wins');
    }
  }
  if (!branch && Array.isArray(node.required) && (node.type === 'object' || isObject(node.properties))) {
    const missing = node.required.find((name) => typeof name === 'string' && isUndeclared(node, name));
    if (missing !== undefined) {
      quirk('contract-required-undeclared', `"${missing}" is required but not declared; not demanded`);
    }
  }
  if (typeof node.format === 'string' && ZERO_WIDTH.test(node.format)) {
    quirk('contract-zero-width', 'the format holds an invisible character; read without it');
  }
  if (typeof node.pattern === 'string') {
    if (node.pattern.includes('\\00'))
      quirk(
        'contract-pattern-repaired',
        'the pattern escapes a NUL character where it means zero; read as "00"',
      );
    else if (!compiles(node.pattern))
      quirk(
        'contract-pattern-dropped',
        'the pattern is not a regular expression this engine can run; not checked',
      );
  }
}
