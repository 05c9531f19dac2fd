import { isAbsolute, relative } from 'node:path';
import { locateDiagnostics } from '../contract/locate-diagnostics.ts';
import type { Diagnostic, Severity } from '../kernel/diagnostic.ts';

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

/** Makes diagnostics ready to read: positions filled in, paths from the current folder, the most serious first. */
export function presentDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return locateDiagnostics(diagnostics)
    .map((diagnostic) => ({ ...diagnostic, file: nearPath(diagnostic.file) }))
    .sort((a, b) => RANK[a.severity] - RANK[b.severity] || a.file.localeCompare(b.file) || a.line - b.line);
}

/** Tells whether anything among the findings keeps what it names from being served. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

function nearPath(file: string): string {
  if (!isAbsolute(file)) return file;
  const way = relative(process.cwd(), file);
  return way.startsWith('../..') ? file : way;
}
