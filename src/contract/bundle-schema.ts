import { isObject, type JsonObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import type { JsonSchema } from './json-schema.ts';

const SCHEMA_MEMBERS = new Set([
  'items',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contains',
  'propertyNames',
]);
const CONDITIONS = new Set(['not', 'if', 'then', 'else']);
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const SCHEMA_MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas']);

const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isLimit = (value: unknown) => isNumber(value) || typeof value === 'boolean';

/**
 * The keywords that say which values are valid, with what their value must be to be understood. Every other keyword is
 * left out: annotations, vendor extensions, mistakes.
 */
const ASSERTIONS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['type', isType],
  ['enum', Array.isArray],
  ['const', () => true],
  ['format', (value: unknown) => typeof value === 'string'],
  ['pattern', (value: unknown) => typeof value === 'string'],
  ['required', Array.isArray],
  ['minLength', isCount],
  ['maxLength', isCount],
  ['minItems', isCount],
  ['maxItems', isCount],
  ['minContains', isCount],
  ['maxContains', isCount],
  ['minProperties', isCount],
  ['maxProperties', isCount],
  ['minimum', isNumber],
  ['maximum', isNumber],
  ['exclusiveMinimum', isLimit],
  ['exclusiveMaximum', isLimit],
  ['multipleOf', (value: unknown) => isNumber(value) && (value as number) > 0],
  ['uniqueItems', (value: unknown) => typeof value === 'boolean'],
]);

/** Formats that Ajv's format library checks; others, such as `int32` or `double`, say nothing about JSON text. */
const CHECKED_FORMATS = new Set([
  'date',
  'time',
  'date-time',
  'duration',
  'email',
  'uuid',
  'uri',
  'ipv4',
  'ipv6',
  'hostname',
]);

/**
 * Turns the schema at a site into one self-contained JSON Schema 2020-12 value: what it references is collected under
 * `$defs`, and OpenAPI 3.0 spellings (`nullable`, boolean `exclusiveMinimum`, siblings of `$ref`) are translated.
 *
 * Reads tolerantly what published contracts get wrong, so that the values they mean to allow stay valid: enum values
 * repeated, longer than `maxLength` or written as numbers; required names that an open object does not declare;
 * zero-width characters in formats; patterns with a NUL escape in front of a digit.
 */
export function bundleSchema(library: ContractLibrary, site: Site): JsonSchema {
  const names = new Map<unknown, string>();
  const definitions: Record<string, unknown> = {};

  function reference(from: Site, target: string): JsonObject {
    const resolution = library.resolve(from.document, target);
    if (!resolution.found) return {};
    const { site: place } = resolution;
    let name = names.get(place.node);
    if (name === undefined) {
      name = `d${names.size}`;
      names.set(place.node, name);
      definitions[name] = convert(place);
    }
    return { $ref: `#/$defs/${name}` };
  }

  /** @param branch true in a combination or condition, whose required names may be declared outside of it */
  function convert(place: Site, branch = false): unknown {
    const { node, document } = place;
    if (!isObject(node)) return typeof node === 'boolean' ? node : {};
    const at = (inner: unknown): Site => ({ document, node: inner, pointer: '' });
    if (typeof node.$ref === 'string' && !document.modern) return reference(place, node.$ref);

    const schema: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === '$ref' && typeof value === 'string') Object.assign(schema, reference(place, value));
      else if (SCHEMA_MEMBERS.has(keyword) && isSchema(value)) schema[keyword] = convert(at(value));
      else if (CONDITIONS.has(keyword) && isSchema(value)) schema[keyword] = convert(at(value), true);
      else if (SCHEMA_LISTS.has(keyword) && isList(value))
        schema[keyword] = value.map((item) => convert(at(item), true));
      else if (SCHEMA_MAPS.has(keyword) && isObject(value))
        schema[keyword] = mapValues(value, (inner) => convert(at(inner)));
      else if (ASSERTIONS.get(keyword)?.(value)) schema[keyword] = value;
    }
    return tidy(schema, node, { modern: document.modern, branch });
  }

  const root = convert(site) as JsonObject | boolean;
  if (typeof root === 'boolean' || names.size === 0) return root;
  return { ...root, $defs: definitions };
}

