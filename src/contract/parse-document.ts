import { isUtf8 } from 'node:buffer';
import { CORE_SCHEMA, load, Type, YAMLException } from 'js-yaml';
import type { Diagnostic, DiagnosticCode } from '../kernel/diagnostic.ts';

/** Largest contract file read, in bytes; the largest published one is about 250 KB. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Values that a document may expand to; the largest published one has 30,000. Aliases that multiply exceed it. */
const MAX_NODES = 1_000_000;
const MAX_DEPTH = 200;

/** Timestamps stay text, as in JSON; merge keys are kept because some regulators' documents use them. */
const MERGE_KEY = new Type('tag:yaml.org,2002:merge', {
  kind: 'scalar',
  resolve: (data) => data === '<<' || data === null,
});
const CONTRACT_YAML = CORE_SCHEMA.extend({ implicit: [MERGE_KEY] });

/**
 * Parses the bytes of a YAML or JSON file, tolerating a byte-order mark and duplicate keys (the last one wins, with a
 * warning where YAML has them). Returns the value, or `undefined` with an error among the diagnostics: a value is never
 * returned that walking it whole could not end soon.
 */
export function parseDocument(file: string, bytes: Buffer): { value: unknown; diagnostics: Diagnostic[] } {
  if (bytes.length === 0)
    return failed(file, 'contract-empty', 'the file is empty; expected an OpenAPI document');
  if (!isUtf8(bytes)) {
    return failed(file, 'contract-not-utf8', 'the file is not UTF-8 text; save it as UTF-8');
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const { value, diagnostics } = read(text, file);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { value: undefined, diagnostics };
  if (value === undefined || value === null) {
    return failed(file, 'contract-empty', 'the file holds no value; expected an OpenAPI document');
  }
  if (!isBounded(value)) {
    const limits = `${MAX_NODES} values or ${MAX_DEPTH} levels`;
    return failed(
      file,
      'contract-too-complex',
      `the document expands to more than ${limits}; anchors that multiply are refused`,
    );
  }
  return { value, diagnostics };
}

function read(text: string, file: string): { value: unknown; diagnostics: Diagnostic[] } {
  try {
    return { value: parseText(text, file, false), diagnostics: [] };
  } catch (error) {
    return recover(text, file, error);
  }
}

/** Aliases are followed anew at each use, as every later reader of the document does. */
function isBounded(value: unknown): boolean {
  let nodes = 0;
  const visit = (node: unknown, depth: number): boolean => {
    nodes += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH) return false;
    if (typeof node !== 'object' || node === null) return true;
    return Object.values(node).every((inner) => visit(inner, depth + 1));
  };
  return visit(value, 0);
}

function recover(text: string, file: string, error: unknown): { value: unknown; diagnostics: Diagnostic[] } {
  if (!(error instanceof YAMLException)) {
    return failed(
      file,
      'contract-syntax',
      'the file is neither valid YAML nor JSON; it is nested too deeply',
    );
  }
  const diagnostic = yamlDiagnostic(file, error);
  if (!error.reason?.includes('duplicated mapping key'))
    return { value: undefined, diagnostics: [diagnostic] };
  try {
    const value = parseText(text, file, true);
    return { value, diagnostics: [{ ...diagnostic, severity: 'warning', code: 'contract-duplicate-key' }] };
  } catch (second) {
    const worse = second instanceof YAMLException ? yamlDiagnostic(file, second) : diagnostic;
    return { value: undefined, diagnostics: [worse] };
  }
}

function parseText(text: string, file: string, lastKeyWins: boolean): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // A YAML flow mapping also starts with a brace; the YAML reader below gives the verdict and the position.
    }
  }
  return load(text, { filename: file, schema: CONTRACT_YAML, json: lastKeyWins });
}

function yamlDiagnostic(file: string, error: YAMLException): Diagnostic {
  const reason = error.reason ?? 'unreadable';
  return {
    file,
    line: (error.mark?.line ?? -1) + 1,
    column: (error.mark?.column ?? -1) + 1,
    severity: 'error',
    code: 'contract-syntax',
    pointer: '',
    message: `not valid YAML: ${reason}`,
  };
}

function failed(file: string, code: DiagnosticCode, message: string) {
  const diagnostic: Diagnostic = { file, line: 0, column: 0, severity: 'error', code, pointer: '', message };
  return { value: undefined, diagnostics: [diagnostic] };
}
