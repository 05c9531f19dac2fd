import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

interface NamedEndpoint {
  readonly endpoint: string;
  readonly ecosystem: string;
}

/**
 * Creates the lookup of endpoints' numbers in the database, which are asked for once per connection: after a
 * reconnection it may be another database.
 */
export function createEndpointNumbers() {
  const known = new WeakMap<Kysely<Tables>, Map<string, number>>();

  return async function numbersOf(
    db: Kysely<Tables>,
    endpoints: readonly NamedEndpoint[],
  ): Promise<(endpoint: NamedEndpoint) => number> {
    const numbers = known.get(db) ?? new Map<string, number>();
    known.set(db, numbers);
    const missing = () => endpoints.filter((endpoint) => !numbers.has(keyOf(endpoint)));
    // Looking first keeps the identity from counting up with each start of a node.
    if (missing().length > 0) await read(db, numbers, missing());
    if (missing().length > 0) {
      await insert(db, missing());
      await read(db, numbers, missing());
    }
    return (endpoint) => numbers.get(keyOf(endpoint)) as number;
  };
}

async function read(
  db: Kysely<Tables>,
  numbers: Map<string, number>,
  endpoints: readonly NamedEndpoint[],
): Promise<void> {
  const rows = await db
    .selectFrom('endpoints')
    .select(['id', 'key as endpoint', 'ecosystem'])
    .where('key', '=', sql<string>`any(${endpoints.map(({ endpoint }) => endpoint)}::text[])`)
    .execute();
  for (const row of rows) numbers.set(keyOf(row), row.id);
}

/** In one order on every node, so that two that start together do not wait for each other in a circle. */
async function insert(db: Kysely<Tables>, endpoints: readonly NamedEndpoint[]): Promise<void> {
  const rows = [
    ...new Map(endpoints.map((each) => [keyOf(each), { key: each.endpoint, ecosystem: each.ecosystem }])),
  ]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
  await db
    .insertInto('endpoints')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function keyOf({ ecosystem, endpoint }: NamedEndpoint): string {
  return `${ecosystem} ${endpoint}`;
}
