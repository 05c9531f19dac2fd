import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import type { Operation } from '../../src/contract/operation.ts';
import type { Json } from './send-request.ts';

// Ajv and its formats are CommonJS: required, because their default exports differ between loaders.
const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;

/** Compiles a self-contained JSON schema. */
export function schemaValidator(schema: unknown): ValidateFunction {
  // One published pattern is not valid in Unicode mode.
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false, validateSchema: false });
  addFormats(ajv as never);
  return ajv.compile(schema as object);
}

const documents = new Map<string, Json>();

/** The error statuses to which an operation's document gives a body, and the schema of each as the document has it. */
export function declaredErrors({ source }: Operation): Map<number, unknown> {
  const document = documents.get(source.file) ?? parse(readFileSync(source.file, 'utf8'));
  documents.set(source.file, document);
  const declared = Object.entries(at(document, source.pointer).responses ?? {});
  return new Map(
    declared.flatMap(([status, response]) => {
      const content = Object.values(dereference(document, response).content ?? {}) as Json[];
      const schema = content[0]?.schema;
      return Number(status) >= 400 && schema
        ? [[Number(status), { ...schema, components: document.components }] as const]
        : [];
    }),
  );
}

function dereference(document: Json, value: Json): Json {
  return typeof value?.$ref === 'string' ? dereference(document, at(document, value.$ref.slice(1))) : value;
}

function at(document: Json, pointer: string): Json {
  return pointer
    .split('/')
    .slice(1)
    .reduce((value, segment) => value?.[segment.replaceAll('~1', '/').replaceAll('~0', '~')], document);
}
