import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from '../contract/contract-document.ts';
import type { JsonSchema } from '../contract/json-schema.ts';

type Check = (value: unknown) => boolean;
type Format =
  | RegExp
  | { readonly validate: RegExp | ((text: string) => boolean) }
  | ((text: string) => boolean)
  | true;

// The definitions alone: a fraction of the library that they come with.
const { fullFormats } = createRequire(import.meta.url)('ajv-formats/dist/formats.js') as {
  fullFormats: Record<string, Format>;
};

/**
 * Makes a check of a schema without generating code: slower for each value than Ajv and ready at once, which is what
 * a dataset of a few hundred records needs. It says only whether a value fits; what is wrong is Ajv's to say.
 *
 * @returns undefined for a schema with a keyword that is not known here, which is Ajv's to check
 */
export function createQuickCheck(schema: JsonSchema): Check | undefined {
  const definitions = isObject(schema) && isObject(schema.$defs) ? schema.$defs : {};
  const shared = new Map<string, Check>();
  try {
    return checkOf(schema);
  } catch (error) {
    if (error instanceof UnknownKeyword) return undefined;
    throw error;
  }

  function checkOf(node: unknown): Check {
    if (typeof node === 'boolean') return () => node;
    if (!isObject(node)) return PASS;
    const checks = Object.keys(node).flatMap((keyword) => keywordCheck(keyword, node) ?? []);
    if (checks.length === 1) return checks[0] as Check;
    return (value) => {
      for (const check of checks) if (!check(value)) return false;
      return true;
    };
  }

  function keywordCheck(keyword: string, node: JsonObject): Check | undefined {
    if (keyword === '$defs') return undefined;
    if (BESIDE_PROPERTIES.has(keyword)) {
      if ('properties' in node) return undefined;
      throw new UnknownKeyword(keyword);
    }
    if (keyword === '$ref') return referenceCheck(node.$ref as string);
    const plain = PLAIN[keyword];
    if (plain) return plain(node[keyword] as never);
    const nested = NESTED[keyword];
    if (!nested) throw new UnknownKeyword(keyword);
    return nested(node, checkOf);
  }

  /** Made when first used, because definitions may lead back to themselves. */
  function referenceCheck(reference: string): Check {
    if (!reference.startsWith('#/$defs/')) throw new UnknownKeyword(reference);
    const name = reference.slice('#/$defs/'.length);
    if (!(name in definitions)) throw new UnknownKeyword(reference);
    if (!shared.has(name)) {
      shared.set(name, PASS);
      shared.set(name, checkOf(definitions[name]));
    }
    return (value) => (shared.get(name) as Check)(value);
  }
}

class UnknownKeyword extends Error {}

const PASS: Check = () => true;

/** Read together with `properties`. */
const BESIDE_PROPERTIES = new Set(['patternProperties', 'additionalProperties']);

const TYPES: Readonly<Record<string, Check>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
};

const forText =
  (check: (text: string) => boolean): Check =>
  (value) =>
    typeof value !== 'string' || check(value);
const forNumber =
  (check: (number: number) => boolean): Check =>
  (value) =>
    typeof value !== 'number' || check(value);
const forList =
  (check: (list: readonly unknown[]) => boolean): Check =>
  (value) =>
    !Array.isArray(value) || check(value);
const forObject =
  (check: (object: JsonObject) => boolean): Check =>
  (value) =>
    !isObject(value) || check(value);

