import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NOON } from '../../test/support/made-up-consent.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createPageKeys } from './page-keys.ts';

const HOUR = 3_600_000;
const MARK = { page: 2, size: 25, selection: 'all', cursor: 'c-2' };

function keysOf(root: string, at = NOON) {
  const clock = createVirtualClock(at);
  const derive = (purpose: string) => createHash('sha256').update(`${root} ${purpose}`).digest();
  return { clock, ...createPageKeys({ sealer: { derive }, ecosystem: 'open-finance', clock }) };
}

describe('given a key of paging', () => {
  it('when it is opened for what it was made for, by any node, then it tells the page that it leads to', () => {
    const anchor = { index: 25, digests: ['a', 'b'] };
    for (const mark of [MARK, { page: 3, size: 1, selection: '', anchor }]) {
      const key = keysOf('one').seal('here', mark);
      assert.match(key, /^[\w-]+$/);
      assert.deepEqual(keysOf('one').open('here', key), mark);
    }
  });

  it('when it is used elsewhere, or was made by somebody else, then it is forged', () => {
    const key = keysOf('one').seal('here', MARK);
    assert.equal(keysOf('one').open('there', key), 'forged');
    assert.equal(keysOf('two').open('here', key), 'forged');
  });

  it('when any of it is changed, then it is forged, or over by its own word', () => {
    const keys = keysOf('one');
    const bytes = Buffer.from(keys.seal('here', MARK), 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ change;
        assert.equal(typeof keys.open('here', changed.toString('base64url')), 'string');
      }),
    );
  });

  it('when it is made up, then it is forged', () => {
    const keys = keysOf('one');
    for (const text of ['', '1', 'a'.repeat(45), 'z'.repeat(80), 'a+b/'.repeat(20), 'A'.repeat(2049)])
      assert.equal(keys.open('here', text), 'forged', text);
  });

  it('when its hour is over, then it is, whichever day it is', () => {
    const midnight = Date.UTC(2026, 2, 10, 23, 30);
    for (const at of [NOON, midnight]) {
      const keys = keysOf('one', at);
      const key = keys.seal('here', MARK);
      keys.clock.advance(HOUR - 1_000);
      assert.deepEqual(keys.open('here', key), MARK);
      keys.clock.advance(1_000);
      assert.equal(keys.open('here', key), 'expired');
    }
  });
});
