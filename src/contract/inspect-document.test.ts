import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { billionLaughs } from '../../test/support/billion-laughs.ts';
import {
  contractFolder,
  findings,
  loadFolders,
  openApi,
  operationOf,
} from '../../test/support/contract-folder.ts';
import { arrayOf, objectOf, validator } from '../../test/support/schema-site.ts';

const answer = (schema: unknown) => ({ '/things': { get: operationOf(schema as never) } });
const AT_SCHEMA = '/paths/~1things/get/responses/200/content/application~1json/schema';

function load(files: Parameters<typeof contractFolder>[0]) {
  const { operations, diagnostics } = loadFolders(contractFolder(files));
  return { operations, found: findings(diagnostics), diagnostics };
}

/** A document whose answer is a schema, and the components given. */
function answering(schema: unknown, schemas = {}) {
  return openApi({ paths: answer(schema), components: { schemas } });
}

describe('inspectDocument: references', () => {
  it('leaves out a document with a reference that leads nowhere, outside or to the network', () => {
    const { operations, found } = load({
      'a.yaml': answering({ $ref: '#/components/schemas/Gone' }),
      'b.yaml': answering({ $ref: '../../etc/passwd' }),
      'c.yaml': answering({ $ref: 'https://example.com/schema.yaml' }),
    });
    assert.deepEqual(operations, []);
    assert.deepEqual(found, [
      `error contract-ref-dangling ${AT_SCHEMA}`,
      `error contract-ref-outside ${AT_SCHEMA}`,
      `error contract-ref-network ${AT_SCHEMA}`,
    ]);
  });

  it('reports references that lead to each other and never to a value', () => {
    const { operations, found } = load({
      'a.yaml': answering(
        {},
        {
          A: { $ref: '#/components/schemas/B' },
          B: { $ref: '#/components/schemas/A' },
          C: { $ref: '#/components/schemas/C' },
        },
      ),
    });
    assert.deepEqual(operations, []);
    assert.deepEqual(found, [
      'error contract-ref-cycle /components/schemas/A',
      'error contract-ref-cycle /components/schemas/B',
      'error contract-ref-cycle /components/schemas/C',
    ]);
  });

  it('takes a schema that holds itself for what it is: a tree', () => {
    const tree = objectOf({
      name: { type: 'string' },
      below: arrayOf({ $ref: '#/components/schemas/Tree' }),
    });
    const { operations, found } = load({
      'a.yaml': answering({ $ref: '#/components/schemas/Tree' }, { Tree: tree }),
    });
    assert.deepEqual(found, []);
    const fits = validator(operations[0]?.answer.schema() ?? false);
    assert.equal(fits({ name: 'a', below: [{ name: 'b', below: [] }] }), true);
    assert.equal(fits({ name: 'a', below: [{ name: 1 }] }), false);
  });

  it('reads a fragment only by reference, and reports a stray file that nobody refers to', () => {
    const files = {
      'main.yaml': answering({ $ref: 'parts/thing.yaml#/Thing' }),
      'parts/thing.yaml': { Thing: { $ref: '#/Inner' }, Inner: { type: 'integer' } },
      'stray.yaml': { Thing: {} },
    };
    const { operations, found, diagnostics } = load(files);
    assert.deepEqual(found, ['error contract-not-openapi ']);
    assert.match(diagnostics[0]?.file ?? '', /stray\.yaml$/);
    const fits = validator(operations[0]?.answer.schema() ?? false);
    assert.deepEqual([fits(1), fits('x')], [true, false]);
  });

  it('leaves out a document that reaches a fault in another file', () => {
    for (const part of [{ $ref: '#/Gone' }, objectOf({ x: { $ref: 'https://example.com' } })]) {
      const { operations, found } = load({
        'main.yaml': answering({ $ref: 'part.yaml#/Thing' }),
        'part.yaml': { Thing: part, Twin: { $ref: '#/Thing' } },
      });
      assert.deepEqual(operations, []);
      assert.match(found[0] ?? '', new RegExp(`^error contract-ref-(dangling|network) ${AT_SCHEMA}$`));
    }
  });

  it('follows references between two files that refer to each other', () => {
    const { operations, found } = load({
      'main.yaml': answering({ $ref: 'part.yaml#/Thing' }, { Name: { type: 'string' } }),
      'part.yaml': {
        Thing: objectOf({ name: { $ref: 'main.yaml#/components/schemas/Name' }, me: { $ref: '#/Thing' } }),
      },
    });
    assert.deepEqual(found, []);
    const fits = validator(operations[0]?.answer.schema() ?? false);
    assert.deepEqual([fits({ name: 'x', me: { name: 'y' } }), fits({ me: { name: 1 } })], [true, false]);
  });
});

