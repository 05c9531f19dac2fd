import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskCredentials } from './mask-credentials.ts';

for (const [text, shown] of [
  ['postgres://guiche:s3cret@db.example/guiche', 'postgres://guiche:***@db.example/guiche'],
  ['redis://:s3cret@cache.example:6379', 'redis://:***@cache.example:6379'],
  ['https://user:p@ss@host.example', 'https://user:***@host.example'],
  ['a http://u:p@one b http://u:p@two', 'a http://u:***@one b http://u:***@two'],
  ['https://host.example:8443/a:b@c', 'https://host.example:8443/a:b@c'],
  ['someone@host.example', 'someone@host.example'],
] as const) {
  test(`${text} is shown as ${shown}`, () => assert.equal(maskCredentials(text), shown));
}
