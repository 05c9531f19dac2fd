import { isObject, type JsonObject } from '../contract/contract-document.ts';
import type { JsonSchema } from '../contract/json-schema.ts';
import type { Operation } from '../contract/operation.ts';
import type { RecordFilter } from './record-match.ts';

/** A filter of an operation, with the values its contract allows where it lists them. */
export interface RecordFilterPlan extends RecordFilter {
  readonly in: 'path' | 'query';
  readonly allowed: readonly string[] | undefined;
}

/**
 * The parameters of an operation that filter its records: every path parameter, and query parameters that name a
 * member of the record. A parameter whose member is an enum takes only the enum's values.
 *
 * @param memberNames members of another name, by parameter, from the ecosystem's profile
 */
export function parameterValues(
  operation: Operation,
  memberNames: Readonly<Record<string, string>>,
): RecordFilterPlan[] {
  const record = operation.answer.split()?.record;
  return operation.parameters.flatMap((parameter) => {
    if (parameter.in === 'header') return [];
    const members = (memberNames[parameter.name] ?? parameter.name).split('/');
    const schemas = record === undefined ? [] : findMembers(record, members);
    if (parameter.in === 'query' && schemas.length === 0) return [];
    return [{ parameter: parameter.name, in: parameter.in, members, allowed: commonEnum(schemas) }];
  });
}

function commonEnum(schemas: readonly JsonObject[]): string[] | undefined {
  const enums = schemas.map((schema) => (isObject(schema.items) ? schema.items.enum : schema.enum));
  if (enums.length === 0 || !enums.every(Array.isArray)) return undefined;
  return [...new Set(enums.flat().map(String))];
}

/** Every schema of a member with that trailing path, anywhere in a record's schema. */
function findMembers(record: JsonSchema, members: readonly string[]): JsonObject[] {
  const definitions = isObject(record) && isObject(record.$defs) ? record.$defs : {};
  const found: JsonObject[] = [];
  const entered = new Set<string>();

  function visit(schema: unknown, parents: readonly string[]): void {
    if (!isObject(schema)) return;
    if (typeof schema.$ref === 'string') {
      const name = schema.$ref.slice('#/$defs/'.length);
      const mark = `${name} ${parents.slice(-members.length).join('/')}`;
      if (entered.has(mark)) return;
      entered.add(mark);
      visit(definitions[name], parents);
      return;
    }
    const isMember = members.every((member, index) => parents.at(index - members.length) === member);
    if (isMember && schema.type !== 'object') found.push(resolveItems(schema));
    for (const combination of ['allOf', 'anyOf', 'oneOf']) {
      const branches = schema[combination];
      if (Array.isArray(branches)) for (const branch of branches) visit(branch, parents);
    }
    visit(schema.items, parents.length > 0 && isMember ? [] : parents);
    for (const [name, member] of Object.entries(isObject(schema.properties) ? schema.properties : {}))
      visit(member, [...parents, name]);
  }

  function resolveItems(schema: JsonObject): JsonObject {
    const items =
      isObject(schema.items) && typeof schema.items.$ref === 'string'
        ? definitions[schema.items.$ref.slice(8)]
        : schema.items;
    return isObject(items) ? { ...schema, items } : schema;
  }

  visit(record, []);
  return found;
}
