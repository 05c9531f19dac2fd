import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { fromPointer } from '../kernel/json-pointer.ts';

/**
 * Gives contract diagnostics the line and column of what their pointer names. Parsing with positions is slow, so it
 * happens only for files that have something to point at, and only when somebody will read it.
 */
export function locateDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const locators = new Map<string, (pointer: string) => { line: number; column: number }>();
  return diagnostics.map((diagnostic) => {
    // Data files know their positions, and one that is too large to read must not be read for its position.
    if (
      diagnostic.line > 0 ||
      !diagnostic.code.startsWith('contract-') ||
      !/\.(ya?ml|json)$/i.test(diagnostic.file)
    )
      return diagnostic;
    let locate = locators.get(diagnostic.file);
    if (!locate) {
      locate = createLocator(diagnostic.file);
      locators.set(diagnostic.file, locate);
    }
    return { ...diagnostic, ...locate(diagnostic.pointer) };
  });
}

function createLocator(file: string): (pointer: string) => { line: number; column: number } {
  const lineCounter = new LineCounter();
  const unknown = { line: 0, column: 0 };
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), {
      lineCounter,
      strict: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    return (pointer) => {
      for (let path = fromPointer(pointer); path.length > 0; path = path.slice(0, -1)) {
        const node = document.getIn(path, true);
        if (isNode(node) && node.range) {
          const { line, col } = lineCounter.linePos(node.range[0]);
          return { line, column: col };
        }
      }
      return pointer === '' ? unknown : { line: 1, column: 1 };
    };
  } catch {
    return () => unknown;
  }
}
