import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BadAnswer } from './bad-answer.ts';
import { readCoreContract } from './core-contract.ts';
import { readFoundData } from './read-found.ts';

const { listRecords } = readCoreContract();
const now = Date.UTC(2026, 2, 2, 12);
const time = { now, toleranceMs: 30_000 };

/** Something that no message may repeat. */
const SECRET = 'q7Zx9w';

const anything = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)));
const nearly = fc.record(
  {
    status: fc.constantFrom('ok', 'empty', 'notReady', 'notFound', 'refused', 'OK', SECRET),
    data: anything,
    asOf: fc.oneof(
      fc
        .date({ min: new Date(0), max: new Date(now + 3_600_000), noInvalidDate: true })
        .map((at) => at.toISOString()),
      fc.constantFrom(SECRET, '2026-02-30T00:00:00Z', 5),
    ),
    owner: fc.constantFrom('cc-1', '', 7, SECRET),
    total: fc.constantFrom(0, 12, -1, 1.5, SECRET),
    cursor: fc.constantFrom(null, 'c1', '', SECRET.repeat(100)),
    [SECRET]: fc.constant(SECRET),
  },
  { requiredKeys: [] },
);

const sound = fc.record({
  status: fc.constant('ok'),
  data: anything,
  owner: fc.constantFrom('cc-1', '98765432100'),
  asOf: fc.date({ min: new Date(0), max: new Date(now), noInvalidDate: true }).map((at) => at.toISOString()),
});

describe('given whatever systems may answer', () => {
  it('when it is read, then it is something found, of now or before, or a failure that repeats nothing of it', () => {
    let good = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 8, arbitrary: nearly }, sound, anything), (answer) => {
        const outcome = attempt(JSON.stringify(answer));
        if (outcome instanceof BadAnswer) {
          assert.ok(!outcome.message.includes(SECRET), outcome.message);
          return;
        }
        good += 1;
        if (outcome.status !== 'ok') return assert.deepEqual(outcome, { status: answer.status });
        assert.ok(outcome.asOf <= now);
        assert.deepEqual([outcome.data, outcome.owner], [answer.data, answer.owner]);
        assert.equal(typeof outcome.owner, 'string');
      }),
      { numRuns: 2_000 },
    );
    assert.ok(good > 0, 'some must be good, or nothing was tried');
  });

  it('when it is bytes without sense, then it is a failure', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.ok(attempt(bytes) instanceof BadAnswer);
      }),
    );
  });
});

function attempt(text: string | Uint8Array) {
  try {
    return readFoundData(listRecords, Buffer.from(text), time);
  } catch (error) {
    assert.ok(error instanceof BadAnswer, String(error));
    return error;
  }
}
