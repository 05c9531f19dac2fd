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

function compile(schema: JsonSchema, talkative: boolean): ValidateFunction {
  const ajv = new Ajv2020({
    strict: false,
    validateSchema: false,
    // One published pattern is not valid in Unicode mode, and none needs it.
    unicodeRegExp: false,
    allErrors: talkative,
    verbose: talkative,
    messages: talkative,
    inlineRefs: false,
    // The optimiser takes longer than it saves on schemas that see a few hundred records.
    code: { optimize: false },
  });
  addFormats(ajv as never);
  return ajv.compile(schema as object);
}
