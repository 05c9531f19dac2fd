import { createRequire } from 'node:module';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { compareAsJson } from './json-keywords.ts';

const require = createRequire(import.meta.url);

/** How a compiler is to work. */
export interface CompilerSettings {
  /** Whether it finds every fault, with the value and the schema of each and words for it, or stops at the first. */
  readonly talkative: boolean;
}

/**
 * Makes a compiler of bundled contract schemas (JSON Schema 2020-12, formats checked). Ajv is CommonJS, and loaded only
 * where something must be compiled.
 */
export function createSchemaCompiler({ talkative }: CompilerSettings): Ajv2020 {
  const { Ajv2020: Compiler } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;
  const ajv = new Compiler({
    strict: false,
    validateSchema: false,
    meta: false,
    // One published pattern is not valid in Unicode mode, and none needs it.
    unicodeRegExp: false,
    allErrors: talkative,
    verbose: talkative,
    messages: talkative,
    inlineRefs: true,
    // The optimiser takes longer than it saves on schemas that see a few hundred values.
    code: { optimize: false },
  });
  addFormats(ajv as never);
  compareAsJson(ajv);
  return ajv;
}
