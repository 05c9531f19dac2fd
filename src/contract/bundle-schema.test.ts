import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrayOf, bundled, objectOf, validator } from '../../test/support/schema-site.ts';
import type { JsonObject } from './contract-document.ts';

/** Asserts which values a schema takes once bundled and compiled. */
function takes(
  schema: unknown,
  { yes, no }: { yes: unknown[]; no: unknown[] },
  schemas: JsonObject = {},
  openapi = '3.0.0',
) {
  const fits = validator(bundled(schema, schemas, openapi));
  for (const value of yes) assert.equal(fits(value), true, `should take ${JSON.stringify(value)}`);
  for (const value of no) assert.equal(fits(value), false, `should refuse ${JSON.stringify(value)}`);
}

describe('bundleSchema: spellings of OpenAPI 3.0', () => {
  it('reads nullable beside a type, an enum, a reference wrapped in allOf, and a combination', () => {
    takes({ type: 'string', nullable: true, maxLength: 2 }, { yes: ['ab', null], no: ['abc', 1] });
    takes({ type: 'string', nullable: true, enum: ['A'] }, { yes: ['A', null], no: ['B'] });
    takes({ nullable: true, enum: ['A', null] }, { yes: ['A', null], no: ['B'] });
    const schemas = { Code: { type: 'string', enum: ['A'] } };
    const code = { $ref: '#/components/schemas/Code' };
    takes({ nullable: true, allOf: [code] }, { yes: ['A', null], no: ['B'] }, schemas);
    takes({ nullable: true, type: 'string', oneOf: [code] }, { yes: ['A', null], no: ['B'] }, schemas);
    takes({ nullable: false, type: 'string' }, { yes: ['A'], no: [null] });
  });

  it('reads boolean exclusive bounds', () => {
    takes({ type: 'number', minimum: 1, exclusiveMinimum: true }, { yes: [1.1], no: [1, 0] });
    takes({ type: 'number', minimum: 1, exclusiveMinimum: false }, { yes: [1], no: [0] });
    takes({ type: 'number', maximum: 9, exclusiveMaximum: true }, { yes: [8], no: [9] });
    takes({ type: 'number', exclusiveMaximum: true }, { yes: [9], no: ['9'] });
  });

  it('ignores what stands beside $ref', () => {
    const schemas = { Text: { type: 'string' } };
    takes({ $ref: '#/components/schemas/Text', maxLength: 1 }, { yes: ['abc'], no: [1] }, schemas);
  });
});

describe('bundleSchema: JSON Schema of OpenAPI 3.1', () => {
  const modern = (schema: unknown, values: { yes: unknown[]; no: unknown[] }, schemas: JsonObject = {}) =>
    takes(schema, values, schemas, '3.1.0');

  it('keeps what stands beside $ref', () => {
    modern(
      { $ref: '#/components/schemas/Text', maxLength: 2 },
      { yes: ['ab'], no: ['abc', 1] },
      { Text: { type: 'string' } },
    );
  });

  it('reads lists of types, numeric exclusive bounds, const, and tuples', () => {
    modern(
      { type: ['string', 'null'], enum: [1, 'B', null], maxLength: 0 },
      { yes: ['1', 'B', null], no: [1, 'C'] },
    );
    modern({ exclusiveMinimum: 1 }, { yes: [2], no: [1] });
    modern({ const: 'x' }, { yes: ['x'], no: ['y'] });
    modern({ prefixItems: [{ type: 'string' }], items: false }, { yes: [['a']], no: [[1], ['a', 'b']] });
    modern(objectOf({ a: {} }, { unevaluatedProperties: false }), { yes: [{ a: 1 }], no: [{ b: 1 }] });
  });

  it('no longer knows nullable', () => {
    modern({ type: 'string', nullable: true }, { yes: ['a'], no: [null] });
  });

  it('reads a true or false schema', () => {
    modern(true, { yes: [1], no: [] });
    modern(false, { yes: [], no: [1] });
    modern({ $ref: '#/components/schemas/Never' }, { yes: [], no: [1] }, { Never: false });
  });

  it('passes over identifiers and dynamic references, which would lead out of the bundle', () => {
    const names = {
      $id: 'https://example.com/a',
      $anchor: 'a',
      $dynamicRef: '#b',
      $dynamicAnchor: 'b',
      $schema: 'x',
    };
    modern({ type: 'string', ...names }, { yes: ['a'], no: [1] });
  });
});

