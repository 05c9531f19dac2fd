import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  contractFolder,
  loadFolders,
  loadOperation,
  openApi,
  operationOf,
} from '../../test/support/contract-folder.ts';
import type { JsonObject } from './contract-document.ts';
import type { Operation } from './operation.ts';

const integer = (limits: JsonObject = {}) => ({ type: 'integer', ...limits });
const query = (name: string, schema: unknown = { type: 'string' }) => ({ name, in: 'query', schema });
const header = (name: string, required = true) => ({
  name,
  in: 'header',
  required,
  schema: { type: 'string' },
});

function operation(
  parameters: unknown[],
  { path = '/things', item = {}, more = {} }: { path?: string; item?: JsonObject; more?: JsonObject } = {},
) {
  return loadOperation(
    openApi({
      paths: { [path]: { get: operationOf({ type: 'object' }, { parameters }), ...item } },
      ...more,
    }),
  );
}

const names = ({ parameters }: Operation) => parameters.map(({ in: place, name }) => `${place} ${name}`);

describe('parameters of an operation', () => {
  it('never demand of a caller the headers that describe the response, nor those OpenAPI says to ignore', () => {
    const declared = [
      'Cache-Control',
      'Content-Security-Policy',
      'content-Type',
      'Strict-Transport-Security',
      'X-Content-Type-Options',
      'X-Frame-Options',
      'Accept',
      'AUTHORIZATION',
      'x-fapi-interaction-id',
    ];
    const document = openApi({
      paths: { '/things': { get: operationOf({}, { parameters: declared.map((name) => header(name)) }) } },
    });
    const { operations, diagnostics } = loadFolders(contractFolder({ 'a.json': document }));
    assert.deepEqual(operations.flatMap(names), ['header x-fapi-interaction-id']);
    assert.deepEqual(
      diagnostics.map(
        ({ severity, code, message }) => `${severity} ${code} ${message.split(' declared')[0]}`,
      ),
      [
        'info contract-response-headers cache-control, content-security-policy, strict-transport-security, x-content-type-options, x-frame-options',
      ],
    );
  });

  it('of the operation come before those of its path; a name counts once, headers without regard to case', () => {
    const found = operation([query('line', integer()), header('X-Trace', false)], {
      item: {
        parameters: [
          query('line'),
          header('x-trace'),
          query('kind'),
          { $ref: '#/components/parameters/more' },
        ],
      },
      more: { components: { parameters: { more: query('more') } } },
    });
    assert.deepEqual(names(found), ['query line', 'header X-Trace', 'query kind', 'query more']);
    assert.deepEqual(found.parameters.map(({ required, schema }) => [required, schema])[0], [
      false,
      { type: 'integer' },
    ]);
    assert.equal(found.parameters[1]?.required, false);
  });

  it('in the path are added when nobody declares them, and dropped when the path has none', () => {
    const found = operation([{ name: 'cnpjNumber', in: 'path', required: true, schema: {} }], {
      path: '/things/{thingId}/{kind}',
    });
    assert.deepEqual(found.parameters, [
      { name: 'thingId', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'kind', in: 'path', required: true, schema: { type: 'string' } },
    ]);
  });

  it('of a path item in another file are looked up in that file', () => {
    const folder = contractFolder({
      'main.yaml': openApi({ paths: { '/things/{id}': { $ref: 'parts/things.yaml#/item' } } }),
      'parts/things.yaml': {
        item: {
          parameters: [{ $ref: '#/id' }],
          get: operationOf({ $ref: '#/Thing' }, { parameters: [{ $ref: '#/line' }] }),
        },
        id: { name: 'id', in: 'path', required: true, schema: { $ref: '#/Thing' } },
        line: query('line', { $ref: '#/Thing' }),
        Thing: { type: 'string', maxLength: 9 },
      },
    });
    const { operations, diagnostics } = loadFolders(folder);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(operations.flatMap(names), ['query line', 'path id']);
    assert.match(JSON.stringify(operations[0]?.parameters[1]?.schema), /"maxLength":9/);
  });

  it('that are no parameters are passed over', () => {
    const found = operation([
      null,
      'x',
      {},
      { name: 'a' },
      { name: 'b', in: 'cookie' },
      { name: 5, in: 'query' },
      query('c', null),
    ]);
    assert.deepEqual(names(found), ['query c']);
  });

  it('tell whether the version is negotiated', () => {
    assert.equal(operation([header('X-V', false), header('x-min-v', false)]).negotiatesVersion, true);
    assert.equal(operation([header('x-min-v', false)]).negotiatesVersion, false);
  });
});

describe('paging parameters', () => {
  const rule = (size: unknown, page: unknown = integer({ minimum: 1, default: 1 })) =>
    operation([query('page', page), query('page-size', size), query('line')]).paging;
  const usual = {
    pageParameter: 'page',
    sizeParameter: 'page-size',
    firstPage: 1,
    defaultSize: 25,
    minSize: 1,
    maxSize: 1000,
  };

  it('give default, minimum and maximum, and are no filters', () => {
    const found = operation([
      query('page'),
      query('page-size', integer({ default: 10, minimum: 1 })),
      query('line'),
    ]);
    assert.deepEqual(names(found), ['query line']);
    assert.deepEqual(found.paging, { ...usual, defaultSize: 10 });
    assert.deepEqual(rule(integer({ default: 25, minimum: 25, maximum: 500 })), {
      ...usual,
      minSize: 25,
      maxSize: 500,
    });
  });

  it('tell the parameter for keys, which is checked like any other', () => {
    const found = operation([query('page'), query('page-size'), query('pagination-key')]);
    assert.equal(found.paging?.keyParameter, 'pagination-key');
    assert.deepEqual(names(found), ['query pagination-key']);
  });

  it('fall back on what the regulators say for all endpoints', () => {
    assert.deepEqual(rule({}), usual);
    assert.deepEqual(rule(integer({ default: '10', minimum: -5, maximum: 0.5 })), usual);
    assert.deepEqual(operation([query('page')]).paging, usual);
  });

  it('agree with each other whatever the contract says', () => {
    assert.deepEqual(rule(integer({ default: 50, minimum: 30, maximum: 20 })), {
      ...usual,
      defaultSize: 20,
      minSize: 20,
      maxSize: 20,
    });
  });

  it('may stand behind references and be named and counted as the directory does', () => {
    const found = operation(
      [{ $ref: '#/components/parameters/page' }, query('size', { $ref: '#/components/schemas/Size' })],
      {
        more: {
          components: {
            parameters: { page: query('page', integer({ minimum: 0 })) },
            schemas: { Size: integer({ minimum: 1, maximum: 50_000, default: 20 }) },
          },
        },
      },
    );
    assert.deepEqual(found.paging, {
      pageParameter: 'page',
      sizeParameter: 'size',
      firstPage: 0,
      defaultSize: 20,
      minSize: 1,
      maxSize: 50_000,
    });
  });

  it('are none without a page: a size is then a filter', () => {
    const found = operation([query('size'), header('page')]);
    assert.deepEqual([found.paging, names(found)], [undefined, ['query size', 'header page']]);
  });
});
