import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../contract/json-schema.ts';
import { createSchemaCompiler } from '../contract/schema-compiler.ts';
import { createQuickCheck } from './quick-check.ts';

/** A compiled schema: whether a value fits, and every rule it breaks. */
export interface SchemaCheck {
  fits(value: unknown): boolean;
  faults(value: unknown): readonly ErrorObject[];
}

/** Up to so many values are checked without compiling, which takes longer than that. */
const UNCOMPILED_VALUES = 500;

/**
 * Makes the check of a schema. The first few hundred values go through a check that needs no compiling, more through
 * compiled code; whatever does not fit is judged and explained by Ajv. Each form is made when it is first needed:
 * most datasets are small and sound and need the first only.
 */
export function createSchemaCheck(schema: JsonSchema): SchemaCheck {
  let quick: ((value: unknown) => boolean) | undefined | null = null;
  let compiled: ValidateFunction | undefined;
  let talkative: ValidateFunction | undefined;
  let values = 0;

  function fitsQuickly(value: unknown): boolean {
    if (values >= UNCOMPILED_VALUES) return false;
    values += 1;
    if (quick === null) quick = createQuickCheck(schema);
    return quick?.(value) ?? false;
  }

  return {
    fits(value) {
      if (fitsQuickly(value)) return true;
      compiled ??= compile(schema, false);
      return compiled(value) as boolean;
    },
    faults(value) {
      talkative ??= compile(schema, true);
      return talkative(value) ? [] : [...(talkative.errors ?? [])];
    },
  };
}

/** One compiler of each kind serves a whole thread: making one costs more than compiling a small schema. */
const compilers = new Map<boolean, Ajv2020>();

function compile(schema: JsonSchema, talkative: boolean): ValidateFunction {
  let ajv = compilers.get(talkative);
  if (!ajv) {
    ajv = createSchemaCompiler({ talkative });
    compilers.set(talkative, ajv);
  }
  // A schema that is only `true` or `false` could not be let go again.
  const root = typeof schema === 'boolean' ? { allOf: [schema] } : schema;
  const validate = ajv.compile(root);
  // The function is ours now; the compiler would keep every schema it has ever seen.
  ajv.removeSchema(root);
  return validate;
}
