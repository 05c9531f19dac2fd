import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createKeyRing } from '../store/key-ring.ts';
import { createPublicId } from './public-id.ts';

function keyRing(root: number) {
  return createKeyRing({
    masterKeys: [{ id: 'test', secret: Buffer.alloc(32, 7) }],
    root: Buffer.alloc(32, root),
  });
}

describe('given the public ids of an institution’s resources', () => {
  const publicIdOf = createPublicId(keyRing(1), 'open-finance');

  it('when a resource is asked for again, on whatever node, then its id is the same', () => {
    const onAnotherNode = createPublicId(keyRing(1), 'open-finance');
    assert.equal(publicIdOf('sub-1', 'ACCOUNT', 'cc-1'), onAnotherNode('sub-1', 'ACCOUNT', 'cc-1'));
  });

  it('when customer, type, reference, ecosystem or key differ, then so does the id', () => {
    const ids = [
      publicIdOf('sub-1', 'ACCOUNT', 'cc-1'),
      publicIdOf('sub-2', 'ACCOUNT', 'cc-1'),
      publicIdOf('sub-1', 'LOAN', 'cc-1'),
      publicIdOf('sub-1', 'ACCOUNT', 'cc-2'),
      createPublicId(keyRing(1), 'open-insurance')('sub-1', 'ACCOUNT', 'cc-1'),
      createPublicId(keyRing(2), 'open-finance')('sub-1', 'ACCOUNT', 'cc-1'),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });

  it('when anything at all is told apart by its parts, then the ids are apart too, in the form of every version', () => {
    const parts = fc.tuple(fc.string(), fc.string(), fc.string());
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const id = publicIdOf(...one);
        // The stricter of the patterns: Open Insurance Resources 3.0.0.
        assert.match(id, /^[a-zA-Z0-9][a-zA-Z0-9-]{0,59}$/);
        assert.equal(id === publicIdOf(...other), JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it('when parts only look alike once they stand together, then the ids are apart', () => {
    assert.notEqual(publicIdOf('a', 'bc', 'd'), publicIdOf('ab', 'c', 'd'));
    assert.notEqual(publicIdOf('a', 'b', 'c","d'), publicIdOf('a', 'b","c', 'd'));
  });
});
