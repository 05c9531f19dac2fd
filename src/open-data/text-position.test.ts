import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { positionAt } from './text-position.ts';

test('line and column are those of the text up to there, asked in any order', () => {
  const texts = fc.array(fc.constantFrom('\n', '\r\n', 'a', 'é', '€', '😀', '\t'), { maxLength: 40 });
  fc.assert(
    fc.property(texts, (pieces) => {
      const bytes = Buffer.from(pieces.join(''));
      for (let count = pieces.length; count >= 0; count -= 1) {
        const before = pieces.slice(0, count).join('');
        const lines = before.split('\n');
        assert.deepEqual(positionAt(bytes, Buffer.byteLength(before)), {
          line: lines.length,
          column: [...(lines.at(-1) as string)].length + 1,
        });
      }
    }),
  );
});

test('places far into a file are right on either side of what is remembered', () => {
  const line = `${'é'.repeat(49)}\n`;
  const bytes = Buffer.from(line.repeat(5000));
  for (const number of [4999, 0, 1, 661, 662, 663, 1324, 2500]) {
    assert.deepEqual(positionAt(bytes, number * 99 + 6), { line: number + 1, column: 4 });
  }
});
