import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearMiss } from './near-miss.ts';

const names = ['listen', 'baseUrl', 'data', 'port', 'warn'];

for (const [wrong, meant] of [
  ['prot', 'port'],
  ['base_url', 'baseUrl'],
  ['BASE-URL', 'baseUrl'],
  ['datas', 'data'],
  ['warning', 'warn'],
  ['listne', 'listen'],
] as const) {
  test(`${wrong} is taken for ${meant}`, () => assert.equal(nearMiss(wrong, names), meant));
}

test('a name that resembles nothing gets no suggestion', () => {
  for (const wrong of ['', 'x', 'workers', '—', 'port'.repeat(1000)])
    assert.equal(nearMiss(wrong, names), undefined);
});
