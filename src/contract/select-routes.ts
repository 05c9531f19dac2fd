import type { Diagnostic, DiagnosticCode, Severity } from '../kernel/diagnostic.ts';
import { compareVersions } from './negotiate-version.ts';
import type { Operation } from './operation.ts';

/** One method and path, and the one operation that answers there. */
export interface Route {
  readonly operation: Operation;
  /** Operations of other documents for the same route, which do not answer. */
  readonly replaced: readonly Operation[];
}

/**
 * Decides which document answers each route: an operator's before the catalog's, then the higher version, unless the
 * configuration pins one. Routes that differ only in the names of their path parameters are the same route.
 *
 * @param pins version by operation key, from the configuration
 */
export function selectRoutes(
  operations: readonly Operation[],
  pins: ReadonlyMap<string, string> = new Map(),
): { routes: Route[]; diagnostics: Diagnostic[] } {
  const candidates = new Map<string, Operation[]>();
  for (const operation of operations) {
    const key = routeKey(operation);
    candidates.set(key, [...(candidates.get(key) ?? []), operation]);
  }
  const diagnostics: Diagnostic[] = [];
  const routes = [...candidates.values()].map((group) => choose(group, pins, diagnostics));
  return { routes, diagnostics };
}

/** A route's identity: method and path with parameter names blanked. */
export function routeKey({ method, path }: Pick<Operation, 'method' | 'path'>): string {
  return `${method} ${path.replace(/\{[^}]*\}/g, '{}')}`;
}

function choose(group: Operation[], pins: ReadonlyMap<string, string>, diagnostics: Diagnostic[]): Route {
  const ranked = [...group].sort(byOriginThenVersion);
  // Any document's spelling of the route names it.
  const pinned = ranked.map(({ key }) => pins.get(key)).find((version) => version !== undefined);
  const operation = ranked.find(({ version }) => version === pinned) ?? (ranked[0] as Operation);
  const replaced = ranked.filter((other) => other !== operation);
  if (pinned !== undefined && operation.version !== pinned) {
    const offered = ranked.map(({ version }) => version).join(', ');
    diagnostics.push(
      finding(
        operation,
        'error',
        'contract-version-not-found',
        `the configuration pins ${operation.key} to ${pinned}; the documents offer ${offered}`,
      ),
    );
  }
  if (pinned === undefined) for (const other of replaced) report(operation, other, diagnostics);
  return { operation, replaced };
}

function report(winner: Operation, loser: Operation, diagnostics: Diagnostic[]): void {
  const versions = `${winner.version} (${winner.source.file}) answers ${winner.key} in place of ${loser.version} (${loser.source.file})`;
  if (winner.source.origin === 'operator' && loser.source.origin === 'operator') {
    diagnostics.push(
      finding(winner, 'warning', 'contract-route-twice', `two documents have this route: ${versions}`),
    );
  } else if (winner.source.origin === 'operator') {
    diagnostics.push(
      finding(winner, 'info', 'contract-route-replaced', `your document replaces the catalog's: ${versions}`),
    );
  }
}

function finding(
  operation: Operation,
  severity: Severity,
  code: DiagnosticCode,
  message: string,
): Diagnostic {
  const { file, pointer } = operation.source;
  return { file, line: 0, column: 0, severity, code, pointer, message };
}

function byOriginThenVersion(a: Operation, b: Operation): number {
  if (a.source.origin !== b.source.origin) return a.source.origin === 'operator' ? -1 : 1;
  return compareVersions(b.version, a.version) || a.source.file.localeCompare(b.source.file);
}
