import { isObject, type JsonObject } from './contract-document.ts';
import { envelopeMember } from './envelope-places.ts';
import type { JsonSchema } from './json-schema.ts';
import type { SplitSchema } from './operation.ts';

/**
 * Cuts a bundled answer schema along its counted array: what remains around it, without links and meta, and the schema
 * of one record. Records can then be checked one by one, however large the file that holds them.
 *
 * @returns undefined when the way to the array leads through a combination (`oneOf` and the like), where the whole
 * answer must be checked at once.
 */
export function splitSchema(schema: JsonSchema, countedArray: readonly string[]): SplitSchema | undefined {
  if (!isObject(schema)) return undefined;
  const definitions = isObject(schema.$defs) ? schema.$defs : {};
  let array: JsonObject | undefined;

  function cut(node: unknown, depth: number): JsonObject | undefined {
    const real = dereference(node, definitions);
    if (!real || ['oneOf', 'anyOf', 'allOf', 'if', 'not'].some((keyword) => keyword in real))
      return undefined;
    if (depth === countedArray.length) {
      array = real;
      return { type: 'array' };
    }
    const segment = countedArray[depth] as string;
    if (segment === '*') {
      const items = cut(real.items, depth + 1);
      return items && { ...real, items };
    }
    const properties = isObject(real.properties) ? real.properties : {};
    const member = cut(properties[segment], depth + 1);
    return member && withoutEnvelope({ ...real, properties: { ...properties, [segment]: member } });
  }

  const skeleton = cut({ ...schema, $defs: undefined }, 0);
  if (!skeleton || !array || ('type' in array && array.type !== 'array')) return undefined;
  return {
    skeleton: { ...skeleton, $defs: definitions },
    record: { ...(isObject(array.items) ? { allOf: [array.items] } : {}), $defs: definitions },
    minItems: typeof array.minItems === 'number' ? array.minItems : 0,
    maxItems: typeof array.maxItems === 'number' ? array.maxItems : undefined,
  };
}

function dereference(node: unknown, definitions: JsonObject): JsonObject | undefined {
  let current = node;
  for (let hops = 0; hops < 64 && isObject(current); hops += 1) {
    const siblings = Object.keys(current).filter(
      (keyword) => !['$ref', '$defs', 'allOf', 'type'].includes(keyword),
    );
    // What stands beside a reference constrains too, and would be lost on the way.
    if (siblings.length > 0 || !('$ref' in current || 'allOf' in current))
      return '$ref' in current ? undefined : current;
    if (typeof current.$ref === 'string') current = definitions[current.$ref.slice('#/$defs/'.length)];
    else if (Array.isArray(current.allOf) && current.allOf.length === 1) current = current.allOf[0];
    else return undefined;
  }
  return undefined;
}

/** Links and meta are made by guiche: a data file need not have them, and what it has there is not looked at. */
function withoutEnvelope(schema: JsonObject): JsonObject {
  const isMade = (name: string) => envelopeMember(name) !== undefined;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, isMade(name) ? {} : value]),
    ),
    required: required.filter((name) => !isMade(name)),
  };
}
