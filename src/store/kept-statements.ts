import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PoolClient } from 'pg';

/** Begins statements that each connection is to read once. They name the columns that they answer with. */
export const KEPT = '/* kept */';

/** There are a dozen of them; a mistake that makes more must not fill the server's memory. */
const MOST_KEPT = 100;

/**
 * Has a connection keep the statements that are marked so: the server reads them once. It plans them each time, because
 * a plan that was made for an empty table would be kept while the table grows.
 */
export function keepStatements(client: PoolClient): void {
  const names = new LRUCache<string, string>({ max: MOST_KEPT });
  const query = client.query.bind(client) as (...given: unknown[]) => unknown;
  // Sent before anything else; a connection that breaks at once tells whoever asks next.
  Promise.resolve(query('set plan_cache_mode = force_custom_plan')).catch(() => {});

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || names.size >= MOST_KEPT) return known;
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
    names.set(text, name);
    return name;
  }

  client.query = ((text: unknown, values: unknown, ...others: unknown[]) => {
    const name = typeof text === 'string' && text.startsWith(KEPT) ? nameOf(text) : undefined;
    return name === undefined ? query(text, values, ...others) : query({ name, text, values }, ...others);
  }) as PoolClient['query'];
}
