import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { JsonSchema } from '../contract/json-schema.ts';

// Ajv and its formats are CommonJS: required, because their default exports differ between loaders.
const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;

/** A compiled schema: whether a value fits, and every rule it breaks. */
export interface SchemaCheck {
  fits(value: unknown): boolean;
  faults(value: unknown): readonly ErrorObject[];
}

/**
 * Compiles a schema twice, each when first needed: a fast form that only says yes or no, and a talkative one that
 * lists every fault with its value. Most data never needs the second.
 */
export function createSchemaCheck(schema: JsonSchema): SchemaCheck {
  let fast: ValidateFunction | undefined;
  let talkative: ValidateFunction | undefined;
  return {
    fits(value) {
      fast ??= compile(schema, false);
      return fast(value) as boolean;
    },
    faults(value) {
      talkative ??= compile(schema, true);
      return talkative(value) ? [] : [...(talkative.errors ?? [])];
    },
  };
}

/** One compiler of each kind serves a whole thread: making one costs more than compiling a small schema. */
const compilers = new Map<boolean, InstanceType<typeof Ajv2020>>();

function compile(schema: JsonSchema, talkative: boolean): ValidateFunction {
  let ajv = compilers.get(talkative);
  if (!ajv) {
    ajv = createCompiler(talkative);
    compilers.set(talkative, ajv);
  }
  // A schema that is only `true` or `false` could not be let go again.
  const root = typeof schema === 'boolean' ? { allOf: [schema] } : schema;
  const validate = ajv.compile(root);
  // The function is ours now; the compiler would keep every schema it has ever seen.
  ajv.removeSchema(root);
  return validate;
}

function createCompiler(talkative: boolean) {
  const ajv = new Ajv2020({
    strict: false,
    validateSchema: false,
    meta: false,
    // One published pattern is not valid in Unicode mode, and none needs it.
    unicodeRegExp: false,
    allErrors: talkative,
    verbose: talkative,
    messages: talkative,
    inlineRefs: true,
    // The optimiser takes longer than it saves on schemas that see a few hundred records.
    code: { optimize: false },
  });
  addFormats(ajv as never);
  return ajv;
}