describe('inspectDocument: documents made to exhaust memory', () => {
  const head = 'openapi: 3.0.0\ninfo: {version: 1.0.0}\npaths: {}\n';
  it('refuses aliases that multiply and anchors inside themselves', () => {
    for (const body of [billionLaughs(), 'loop: &a [*a]\n', 'loop: &a {again: {deep: *a}}\n']) {
      const { operations, found } = load({ 'bomb.yaml': head + body });
      assert.deepEqual([operations, found], [[], ['error contract-too-complex ']]);
    }
  });

  it('refuses them in a file that a good document refers to', () => {
    const { operations, found } = load({
      'a-bomb.yaml': billionLaughs(),
      'main.yaml': answering({ $ref: 'a-bomb.yaml#/l8' }),
    });
    assert.deepEqual(operations, []);
    assert.deepEqual(found, ['error contract-too-complex ', `error contract-ref-dangling ${AT_SCHEMA}`]);
  });

  it('serves a thousand operations that share anchors', () => {
    const paths = Array.from({ length: 1000 }, (_, index) => `  /t${index}: *item\n`).join('');
    const text = `${head.replace('paths: {}\n', '')}servers: [{url: https://x/open-insurance/t/v1}]\nshared: &item {get: {responses: {'200': {description: OK}}}}\npaths:\n${paths}`;
    const { operations, found } = load({ 'main.yaml': text });
    assert.deepEqual([operations.length, found], [1000, []]);
  });
});

describe('inspectDocument: quirks of published contracts', () => {
  const quirks: [string, unknown][] = [
    ['contract-enum-repeated', { enum: ['A', 'B', 'A'] }],
    ['contract-enum-too-long', { type: 'string', enum: ['LONG', 'A'], maxLength: 3 }],
    ['contract-required-undeclared', objectOf({ a: {} }, { required: ['a', 'b'] })],
    ['contract-zero-width', { type: 'integer', format: 'int32\u200b' }],
    ['contract-pattern-repaired', { type: 'string', pattern: '^100\\.\\00$' }],
    ['contract-pattern-dropped', { type: 'string', pattern: '^(?<!a$' }],
  ];
  for (const [code, schema] of quirks) {
    it(`tells of ${code} once for a file, and serves it`, () => {
      const { operations, found, diagnostics } = load({ 'a.yaml': answering(schema, { Same: schema }) });
      assert.deepEqual(found, [`info ${code} ${AT_SCHEMA}`]);
      assert.match(diagnostics[0]?.message ?? '', /and 1 more like it/);
      assert.equal(operations.length, 1);
    });
  }

  it('says nothing of requirements that a sibling branch or a closed object explains', () => {
    const schema = objectOf(
      { a: {}, b: {} },
      { oneOf: [objectOf({ a: {} }, { required: ['b'] }), { required: ['a'] }], additionalProperties: false },
    );
    assert.deepEqual(load({ 'a.yaml': answering(schema) }).found, []);
  });

  it('does not take properties named like keywords for keywords', () => {
    const schema = objectOf({
      pattern: { type: 'string' },
      enum: arrayOf({ type: 'string' }),
      required: { type: 'boolean' },
      $ref: { type: 'string' },
      format: { type: 'string' },
    });
    assert.deepEqual(load({ 'a.yaml': answering(schema) }).found, []);
  });
});
