/**
 * One text for equal values: members in the order of their names (by UTF-16 code units), no white space, absent
 * members left out; numbers and strings as ECMAScript writes them. The subset of RFC 8785 that JSON.stringify gives.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isPlainObject(member) ? sortMembers(member) : member,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that a member called `__proto__` is one like any other. */
function sortMembers(value: Record<string, unknown>): Record<string, unknown> {
  const sorted = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(value).sort()) sorted[name] = value[name];
  return sorted;
}
