import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from './setting-kind.ts';
import { SETTINGS, type Setting, variableOf } from './settings.ts';

const settings: readonly Setting[] = SETTINGS;

test('variables are GUICHE_ and the path in upper snake case', () => {
  assert.equal(variableOf('listen.port'), 'GUICHE_LISTEN_PORT');
  assert.equal(variableOf('baseUrl'), 'GUICHE_BASE_URL');
  assert.equal(variableOf('cacheMegabytes'), 'GUICHE_CACHE_MEGABYTES');
  assert.equal(variableOf('shutdownGraceMs'), 'GUICHE_SHUTDOWN_GRACE_MS');
});

test('no path, flag or variable is used twice', () => {
  const names = settings.flatMap(({ path, flag, shortVariable }) => [
    path,
    variableOf(path),
    ...(flag === undefined ? [] : [flag]),
    ...(shortVariable === undefined ? [] : [shortVariable]),
  ]);
  assert.deepEqual(names, [...new Set(names)]);
});

for (const { path, kind, default: value } of settings) {
  test(`the default of ${path} is a value that it accepts`, () => {
    const faults: Fault[] = [];
    assert.notEqual(kind.read(value, { at: [path], folder: '/', faults }), undefined);
    assert.deepEqual(faults, []);
  });
}
