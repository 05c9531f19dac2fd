import type { Call } from './call.ts';
import type { Operation } from './operation.ts';

/**
 * The query parameters of an operation besides those of paging. The key of a listing is carried like any other, but for
 * customers' data, where each link has a key of its own.
 */
export function queryNames({ kind, parameters, paging }: Operation): string[] {
  const ownKey = kind === 'customer-data' ? paging?.keyParameter : undefined;
  return parameters.flatMap(({ in: place, name }) => (place === 'query' && name !== ownKey ? [name] : []));
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
