import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type Scalar,
} from 'yaml';
import type { Diagnostic, DiagnosticCode } from '../../kernel/diagnostic.ts';
import { toPointer } from '../../kernel/json-pointer.ts';
import { nearMiss } from '../../kernel/near-miss.ts';

type Path = readonly (string | number)[];

/** A value of a mapping, with its place in the file. */
export interface Place {
  readonly node: Node;
  readonly path: Path;
}

/** A mapping as a document: hands out its values, and collects what is wrong with them. */
export interface MappingDocument {
  /** Undefined when the text is no YAML; the diagnostics then say so. */
  readonly root: Place | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly lineOf: (place: Place) => number;
  /** Says what is wrong at a place, or at an offset of the text of a block that stands there. */
  readonly report: (place: Place, message: string, code?: DiagnosticCode, offset?: number) => void;
  /** Members by name; those of other names are reported. Undefined, and reported, where there is no map. */
  readonly members: (place: Place, names?: readonly string[]) => ReadonlyMap<string, Place> | undefined;
  readonly elements: (place: Place) => readonly Place[] | undefined;
  readonly text: (place: Place) => string | undefined;
  /** What stands there, wherever an alias leads; undefined once the document has too many values. */
  readonly resolve: (place: Place) => Node | undefined;
}

const MOST_CHARACTERS = 1024 * 1024;
/** Anchors may be used again, and must not multiply without bound. */
const MOST_VALUES = 50_000;
const MOST_DIAGNOSTICS = 200;

/** Opens the text of a mapping. Never throws: what is wrong becomes a diagnostic of `file`. */
export function openMappingDocument(text: string, file: string): MappingDocument {
  const lines = new LineCounter();
  const diagnostics: Diagnostic[] = [];
  let values = 0;

  function report(place: Place, message: string, code: DiagnosticCode = 'config-value', offset = 0): void {
    if (diagnostics.length >= MOST_DIAGNOSTICS) return;
    const position = positionOf(place.node, text, offset, lines);
    diagnostics.push({ file, ...position, severity: 'error', code, pointer: toPointer(place.path), message });
  }

  const refuse = (message: string, offset: number): void => {
    const { line, col } = lines.linePos(offset);
    diagnostics.push({
      file,
      line,
      column: col,
      severity: 'error',
      code: 'config-syntax',
      pointer: '',
      message,
    });
  };

  function open(): { root: Place; resolve: (node: Node) => Node | undefined } | undefined {
    if (text.length > MOST_CHARACTERS) {
      refuse('the mapping is larger than 1 MiB', 0);
      return undefined;
    }
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'core' });
    for (const error of document.errors) refuse(`not valid YAML: ${error.message}`, error.pos[0]);
    if (document.errors.length > 0) return undefined;
    if (document.contents === null) {
      refuse('the mapping is empty', 0);
      return undefined;
    }
    const root = { node: document.contents as ParsedNode, path: [] };
    return { root, resolve: (node) => (isAlias(node) ? node.resolve(document) : node) };
  }

  const opened = open();

  /** The value itself, where it is an alias; undefined where there are too many. */
  function resolved({ node }: Place): Node | undefined {
    values += 1;
    return values > MOST_VALUES ? undefined : opened?.resolve(node);
  }

  return {
    root: opened?.root,
    diagnostics,
    report,
    resolve: resolved,
    lineOf: ({ node }) => positionOf(node, text, 0, lines).line,

    members(place, names) {
      const node = resolved(place);
      if (!isMap(node)) {
        report(place, `expected a map${names ? ` with ${names.join(', ')}` : ''}`);
        return undefined;
      }
      const found = new Map<string, Place>();
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : '';
        const member = { node: (value ?? key) as Node, path: [...place.path, name] };
        if (names && !names.includes(name)) {
          const near = nearMiss(name, names);
          const hint = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean "${near}"?`;
          report(
            { ...member, node: key as Node },
            `nothing here is called "${name}"; ${hint}`,
            'config-unknown-key',
          );
        } else if (value === null) report({ ...member, node: key as Node }, `expected a value of "${name}"`);
        else found.set(name, member);
      }
      return found;
    },

    elements(place) {
      const node = resolved(place);
      if (isSeq(node))
        return node.items.map((item, index) => ({ node: item as Node, path: [...place.path, index] }));
      report(place, 'expected a list');
      return undefined;
    },

    text(place) {
      const node = resolved(place);
      if (isScalar(node) && typeof node.value === 'string' && node.value.trim() !== '') return node.value;
      report(place, 'expected a text');
      return undefined;
    },
  };
}

/** Of a block (`|`) the line within it too; other texts may be folded, and are pointed at as a whole. */
function positionOf(
  node: Node,
  text: string,
  offset: number,
  lines: LineCounter,
): { line: number; column: number } {
  const start = node.range?.[0] ?? 0;
  const { line, col } = lines.linePos(start);
  if (offset === 0 || !isScalar(node) || node.type !== 'BLOCK_LITERAL') return { line, column: col };
  const before = String((node as Scalar).value)
    .slice(0, offset)
    .split('\n');
  const row = line + before.length;
  const written = text.split('\n', row)[row - 1] ?? '';
  const indent = written.length - written.trimStart().length;
  const own = String((node as Scalar).value).split('\n')[before.length - 1] ?? '';
  const margin = indent - (own.length - own.trimStart().length);
  return { line: row, column: margin + (before.at(-1) ?? '').length + 1 };
}
