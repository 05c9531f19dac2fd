import { type RawBuilder, sql } from 'kysely';

/**
 * In `on conflict do update` of a table that is called `known`: the array that is there plus the one that arrives,
 * element by element. The shorter one is taken to go on with zeros.
 */
export function addElements(column: string): RawBuilder<unknown> {
  return sql`(
    select array_agg(coalesce(a, 0) + coalesce(b, 0) order by place)
    from unnest(${sql.ref(`known.${column}`)}, ${sql.ref(`excluded.${column}`)}) with ordinality as pair(a, b, place)
  )`;
}
