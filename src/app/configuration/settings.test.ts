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
  assert.equal(variableOf('limits.perMinutePerIp'), 'GUICHE_LIMITS_PER_MINUTE_PER_IP');
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

test('what holds a secret has no default but an empty one', () => {
  const secrets = settings.filter(({ secret }) => secret);
  assert.deepEqual(
    secrets.map(({ path }) => path),
    ['mtls.proxy', 'masterKeys', 'connectors', 'databaseUrl', 'redisUrl'],
  );
  assert.ok(secrets.every((setting) => Object.keys(setting.default ?? {}).length === 0));
});

for (const { path, kind, default: value } of settings.filter((setting) => setting.default !== undefined)) {
  test(`the default of ${path} is a value that it accepts`, () => {
    const faults: Fault[] = [];
    assert.notEqual(kind.read(value, { at: [path], folder: '/', faults }), undefined);
    assert.deepEqual(faults, []);
  });
}
