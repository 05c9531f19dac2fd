import type { Call } from './call.ts';
import type { Operation } from './operation.ts';

/** The query parameters of an operation besides those of paging. */
export function queryNames({ parameters, paging }: Operation): string[] {
  return parameters.flatMap(({ in: place, name }) =>
    place === 'query' && name !== paging?.keyParameter ? [name] : [],
  );
}

/** The parameters besides paging that a request named, in the contract's order: links carry them on. */
export function carriedQuery(names: readonly string[], { query }: Call): string {
  return names
    .filter((name) => query[name])
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(query[name] as string)}`)
    .join('&');
}

/** The request's own URL on the public origin, without paging. */
export function publicUrl(baseUrl: string, { operation, path }: Call, query: string): string {
  const filled = operation.path.replace(/\{([^}]*)\}/g, (_, name) => encodeURIComponent(path[name] ?? ''));
  return `${baseUrl}${filled}${query === '' ? '' : `?${query}`}`;
}
