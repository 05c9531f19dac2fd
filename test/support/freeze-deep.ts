import type { Json } from '../../src/connectors/connector.ts';

/** Freezes a value with all that is in it, as connectors do that hand out the same object again. */
export function freezeDeep(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freezeDeep(inner);
  return Object.freeze(value);
}
