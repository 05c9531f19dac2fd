import { isObject, type JsonObject } from './contract-document.ts';
import type { JsonSchema } from './json-schema.ts';

/**
 * Keeps of a value what its schema declares: of objects whose schema has `properties`, only those members; of the rest,
 * everything. One value that has all that any version of a contract knows can so be answered in each of them.
 * Members that are undefined are left out. The value itself is not changed, and what a schema requires is not added.
 *
 * @param schema a bundled schema, whose references lead to its own `$defs`; branches of combinations count together
 */
export function projectOnSchema(schema: JsonSchema, value: unknown): unknown {
  const definitions = isObject(schema) && isObject(schema.$defs) ? schema.$defs : {};
  return project([schema], value, definitions);
}

function project(schemas: readonly unknown[], value: unknown, definitions: JsonObject): unknown {
  if (!Array.isArray(value) && !isObject(value)) return value;
  const parts = partsOf(schemas, definitions);
  if (Array.isArray(value)) {
    const items = parts.flatMap(({ items }) => (items === undefined ? [] : [items]));
    return items.length === 0 ? value : value.map((item) => project(items, item, definitions));
  }
  const members = membersOf(parts);
  const others = parts.map(({ additionalProperties }) => additionalProperties).filter(isObject);
  const isOpen = members.size === 0 && others.length === 0;
  const kept: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const declared = members.get(name) ?? (isOpen || others.length > 0 ? others : undefined);
    if (declared && member !== undefined) kept.push([name, project(declared, member, definitions)]);
  }
  return Object.fromEntries(kept);
}

/** The schemas themselves and all that they refer to or combine, each once. */
function partsOf(schemas: readonly unknown[], definitions: JsonObject): JsonObject[] {
  const parts = new Set<JsonObject>();
  const waiting = [...schemas];
  while (waiting.length > 0) {
    const schema = waiting.pop();
    if (!isObject(schema) || parts.has(schema)) continue;
    parts.add(schema);
    if (typeof schema.$ref === 'string') waiting.push(definitions[schema.$ref.slice('#/$defs/'.length)]);
    for (const keyword of ['allOf', 'anyOf', 'oneOf'])
      if (Array.isArray(schema[keyword])) waiting.push(...schema[keyword]);
  }
  return [...parts];
}

function membersOf(parts: readonly JsonObject[]): Map<string, unknown[]> {
  const members = new Map<string, unknown[]>();
  for (const { properties } of parts) {
    for (const [name, schema] of Object.entries(isObject(properties) ? properties : {}))
      members.set(name, [...(members.get(name) ?? []), schema]);
  }
  return members;
}
