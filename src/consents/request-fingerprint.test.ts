import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { requestFingerprint } from './request-fingerprint.ts';

const KEY = new Uint8Array(32).fill(1);

/** The same value with the members of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, turned(member)]),
  );
}

describe('given the bodies of two requests', () => {
  it('when only the order of members differs, then the fingerprint is the same', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => requestFingerprint(KEY, value) === requestFingerprint(KEY, turned(value)),
      ),
    );
  });

  it('when they are not the same value, then the fingerprints differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [a, b] = [one, other].map((value) => JSON.parse(JSON.stringify(value)));
        fc.pre(!isDeepStrictEqual(a, b));
        return requestFingerprint(KEY, a) !== requestFingerprint(KEY, b);
      }),
    );
  });

  it('when the order of a list differs, or a text looks like another value, then they differ', () => {
    const fingerprints = [
      [1, 2],
      [2, 1],
      ['1', '2'],
      '[1,2]',
      { 0: 1, 1: 2 },
      [[1], 2],
      null,
      'null',
      {},
    ].map((value) => requestFingerprint(KEY, value));
    assert.equal(new Set(fingerprints).size, fingerprints.length);
  });

  it('when the key is another, then so is the fingerprint: the body cannot be found by trying', () => {
    const other = new Uint8Array(32).fill(2);
    assert.notEqual(requestFingerprint(KEY, { cpf: '1' }), requestFingerprint(other, { cpf: '1' }));
    assert.match(requestFingerprint(KEY, {}), /^[0-9a-f]{64}$/);
  });
});
