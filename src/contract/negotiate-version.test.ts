import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareVersions, negotiateVersion } from './negotiate-version.ts';

const SUPPORTED = ['2.1.0', '1.10.0', '1.9.2', '1.0.0'];

describe('negotiateVersion', () => {
  const cases: [string, string | undefined, string | undefined, string | undefined][] = [
    ['without headers, the version in use', undefined, undefined, '2.1.0'],
    ['the version wanted', '1.9.2', undefined, '1.9.2'],
    ['406 for a version not offered', '1.9.1', undefined, undefined],
    ['the highest between the two, compared by number', '1.99.0', '1.0.0', '1.10.0'],
    ['both ends included', '1.9.2', '1.0.0', '1.9.2'],
    ['the lower end included', '1.5.0', '1.0.0', '1.0.0'],
    ['406 when nothing lies between', '1.9.1', '1.0.1', undefined],
    ['x-min-v as absent when equal', '1.9.2', '1.9.2', '1.9.2'],
    ['x-min-v as absent when above', '1.0.0', '2.1.0', '1.0.0'],
    ['406 when x-min-v is above and x-v is not offered', '1.0.1', '2.1.0', undefined],
    ['a minimum alone, at its highest', undefined, '1.9.2', '2.1.0'],
    ['406 for a minimum above all', undefined, '3.0.0', undefined],
    ['short versions', '1.0', undefined, '1.0.0'],
    ['406 for what is no version', 'latest', undefined, undefined],
    ['406 for an injected text', '1.0.0\r\nx: y', undefined, undefined],
    ['406 for a number beyond reason', `1.0.${'9'.repeat(400)}`, undefined, undefined],
    ['406 for a minimum that is no version', '2.1.0', '*', undefined],
  ];
  for (const [what, wanted, minimum, answer] of cases) {
    it(`answers ${what}`, () => assert.equal(negotiateVersion(SUPPORTED, wanted, minimum), answer));
  }

  it('uses the first supported version by default, and leaves the list as it is', () => {
    const supported = Object.freeze(['1.0.0', '2.0.0']);
    assert.equal(negotiateVersion(supported, undefined, undefined), '1.0.0');
    assert.equal(negotiateVersion(supported, '2.0.0', '1.0.0'), '2.0.0');
  });
});

describe('compareVersions', () => {
  it('orders numbers as numbers, and a pre-release before its release', () => {
    const ascending = [
      '0.9',
      '1.0.0-beta.1',
      '1.0.0-rc',
      '1.0.0',
      '1.0.1',
      '1.2.0',
      '1.10.0',
      '2.0.0',
      '10.0.0',
    ];
    const shuffled = [
      '1.10.0',
      '10.0.0',
      '1.0.0-rc',
      '0.9',
      '2.0.0',
      '1.0.1',
      '1.0.0',
      '1.2.0',
      '1.0.0-beta.1',
    ];
    assert.deepEqual(shuffled.sort(compareVersions), ascending);
    assert.equal(compareVersions('1.0', '1.0.0'), 0);
    assert.equal(compareVersions('v1.0.0 ', '1.0.0'), 0);
  });
});
