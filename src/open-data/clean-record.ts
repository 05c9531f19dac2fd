/** Side attributes are for guiche and never served. */
const SIDE_PREFIX = 'x-';

/**
 * Removes side attributes from a parsed value, in place and at any depth, and counts the object members it had.
 *
 * The count tells whether the text named a key twice, which a parsed object cannot show.
 */
export function cleanRecord(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) {
    let members = 0;
    for (const item of value) members += cleanRecord(item);
    return members;
  }
  const object = value as Record<string, unknown>;
  let members = 0;
  for (const name in object) {
    members += 1 + cleanRecord(object[name]);
    if (name.startsWith(SIDE_PREFIX)) delete object[name];
  }
  return members;
}
