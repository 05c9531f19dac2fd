import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createBackoff } from './backoff.ts';

describe('given a back-off from 1 s to 60 s', () => {
  const create = (random: () => number) => createBackoff({ firstMs: 1_000, longestMs: 60_000, random });

  it('when chance is at its upper end, then the waits double up to the longest', () => {
    const backoff = create(() => 1);
    assert.deepEqual(
      Array.from({ length: 8 }, () => backoff.next()),
      [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000],
    );
  });

  it('when the holder says how long, then no wait is shorter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(100_000)), {
          maxLength: 30,
        }),
        (turns) => {
          let chance = 0;
          const backoff = create(() => chance);
          for (const [random, asked] of turns) {
            chance = random;
            const wait = backoff.next(asked);
            assert.ok(wait >= asked && wait <= asked + 60_000);
          }
        },
      ),
    );
  });
});
