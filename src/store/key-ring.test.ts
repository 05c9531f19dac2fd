import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createKeyRing, type MasterKey } from './key-ring.ts';

const keyOf = (id: string): MasterKey => ({ id, secret: randomBytes(32) });
const OLD = keyOf('2025');
const NEW = keyOf('2026');
const ROOT = randomBytes(32);
const bytes = fc.uint8Array({ maxLength: 300 });

describe('given a key ring', () => {
  const keyRing = createKeyRing({ masterKeys: [OLD], root: ROOT });

  it('when something was sealed, then it opens to what it was, and never seals to the same twice', () => {
    fc.assert(
      fc.property(bytes, fc.string(), (content, context) => {
        const sealed = keyRing.seal(content, context);
        assert.deepEqual(new Uint8Array(keyRing.open(sealed, context)), content);
        assert.notDeepEqual(keyRing.seal(content, context), sealed);
      }),
    );
  });

  it('when it was sealed for another place, then it does not open', () => {
    const sealed = keyRing.seal(Buffer.from('secret'), 'here');
    assert.throws(() => keyRing.open(sealed, 'there'));
  });

  it('when any bit of it has been changed, or its end is missing, then it does not open', () => {
    const sealed = keyRing.seal(Buffer.from('secret'), 'here');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.throws(() => keyRing.open(changed, 'here'), `bit ${bit}`);
    }
    for (let length = 0; length < sealed.length; length += 1)
      assert.throws(() => keyRing.open(sealed.subarray(0, length), 'here'), `${length} bytes`);
  });

  it('when keys are derived, then each purpose has its own, always the same', () => {
    assert.deepEqual(keyRing.derive('a'), keyRing.derive('a'));
    assert.notDeepEqual(keyRing.derive('a'), keyRing.derive('b'));
    assert.equal(keyRing.derive('a').length, 32);
  });
});

describe('given a newer master key', () => {
  const before = createKeyRing({ masterKeys: [OLD], root: ROOT });
  const between = createKeyRing({ masterKeys: [NEW, OLD], root: ROOT });
  const afterwards = createKeyRing({ masterKeys: [NEW], root: ROOT });

  it('when the older one is still there, then it opens what it has sealed, and the newer one seals', () => {
    const old = before.seal(Buffer.from('secret'), 'here');
    assert.equal(between.open(old, 'here').toString(), 'secret');
    const fresh = between.seal(Buffer.from('secret'), 'here');
    assert.equal(afterwards.open(fresh, 'here').toString(), 'secret');
    assert.throws(() => before.open(fresh, 'here'), /not known/);
  });

  it('when the older one has been thrown away, then what it has sealed stays closed', () => {
    const old = before.seal(Buffer.from('secret'), 'here');
    assert.throws(() => afterwards.open(old, 'here'), /not known/);
  });

  it('when keys are derived, then they are the same as before', () => {
    assert.deepEqual(before.derive('subject'), afterwards.derive('subject'));
  });
});

describe('given keys that are not fit', () => {
  const root = ROOT;
  for (const [what, settings] of [
    ['no key', { masterKeys: [], root }],
    ['a short key', { masterKeys: [{ id: 'a', secret: randomBytes(31) }], root }],
    ['two of one id', { masterKeys: [OLD, { ...NEW, id: OLD.id }], root }],
    ['an id with a space', { masterKeys: [{ ...OLD, id: 'a b' }], root }],
    ['a short root', { masterKeys: [OLD], root: randomBytes(16) }],
  ] as const)
    it(`when there is ${what}, then no key ring is made of it`, () => {
      assert.throws(() => createKeyRing(settings), RangeError);
    });
});
