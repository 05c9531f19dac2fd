import { createRequire } from 'node:module';
import { bundleSchema } from '../../src/contract/bundle-schema.ts';
import { isObject, type JsonObject } from '../../src/contract/contract-document.ts';
import {
  type ContractLibrary,
  createContractLibrary,
  type Site,
} from '../../src/contract/contract-library.ts';
import type { JsonSchema } from '../../src/contract/json-schema.ts';

// Ajv and its formats are CommonJS: required, because their default exports differ between loaders.
const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;

/** Where a schema stands in a document that exists only in memory. */
export interface SchemaSite {
  readonly library: ContractLibrary;
  readonly site: Site;
}

/**
 * Puts a schema into a document with the given component schemas.
 *
 * @param openapi version of the document, which decides the schema dialect
 */
export function schemaSite(schema: unknown, schemas: JsonObject = {}, openapi = '3.0.0'): SchemaSite {
  const content = { openapi, schema, components: { schemas } };
  const document = { file: '/contract.yaml', root: '/', content, modern: !openapi.startsWith('3.0') };
  return { library: createContractLibrary(), site: { document, node: schema, pointer: '/schema' } };
}

/** Bundles a schema of such a document. */
export function bundled(schema: unknown, schemas: JsonObject = {}, openapi = '3.0.0'): JsonSchema {
  const { library, site } = schemaSite(schema, schemas, openapi);
  return bundleSchema(library, site);
}

const ajv = new Ajv2020({
  strict: false,
  unicodeRegExp: false,
  inlineRefs: false,
  code: { optimize: false },
});
addFormats(ajv as never);

/** Compiles a bundled schema, which also holds it to the rules of the dialect; throws when it breaks them. */
export function validator(schema: JsonSchema): (value: unknown) => boolean {
  const validate = ajv.compile(schema as object);
  return (value) => validate(value) === true;
}

/** Tells whether a schema keeps to the rules of the dialect, which is quicker than compiling it. */
export function isWellFormed(schema: JsonSchema): boolean {
  return ajv.validateSchema(schema as object) === true;
}

/** A schema of an object with these properties. */
export function objectOf(properties: JsonObject, keywords: JsonObject = {}): JsonObject {
  return { type: 'object', properties, ...keywords };
}

/** A schema of an array. */
export function arrayOf(items: unknown, keywords: JsonObject = {}): JsonObject {
  return { type: 'array', items: isObject(items) ? items : {}, ...keywords };
}
