import { createHmac } from 'node:crypto';

/**
 * What tells the bodies of two requests apart: a keyed SHA-256 of the JSON value in canonical form, where the order of
 * members does not count (RFC 8785). Keyed, because a body holds few unknowns besides a CPF: its plain digest would give
 * the number away to whoever tries them all.
 *
 * @returns 64 hexadecimal digits
 */
export function requestFingerprint(key: Uint8Array, body: unknown): string {
  return createHmac('sha256', key).update(canonicalJson(body)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // By UTF-16 code units, as the RFC has it and as JavaScript compares.
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join()}}`;
}