function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isObject(value);
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function mapValues(map: JsonObject, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));
}

function tidy(
  schema: Record<string, unknown>,
  source: JsonObject,
  { modern, branch }: { modern: boolean; branch: boolean },
): unknown {
  tidyWords(schema);
  tidyEnum(schema);
  tidyPattern(schema);
  tidyRequired(schema, branch);
  tidyBounds(schema, 'exclusiveMinimum', 'minimum');
  tidyBounds(schema, 'exclusiveMaximum', 'maximum');
  return source.nullable === true && !modern ? allowNull(schema) : schema;
}

const ZERO_WIDTH = /[\u200B-\u200D\u2060\uFEFF]/g;

function tidyWords(schema: Record<string, unknown>): void {
  if (typeof schema.type === 'string') schema.type = visible(schema.type);
  if (typeof schema.format === 'string') {
    const format = visible(schema.format);
    // OpenAPI's `url` means an absolute URI; Ajv's own `url` would refuse single-label and private hosts.
    schema.format = format === 'url' ? 'uri' : format;
    if (!CHECKED_FORMATS.has(schema.format as string)) delete schema.format;
  }
}

function visible(word: string): string {
  return word.replace(ZERO_WIDTH, '').trim();
}

function tidyEnum(schema: Record<string, unknown>): void {
  if (!isList(schema.enum)) {
    delete schema.enum;
    return;
  }
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const texts = types.includes('string') && types.every((type) => type === 'string' || type === 'null');
  schema.enum = [...new Set(schema.enum.map((value) => (texts && value !== null ? String(value) : value)))];
  if (texts) delete schema.maxLength;
}

function tidyPattern(schema: Record<string, unknown>): void {
  if (typeof schema.pattern === 'string') {
    schema.pattern = schema.pattern.replaceAll('\\00', '00');
    if (!compiles(schema.pattern as string)) delete schema.pattern;
  }
  if (isObject(schema.patternProperties)) {
    const usable = Object.entries(schema.patternProperties).filter(([pattern]) => compiles(pattern));
    schema.patternProperties = Object.fromEntries(usable);
  }
}

/** Tells whether a pattern is one that this JavaScript engine can run. */
export function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

function tidyRequired(schema: Record<string, unknown>, branch: boolean): void {
  if (!Array.isArray(schema.required)) return;
  const names = [...new Set(schema.required.filter((name): name is string => typeof name === 'string'))];
  schema.required = names.filter((name) => branch || !isUndeclared(schema, name));
}

/** A required name that an open object never declares cannot be meant: no example of the contract has it. */
export function isUndeclared(schema: JsonObject, name: string): boolean {
  if (schema.additionalProperties === false) return false;
  const composed = ['allOf', 'anyOf', 'oneOf', 'if', '$ref', 'patternProperties'].some(
    (keyword) => keyword in schema,
  );
  if (composed) return false;
  return !(isObject(schema.properties) && Object.hasOwn(schema.properties, name));
}

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);

function isType(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value === 'string' && TYPES.has(visible(value));
  return value.length > 0 && new Set(value).size === value.length && value.every((type) => TYPES.has(type));
}

function tidyBounds(schema: Record<string, unknown>, exclusive: string, inclusive: string): void {
  const flag = schema[exclusive];
  if (typeof flag !== 'boolean') return;
  delete schema[exclusive];
  if (flag && inclusive in schema) {
    schema[exclusive] = schema[inclusive];
    delete schema[inclusive];
  }
}

function allowNull(schema: Record<string, unknown>): unknown {
  if (Array.isArray(schema.enum) && !schema.enum.includes(null)) schema.enum = [...schema.enum, null];
  const combined = ['allOf', 'anyOf', 'oneOf', 'not', 'if'].some((keyword) => keyword in schema);
  if (combined) return { anyOf: [schema, { type: 'null' }] };
  return typeof schema.type === 'string' && schema.type !== 'null'
    ? { ...schema, type: [schema.type, 'null'] }
    : schema;
}