describe('bundleSchema: what published contracts get wrong', () => {
  it('reads an enum once per value, as texts where the type says so, whatever its maxLength', () => {
    assert.deepEqual(bundled({ type: 'string', enum: ['A', 'B', 'A', 1, true], maxLength: 1 }), {
      type: 'string',
      enum: ['A', 'B', '1', 'true'],
    });
    takes({ type: 'string', enum: ['LONG'], maxLength: 2 }, { yes: ['LONG'], no: ['LO'] });
    takes({ type: 'integer', enum: [1, 2] }, { yes: [1], no: ['1'] });
    takes({ type: 'string', enum: [] }, { yes: ['a'], no: [1] });
  });

  it('demands a name that nothing declares only of a closed object', () => {
    const open = objectOf({ a: {} }, { required: ['a', 'b', 'a'] });
    takes(open, { yes: [{ a: 1 }], no: [{}, { b: 1 }] });
    takes({ ...open, additionalProperties: false }, { yes: [], no: [{ a: 1 }, { a: 1, b: 1 }] });
    takes({ type: 'object', required: ['data'] }, { yes: [{}], no: [[]] });
  });

  it('demands a name that a neighbouring branch declares', () => {
    const schemas = { Base: objectOf({ id: { type: 'string' } }) };
    const base = { $ref: '#/components/schemas/Base' };
    takes({ allOf: [base, { required: ['id'] }] }, { yes: [{ id: 'x' }], no: [{}, { id: 1 }] }, schemas);
    takes({ allOf: [base], required: ['id'] }, { yes: [{ id: 'x' }], no: [{}] }, schemas);
    takes(objectOf({ a: {}, b: {} }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }), {
      yes: [{ a: 1 }, { b: 1 }],
      no: [{}, { a: 1, b: 1 }],
    });
    takes(objectOf({ a: {} }, { not: { required: ['a'] } }), { yes: [{}], no: [{ a: 1 }] });
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    takes(objectOf({ a: {}, b: {} }, { if: { required: ['a'] }, then: { required: ['b'] } }), {
      yes: [{}, { b: 1 }, { a: 1, b: 1 }],
      no: [{ a: 1 }],
    });
  });

  it('repairs the pattern that escapes NUL and drops one that no engine runs', () => {
    const rate = '^(^(100\\.\\00|\\d{1,2}\\.\\d{2})$|^(\\d{1,6})$|^(\\d{1,15}\\.\\d{2})$)$';
    takes({ type: 'string', pattern: rate }, { yes: ['100.00', '12.50', '7'], no: ['100.\u0000', '1.2'] });
    takes({ type: 'string', pattern: '^(?<!a$' }, { yes: ['anything'], no: [1] });
    takes({ type: 'string', pattern: '^(?!\\s)[\\w\\W]*$' }, { yes: ['é'], no: [' x'] });
    takes(
      { patternProperties: { '[': { type: 'string' }, '^a': { type: 'string' } } },
      { yes: [{ b: 1 }], no: [{ a: 1 }] },
    );
  });

  it('reads formats without invisible characters, url as any absolute URI, and leaves out unknown ones', () => {
    takes({ type: 'integer', format: 'int32\u200b' }, { yes: [1], no: ['1'] });
    takes({ type: 'string', format: 'date\u200b ' }, { yes: ['2024-02-29'], no: ['2023-02-29', 'soon'] });
    takes(
      { type: 'string', format: 'url' },
      { yes: ['http://localhost:1/a', 'https://10.0.0.1'], no: ['no url', '/a'] },
    );
    takes({ type: 'string', format: 'date-fullyear' }, { yes: ['2024'], no: [1] });
    takes({ type: 'string\u200b', maxLength: 1 }, { yes: ['a'], no: ['ab', 1] });
  });

  it('reads arrays without items, objects without a type, and items beside type object', () => {
    takes({ type: 'array' }, { yes: [[1, 'a']], no: [{}] });
    takes({ properties: { a: { type: 'string' } } }, { yes: [{ a: 'x' }, {}], no: [{ a: 1 }] });
    takes({ type: 'object', items: { type: 'string' } }, { yes: [{}], no: [[]] });
  });

  it('drops keywords whose value makes no sense, and checks the rest', () => {
    const nonsense = {
      minLength: -1, maxLength: '3', minItems: 1.5, minimum: '0', maximum: Number.POSITIVE_INFINITY, multipleOf: 0,
      uniqueItems: 'yes', required: 'a', enum: 'A', pattern: 5, format: {}, items: [{}], properties: [], allOf: [], anyOf: {},
      additionalProperties: 'none', exclusiveMinimum: 'x', patternProperties: null, not: 'this', dependentRequired: 7,
      $ref: 5, 'x-regulatory-required': ['a'], constructor: {}, discriminator: { propertyName: 'x' },
    }; // biome-ignore format: a list is easier to read than a column
    for (const openapi of ['3.0.0', '3.1.0'])
      takes({ type: 'string', ...nonsense }, { yes: ['a'], no: [1] }, {}, openapi);
    for (const type of ['any', 'file', 5, null, [], ['string', 'string'], ['text']])
      takes({ type }, { yes: [1, 'a'], no: [] });
    for (const schema of [undefined, null, 5, 'x', [{}]]) takes(schema, { yes: [1], no: [] });
  });
});