/** Keywords whose value is no schema. */
const PLAIN: Readonly<Record<string, (rule: never) => Check>> = {
  type(rule: string | string[]) {
    const checks = [rule].flat().map((name) => TYPES[name] ?? unknownType(name));
    return checks.length === 1 ? (checks[0] as Check) : (value) => checks.some((check) => check(value));
  },
  enum(choices: readonly unknown[]) {
    const simple = new Set(choices);
    const others = choices.filter((choice) => typeof choice === 'object' && choice !== null);
    return (value) => simple.has(value) || others.some((choice) => isDeepStrictEqual(choice, value));
  },
  const: (wanted: unknown) => (value) => isDeepStrictEqual(value, wanted),
  pattern(source: string) {
    const pattern = new RegExp(source);
    return forText((text) => pattern.test(text));
  },
  format(name: string) {
    const format = fullFormats[name];
    if (format === undefined) throw new UnknownKeyword(name);
    return format === true ? PASS : forText(formatTest(format));
  },
  minLength: (least: number) => forText((text) => lengthOf(text) >= least),
  maxLength: (most: number) => forText((text) => text.length <= most || lengthOf(text) <= most),
  minimum: (least: number) => forNumber((number) => number >= least),
  maximum: (most: number) => forNumber((number) => number <= most),
  exclusiveMinimum: (bound: number) => forNumber((number) => number > bound),
  exclusiveMaximum: (bound: number) => forNumber((number) => number < bound),
  multipleOf: (step: number) => forNumber((number) => Number.isInteger(number / step)),
  minItems: (least: number) => forList((list) => list.length >= least),
  maxItems: (most: number) => forList((list) => list.length <= most),
  uniqueItems: (isWanted: boolean) => (isWanted ? forList(areDistinct) : PASS),
  required: (names: readonly string[]) =>
    forObject((object) => names.every((name) => object[name] !== undefined)),
  minProperties: (least: number) => forObject((object) => Object.keys(object).length >= least),
  maxProperties: (most: number) => forObject((object) => Object.keys(object).length <= most),
};

type CheckOf = (schema: unknown) => Check;

/** Keywords that hold schemas. */
const NESTED: Readonly<Record<string, (node: JsonObject, checkOf: CheckOf) => Check>> = {
  items({ items, prefixItems }, checkOf) {
    if (prefixItems !== undefined) throw new UnknownKeyword('prefixItems');
    const check = checkOf(items);
    return forList((list) => list.every(check));
  },
  properties: (node, checkOf) => membersCheck(node, checkOf),
  allOf: ({ allOf }, checkOf) =>
    branches(allOf, checkOf, (checks, value) => checks.every((check) => check(value))),
  anyOf: ({ anyOf }, checkOf) =>
    branches(anyOf, checkOf, (checks, value) => checks.some((check) => check(value))),
  oneOf: ({ oneOf }, checkOf) =>
    branches(oneOf, checkOf, (checks, value) => checks.filter((check) => check(value)).length === 1),
  not({ not }, checkOf) {
    const check = checkOf(not);
    return (value) => !check(value);
  },
};

/** `properties` with what bounds the others; without `properties` the bounds alone are rare and Ajv's. */
function membersCheck(
  { properties, patternProperties, additionalProperties = true }: JsonObject,
  checkOf: CheckOf,
): Check {
  if (patternProperties !== undefined) throw new UnknownKeyword('patternProperties');
  const declared = Object.entries(properties as JsonObject).map(
    ([name, schema]) => [name, checkOf(schema)] as const,
  );
  const names = new Set(declared.map(([name]) => name));
  const others = additionalProperties === true ? undefined : checkOf(additionalProperties);
  return forObject((object) => {
    for (const [name, check] of declared) {
      const member = object[name];
      if (member !== undefined && !check(member)) return false;
    }
    if (others) for (const name in object) if (!names.has(name) && !others(object[name])) return false;
    return true;
  });
}

function branches(
  list: unknown,
  checkOf: CheckOf,
  decide: (checks: readonly Check[], value: unknown) => boolean,
): Check {
  const checks = (list as readonly unknown[]).map(checkOf);
  return (value) => decide(checks, value);
}

function unknownType(name: string): never {
  throw new UnknownKeyword(name);
}

function formatTest(format: Exclude<Format, true>): (text: string) => boolean {
  const test = typeof format === 'object' && 'validate' in format ? format.validate : format;
  return typeof test === 'function' ? test : (text) => test.test(text);
}

/** Characters, as the contracts count them: a pair of surrogates is one. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length - 1; index += 1) {
    const isPair =
      (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
    if (isPair) {
      length -= 1;
      index += 1;
    }
  }
  return length;
}

function areDistinct(list: readonly unknown[]): boolean {
  return list.every((item, index) =>
    list.slice(0, index).every((earlier) => !isDeepStrictEqual(item, earlier)),
  );
}
