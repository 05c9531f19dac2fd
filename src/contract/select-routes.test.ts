import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findings } from '../../test/support/contract-folder.ts';
import type { Operation } from './operation.ts';
import { selectRoutes } from './select-routes.ts';

function operation(
  version: string,
  origin: 'catalog' | 'operator',
  path = '/open-insurance/things/v1/things',
  file = `${origin}-${version}.yaml`,
) {
  return {
    key: `GET ${path}`,
    method: 'GET',
    path,
    version,
    source: { file, origin, pointer: '/paths' },
  } as unknown as Operation;
}

function select(operations: Operation[], pins: [string, string][] = []) {
  const { routes, diagnostics } = selectRoutes(operations, new Map(pins));
  return {
    answers: routes.map((route) => route.operation.source.file),
    routes,
    found: findings(diagnostics),
    diagnostics,
  };
}

describe('selectRoutes', () => {
  it('keeps one answer for each method and path, in the order of the documents', () => {
    const a = operation('1.0.0', 'catalog', '/a');
    const b = operation('1.0.0', 'catalog', '/b');
    const posted = { ...a, method: 'POST', key: 'POST /a' };
    const { routes, found } = select([a, b, posted]);
    assert.deepEqual(
      routes.map((route) => route.operation),
      [a, b, posted],
    );
    assert.deepEqual(found, []);
  });

  it('takes the higher of two catalog versions, by number, without a word', () => {
    const { answers, routes, found } = select([
      operation('1.9.0', 'catalog'),
      operation('1.10.0', 'catalog'),
    ]);
    assert.deepEqual(answers, ['catalog-1.10.0.yaml']);
    assert.deepEqual(
      routes[0]?.replaced.map(({ version }) => version),
      ['1.9.0'],
    );
    assert.deepEqual(found, []);
  });

  it('puts a document of the operator before the catalog, even an older one, and says so', () => {
    const { answers, found, diagnostics } = select([
      operation('2.0.0', 'catalog'),
      operation('1.0.0', 'operator'),
    ]);
    assert.deepEqual(answers, ['operator-1.0.0.yaml']);
    assert.deepEqual(found, ['info contract-route-replaced /paths']);
    assert.match(diagnostics[0]?.message ?? '', /operator-1\.0\.0\.yaml.*catalog-2\.0\.0\.yaml/);
  });

  it('takes the higher of two versions of the operator, and warns naming both files', () => {
    const { answers, found, diagnostics } = select([
      operation('1.0.0', 'operator'),
      operation('1.0.1', 'operator'),
    ]);
    assert.deepEqual(answers, ['operator-1.0.1.yaml']);
    assert.deepEqual(found, ['warning contract-route-twice /paths']);
    assert.match(diagnostics[0]?.message ?? '', /operator-1\.0\.1\.yaml.*operator-1\.0\.0\.yaml/);
  });

  it('chooses the same of two equal versions whatever order they come in', () => {
    const pair = ['b.yaml', 'a.yaml'].map((file) => operation('1.0.0', 'operator', '/a', file));
    assert.deepEqual([select(pair).answers, select(pair.reverse()).answers], [['a.yaml'], ['a.yaml']]);
  });

  it('sees one route where only the names of path parameters differ', () => {
    const pair = [
      operation('1.0.0', 'catalog', '/a/{id}/b'),
      operation('1.1.0', 'catalog', '/a/{thingId}/b', 'newer.yaml'),
    ];
    assert.deepEqual(select(pair).answers, ['newer.yaml']);
    assert.equal(
      select([operation('1.0.0', 'catalog', '/a/{id}'), operation('1.0.0', 'catalog', '/a/b')]).answers
        .length,
      2,
    );
  });

  it('answers with the pinned version, under any spelling of the route, and then reports nothing', () => {
    const pair = [operation('1.0.0', 'catalog', '/a/{id}'), operation('1.1.0', 'operator', '/a/{thingId}')];
    for (const key of ['GET /a/{id}', 'GET /a/{thingId}']) {
      const { answers, found } = select(pair, [[key, '1.0.0']]);
      assert.deepEqual([answers, found], [['catalog-1.0.0.yaml'], []]);
    }
  });

  it('reports a pin to a version that no document has, and answers as without it', () => {
    const { answers, found, diagnostics } = select(
      [operation('1.0.0', 'catalog', '/a'), operation('1.1.0', 'catalog', '/a')],
      [['GET /a', '9.9.9']],
    );
    assert.deepEqual([answers, found], [['catalog-1.1.0.yaml'], ['error contract-version-not-found /paths']]);
    assert.match(diagnostics[0]?.message ?? '', /9\.9\.9.*1\.1\.0, 1\.0\.0/);
  });
});
