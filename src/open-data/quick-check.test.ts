import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareAsJson } from '../contract/json-keywords.ts';
import type { JsonSchema } from '../contract/json-schema.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { readProfiles } from '../contract/read-profiles.ts';
import { datasetPath, findDatasets } from './find-datasets.ts';
import { createQuickCheck } from './quick-check.ts';

const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;
const ajv = new Ajv2020({
  strict: false,
  validateSchema: false,
  unicodeRegExp: false,
  code: { optimize: false },
});
addFormats(ajv as never);
compareAsJson(ajv);

const ROOT = resolve(import.meta.dirname, '..', '..');
const CATALOG = resolve(ROOT, 'catalog');

/** Values that schemas most often take for others, or do not. */
const ODD_VALUES: readonly unknown[] = [
  '',
  ' ',
  'NA',
  '2026-02-30',
  '2026-01-01T00:00:00Z',
  'https://x.example/',
  '𝒳𝒳',
  0,
  -1,
  1.5,
  1e300,
  true,
  null,
  [],
  {},
  [{}],
  // Members of these names are read by comparisons that take every object for one of the language's own.
  { valueOf: false },
  { toString: 'a' },
  [{ valueOf: 1 }, { valueOf: 1 }],
  [{ toString: 1 }, { toString: 2 }],
];

function agree(schema: JsonSchema, values: readonly unknown[]): void {
  const quick = createQuickCheck(schema);
  if (!quick) return;
  const compiled = ajv.compile(schema as object);
  for (const value of values) {
    assert.equal(
      quick(value),
      compiled(value),
      `${JSON.stringify(schema).slice(0, 300)} on ${JSON.stringify(value)}`,
    );
  }
}

describe('the quick check', () => {
  it('agrees with Ajv on every keyword, whatever the value', () => {
    const schemas: JsonSchema[] = [
      { type: 'string', minLength: 2, maxLength: 3 },
      { type: ['string', 'null'] },
      { type: 'integer', minimum: 0, maximum: 5 },
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 2, multipleOf: 0.5 },
      { enum: ['a', 1, null, { a: [1] }] },
      { const: { a: 1 } },
      { pattern: '^\\d{2}$|^NA$' },
      { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2, uniqueItems: true },
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
      {
        type: 'object',
        properties: { a: true },
        additionalProperties: { type: 'number' },
        minProperties: 1,
        maxProperties: 2,
      },
      { oneOf: [{ type: 'string' }, { minLength: 2 }, { required: ['a'] }] },
      { anyOf: [{ type: 'number' }, { type: 'array' }] },
      { allOf: [{ type: 'object' }, { not: { required: ['b'] } }] },
      {
        $ref: '#/$defs/tree',
        $defs: { tree: { type: 'object', properties: { child: { $ref: '#/$defs/tree' } } } },
      },
      ...['date', 'date-time', 'time', 'uri', 'email', 'uuid', 'duration', 'ipv4', 'ipv6', 'hostname'].map(
        (format) => ({ type: 'string', format }),
      ),
    ];
    for (const schema of schemas) {
      agree(schema, ODD_VALUES);
      fc.assert(
        fc.property(fc.jsonValue(), (value) => agree(schema, [value])),
        { numRuns: 60 },
      );
    }
  });

  it('leaves to Ajv what it does not know', () => {
    for (const schema of [
      { if: { type: 'string' } },
      { type: 'array', contains: {} },
      { type: 'object', patternProperties: { '^a': {} } },
      { type: 'object', additionalProperties: false },
      { type: 'array', items: {}, prefixItems: [{}] },
      { format: 'unheard-of' },
      { $ref: 'https://elsewhere.example/schema' },
    ]) {
      assert.equal(createQuickCheck(schema), undefined, JSON.stringify(schema));
    }
  });

  it('agrees with Ajv on the records of the examples, sound and damaged, for every contract of the catalog', () => {
    const profiles = readProfiles(CATALOG);
    const { operations } = loadContracts({ profiles, catalog: CATALOG, contracts: [] });
    const open = operations.filter(({ kind }) => kind === 'open-data');
    const folders = ['insurer', 'bank'].map((name) => resolve(ROOT, 'examples', name, 'data'));
    const { datasets } = findDatasets(folders, new Set(open.map(datasetPath)), new Map());
    let compared = 0;
    for (const operation of open) {
      const split = operation.answer.split();
      const files = datasets.get(datasetPath(operation))?.files ?? [];
      if (!split) continue;
      const quick = createQuickCheck(split.record);
      assert.ok(quick, `${operation.key} needs no compiling`);
      const compiled = ajv.compile(split.record as object);
      for (const record of files
        .flatMap((file) => recordsIn(JSON.parse(readFileSync(file, 'utf8')), compiled))
        .slice(0, 4)) {
        for (const value of [record, ...damage(record)]) {
          assert.equal(
            quick(value),
            compiled(value),
            `${operation.key} on ${JSON.stringify(value).slice(0, 400)}`,
          );
          compared += 1;
        }
      }
    }
    assert.ok(compared > 5_000, `${compared} values compared`);
  });
});

/** Whatever in a file the schema takes for a record. */
function recordsIn(value: unknown, isRecord: (value: unknown) => boolean): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value) && isRecord(value)) return [value];
  return Object.values(value).flatMap((inner) => recordsIn(inner, isRecord));
}

/** A record with one thing wrong, or only different, at each of its places. */
function damage(record: unknown): unknown[] {
  const damaged: unknown[] = [];
  function visit(value: unknown, rebuild: (changed: unknown) => unknown): void {
    damaged.push(rebuild(ODD_VALUES[damaged.length % ODD_VALUES.length]));
    if (typeof value !== 'object' || value === null) return;
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value)) {
      const without = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      damaged.push(rebuild(isList ? value.filter((_, index) => String(index) !== key) : without));
      visit(inner, (changed) =>
        rebuild(isList ? value.with(Number(key), changed) : { ...value, [key]: changed }),
      );
    }
    damaged.push(rebuild(isList ? [...value, ...value] : { ...value, unheardOf: 1 }));
  }
  visit(record, (changed) => changed);
  return damaged;
}
