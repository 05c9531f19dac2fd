/** What a path allows: its methods, and one operation of it for the shape of errors. */
export interface PathEntry<T> {
  readonly template: string;
  readonly methods: ReadonlyMap<string, T>;
}

/**
 * Answers which methods a path has, for requests that no route took. Slow and simple: it runs only for mistakes.
 */
export function createPathTable<T>(
  entries: readonly { readonly method: string; readonly path: string; readonly value: T }[],
): (path: string) => PathEntry<T> | undefined {
  const table = new Map<string, { template: string; pattern: RegExp; methods: Map<string, T> }>();
  for (const { method, path, value } of entries) {
    const key = path.replace(/\{[^}]*\}/g, '{}');
    const known = table.get(key) ?? { template: path, pattern: patternOf(path), methods: new Map() };
    known.methods.set(method, value);
    table.set(key, known);
  }
  // Literal paths first, as the router does it.
  const ordered = [...table.values()].sort((a, b) => parameters(a.template) - parameters(b.template));
  return (path) => ordered.find(({ pattern }) => pattern.test(path));
}

function patternOf(template: string): RegExp {
  const segments = template
    .split('/')
    .map((segment) => (/^\{[^}]*\}$/.test(segment) ? '[^/]+' : escapeSegment(segment)));
  return new RegExp(`^${segments.join('/')}/?$`);
}

function escapeSegment(segment: string): string {
  return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function parameters(template: string): number {
  return template.split('{').length;
}