describe('bundleSchema: names', () => {
  const NAMES = [
    'example', 'examples', 'description', 'title', 'default', 'required', 'type', 'properties', 'items', 'enum', 'format',
    'pattern', 'nullable', 'x-foo', '$ref', '$defs', 'allOf', 'not', 'constructor', '__proto__', 'a/b~c', '',
  ]; // biome-ignore format: a list is easier to read than a column

  it('keeps properties that are named like keywords', () => {
    const closed = JSON.parse(
      JSON.stringify({ type: 'object', additionalProperties: false, required: NAMES }).replace(
        /}$/,
        `,"properties":{${NAMES.map((name) => `${JSON.stringify(name)}:{"type":"string"}`).join()}}}`,
      ),
    );
    const record = (value: unknown) => Object.fromEntries(NAMES.map((name) => [name, value]));
    takes(closed, { yes: [record('x')], no: [record(1), { ...record('x'), other: 'x' }] });
    const { [NAMES[0] as string]: _, ...incomplete } = record('x');
    takes(closed, { yes: [], no: [incomplete] });
  });

  it('collects each definition once and follows circles', () => {
    const schemas = {
      Tree: objectOf({
        below: arrayOf({ $ref: '#/components/schemas/Tree' }),
        name: { $ref: '#/components/schemas/Name' },
      }),
      Name: { type: 'string' },
    };
    const tree = { $ref: '#/components/schemas/Tree' };
    const schema = bundled(
      objectOf({ one: tree, two: tree, name: schemas.Tree.properties }),
      schemas,
    ) as JsonObject;
    assert.equal(Object.keys(schema.$defs as object).length, 2);
    takes(tree, { yes: [{ below: [{ below: [], name: 'x' }] }], no: [{ below: [{ name: 1 }] }] }, schemas);
  });

  it('keeps definitions that contracts bring themselves apart from its own', () => {
    const schema = { $ref: '#/schema/$defs/d0', $defs: { d0: { type: 'string' }, d1: { type: 'integer' } } };
    takes(schema, { yes: ['x'], no: [1] }, {}, '3.1.0');
  });

  it('changes nothing in the document', () => {
    const frozen = deepFreeze({
      type: 'string',
      enum: ['A', 'A'],
      nullable: true,
      format: 'url',
      required: ['x'],
    });
    assert.doesNotThrow(() => bundled(frozen));
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
