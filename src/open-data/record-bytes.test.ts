import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecordBytes } from './record-bytes.ts';

const anyRecords = fc.array(
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => JSON.stringify(text)),
  {
    minLength: 1,
    maxLength: 60,
  },
);

test('records of any text are found at their offsets, however small the first guess of their size', () => {
  fc.assert(
    fc.property(anyRecords, fc.nat({ max: 3000 }), (texts, guess) => {
      const collected = createRecordBytes(guess);
      for (const text of texts) collected.append(text);
      assert.equal(collected.count, texts.length);
      const { records, offsets } = collected.finish([{ first: 0, count: texts.length }]);
      assert.equal(offsets.length, texts.length + 1);
      assert.equal(Buffer.from(records).toString(), `${texts.join(',')},`);
      for (const [index, text] of texts.entries()) {
        const bytes = records.subarray(offsets[index], (offsets[index + 1] as number) - 1);
        assert.equal(Buffer.from(bytes).toString(), text);
      }
    }),
  );
});

test('runs put the records in another order', () => {
  const collected = createRecordBytes(0);
  for (const text of ['"a"', '"é"', '"c"', '"d"']) collected.append(text);
  const { records, offsets } = collected.finish([
    { first: 2, count: 2 },
    { first: 0, count: 0 },
    { first: 0, count: 2 },
  ]);
  assert.equal(Buffer.from(records).toString(), '"c","d","a","é",');
  assert.deepEqual([...offsets], [0, 4, 8, 12, 17]);
});
