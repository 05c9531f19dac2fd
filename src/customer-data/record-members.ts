import type { JsonSchema } from '../contract/json-schema.ts';

type Node = Readonly<Record<string, unknown>>;

/** Contracts nest references and combinations some levels deep, and not this many. */
const MAX_HOPS = 16;

/** The members that a bundled schema gives an object, each with what is said of it where it stands or is referred to. */
export function recordMembers(schema: JsonSchema | undefined): ReadonlyMap<string, Node> {
  if (!isNode(schema)) return new Map();
  const definitions = isNode(schema.$defs) ? schema.$defs : {};
  const members = partsOf(schema, definitions).flatMap((part) =>
    isNode(part.properties) ? Object.entries(part.properties) : [],
  );
  return new Map(members.map(([name, member]) => [name, Object.assign({}, ...partsOf(member, definitions))]));
}

/** The values that a bundled schema admits; undefined where it does not enumerate them. */
export function admittedValues(schema: JsonSchema | undefined): readonly unknown[] | undefined {
  if (!isNode(schema)) return undefined;
  const definitions = isNode(schema.$defs) ? schema.$defs : {};
  const stated = partsOf(schema, definitions).find((part) => Array.isArray(part.enum));
  return stated?.enum as readonly unknown[] | undefined;
}

/** A schema and all that it is made of, references followed. */
function partsOf(schema: unknown, definitions: Node, hops = 0): Node[] {
  if (!isNode(schema) || hops > MAX_HOPS) return [];
  const target =
    typeof schema.$ref === 'string' ? definitions[schema.$ref.slice('#/$defs/'.length)] : undefined;
  const combined = Array.isArray(schema.allOf) ? schema.allOf : [];
  return [schema, ...[target, ...combined].flatMap((part) => partsOf(part, definitions, hops + 1))];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
