import { readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Diagnostic, DiagnosticCode } from '../kernel/diagnostic.ts';

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/**
 * Lists the contract files below a folder, at any depth, in name order. Hidden files are passed over; links are
 * followed, but no folder is entered twice, so that links in a circle end.
 */
export function findDocuments(folder: string): { files: string[]; diagnostics: Diagnostic[] } {
  const files: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const entered = new Set<string>();

  function enter(path: string): void {
    const real = realpathSync(path);
    if (entered.has(real)) return;
    entered.add(real);
    for (const name of readdirSync(path).sort()) {
      if (!name.startsWith('.') && name !== 'node_modules') look(join(path, name));
    }
  }

  function look(path: string): void {
    try {
      const stats = statSync(path);
      if (stats.isDirectory()) enter(path);
      else if (stats.isFile() && EXTENSIONS.has(extname(path).toLowerCase())) files.push(path);
    } catch (error) {
      diagnostics.push(unreadable(path, error));
    }
  }

  try {
    enter(folder);
  } catch (error) {
    diagnostics.push(unreadable(folder, error));
  }
  return { files, diagnostics };
}

function unreadable(file: string, error: unknown): Diagnostic {
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const code: DiagnosticCode = reason === 'ELOOP' ? 'contract-link-loop' : 'contract-unreadable';
  const message = reason === 'ELOOP' ? 'the symbolic link leads in a circle' : `cannot be read (${reason})`;
  return { file, line: 0, column: 0, severity: 'error', code, pointer: '', message };
}
