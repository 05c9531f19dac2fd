import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentOf, envelope } from '../../test/support/branches-contract.ts';
import { loadOperation } from '../../test/support/contract-folder.ts';
import type { JsonObject } from '../contract/contract-document.ts';
import type { Operation } from '../contract/operation.ts';
import { parameterValues } from './record-filter-plan.ts';

function operationOf(path: string, record: JsonObject, query: readonly string[] = []): Operation {
  const document = documentOf(path, envelope({ type: 'array', items: record }));
  const [item] = Object.values(document.paths as Record<string, { get: { parameters: unknown[] } }>);
  item?.get.parameters.push(...query.map((name) => ({ name, in: 'query', schema: { type: 'string' } })));
  return loadOperation(document);
}

const text = { type: 'string' };
const objectOf = (properties: JsonObject): JsonObject => ({ type: 'object', properties });

test('a path parameter filters, and takes only the values of the enum that its member has', () => {
  const record = objectOf({
    address: { type: 'array', items: objectOf({ uf: { type: 'string', enum: ['SP', 'RJ'] } }) },
  });
  assert.deepEqual(parameterValues(operationOf('/things/{uf}', record), {}), [
    { parameter: 'uf', in: 'path', members: ['uf'], allowed: ['SP', 'RJ'] },
  ]);
});

test('a path parameter filters also where no record has its member', () => {
  assert.deepEqual(parameterValues(operationOf('/things/{area}', objectOf({ name: text })), {}), [
    { parameter: 'area', in: 'path', members: ['area'], allowed: undefined },
  ]);
});

test('a query parameter filters where a record has its member, and paging never does', () => {
  const operation = operationOf('/things', objectOf({ line: text, page: { type: 'integer' } }), [
    'line',
    'colour',
  ]);
  assert.deepEqual(
    parameterValues(operation, {}).map(({ parameter, in: place }) => [parameter, place]),
    [['line', 'query']],
  );
});

test('the profile names the member of a parameter that is called otherwise', () => {
  const record = objectOf({
    type: { type: 'string', enum: ['X'] },
    services: { type: 'array', items: objectOf({ type: { type: 'string', enum: ['A', 'B'] } }) },
  });
  const [filter] = parameterValues(operationOf('/things/{serviceType}', record), {
    serviceType: 'services/type',
  });
  assert.deepEqual(
    [filter?.members, filter?.allowed],
    [
      ['services', 'type'],
      ['A', 'B'],
    ],
  );
});

test('an enum binds only when every place of the member has one', () => {
  const record = objectOf({
    a: objectOf({ uf: { type: 'string', enum: ['SP'] } }),
    b: objectOf({ uf: text }),
  });
  assert.equal(parameterValues(operationOf('/things/{uf}', record), {})[0]?.allowed, undefined);
  const both = objectOf({
    a: objectOf({ uf: { type: 'string', enum: ['SP', 'RJ'] } }),
    b: { oneOf: [objectOf({ uf: { type: 'array', items: { type: 'string', enum: ['PA', 'SP'] } } })] },
  });
  assert.deepEqual(parameterValues(operationOf('/things/{uf}', both), {})[0]?.allowed, ['SP', 'RJ', 'PA']);
});
