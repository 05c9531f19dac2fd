import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveConfiguration, formatEffectiveConfiguration } from './effective-configuration.ts';
import { loadConfiguration } from './load-configuration.ts';
import { folders, oneOf } from './setting-kind.ts';
import { SETTINGS, type Setting } from './settings.ts';

test('there is a row per setting with its value and source', async () => {
  const { configuration, sources } = await loadConfiguration({
    flags: { 'listen.port': '0' },
    env: { GUICHE_LOG_LEVEL: 'warn' },
    cwd: '/nonexistent',
  });
  assert.ok(configuration);
  const rows = effectiveConfiguration(configuration, sources);
  assert.deepEqual(
    rows.map(({ key }) => key),
    SETTINGS.map(({ path }) => path),
  );
  const lines = formatEffectiveConfiguration(rows).split('\n');
  assert.equal(lines.length, SETTINGS.length);
  assert.match(lines[0] ?? '', /^listen\.host +default +127\.0\.0\.1$/);
  assert.match(lines[1] ?? '', /^listen\.port +flag +0$/);
  assert.ok(lines.some((line) => /^data +default +\["\/nonexistent\/data"\]$/.test(line)));
  assert.ok(lines.some((line) => /^logLevel +variable +warn$/.test(line)));
});

test('the URLs of databases are masked whatever they hold, and empty while there are none', async () => {
  const request = { flags: {}, cwd: '/nonexistent' };
  const given = await loadConfiguration({
    ...request,
    env: {
      DATABASE_URL: 'postgres://guiche@db.example/guiche?password=s3cret',
      REDIS_URL: 'rediss://:s3cret@cache.example',
    },
  });
  assert.ok(given.configuration);
  const rows = effectiveConfiguration(given.configuration, given.sources);
  const text = formatEffectiveConfiguration(rows);
  assert.doesNotMatch(text + JSON.stringify(rows), /s3cret|example\/guiche/);
  assert.match(text, /^databaseUrl +variable +\*\*\*$/m);
  assert.match(text, /^redisUrl +variable +\*\*\*$/m);

  const absent = await loadConfiguration({ ...request, env: {} });
  assert.ok(absent.configuration);
  const shown = formatEffectiveConfiguration(effectiveConfiguration(absent.configuration, absent.sources));
  assert.match(shown, /^databaseUrl +default$/m);
  assert.match(shown, /^limits\.trustedProxies +default +\[\]$/m);
});

test('a secret and a password inside a URL are masked, in lists and maps too', () => {
  const setting = (path: string, secret = false): Setting => ({
    path,
    kind: oneOf(['any']),
    default: 'any',
    meaning: '',
    secret,
  });
  const settings: Setting[] = [
    setting('admin.token', true),
    setting('absentToken', true),
    setting('databaseUrl'),
    { ...setting('mirrors'), kind: folders() },
    setting('routes'),
  ];
  const url = 'postgres://guiche:s3cret@db.example/guiche';
  const configuration = { admin: { token: 's3cret' }, databaseUrl: url, mirrors: [url], routes: { a: url } };
  const rows = effectiveConfiguration(configuration, { databaseUrl: 'variable' }, settings);
  const text = formatEffectiveConfiguration(rows);
  assert.doesNotMatch(text + JSON.stringify(rows), /s3cret/);
  assert.equal(
    text,
    [
      'admin.token  default   ***',
      'absentToken  default',
      'databaseUrl  variable  postgres://guiche:***@db.example/guiche',
      'mirrors      default   ["postgres://guiche:***@db.example/guiche"]',
      'routes       default   {"a":"postgres://guiche:***@db.example/guiche"}',
    ].join('\n'),
  );
});
