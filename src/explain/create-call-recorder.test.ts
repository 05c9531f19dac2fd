import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { madeUpAnswered } from '../../test/support/made-up-answered.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { CallRecord } from './call-record.ts';
import type { CallBatch } from './call-record-store.ts';
import { type CallRecorder, createCallRecorder } from './create-call-recorder.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-03-10T15:00:00Z');

/** A store that can be away. */
function rig(days = 3) {
  const clock = createVirtualClock(NOW);
  const stored: CallBatch[] = [];
  const forgotten: number[] = [];
  const failures: number[] = [];
  let isAway = false;
  const recorder = createCallRecorder({
    clock,
    days,
    store: {
      async append(batch) {
        attempts.push(batch);
        if (isAway) throw new Error('away');
        stored.push(batch);
      },
      async forgetBefore(at) {
        forgotten.push(at);
      },
    },
    onFailure: (_, waitingCalls) => failures.push(waitingCalls),
  });
  const attempts: CallBatch[] = [];
  return {
    clock,
    recorder,
    stored,
    attempts,
    forgotten,
    failures,
    setAway(away: boolean) {
      isAway = away;
    },
    calls: () => stored.flatMap(({ calls }) => JSON.parse(calls) as CallRecord[]),
  };
}

function recordMany(recorder: CallRecorder, count: number): void {
  for (let index = 0; index < count; index += 1) recorder.record(madeUpAnswered());
}

describe('given a recorder of calls', () => {
  it('when a call was answered, then a second later it is stored with what was noted', async () => {
    const { recorder, clock, stored, calls } = rig();
    const interactionId = randomUUID().toUpperCase();
    const notes = { consent: { id: 'urn:bank:1', status: 'AUTHORISED' } };
    recorder.record(
      madeUpAnswered({
        interactionId,
        notes,
        status: 403,
        problem: 'RESOURCE_FORBIDDEN',
        at: NOW,
        durationMs: 12.345,
      }),
    );
    assert.equal(stored.length, 0);
    await clock.advance(1_000);
    assert.deepEqual(stored[0]?.interactionIds, [interactionId.toLowerCase()]);
    assert.equal(stored[0]?.at, NOW);
    const [call] = calls();
    assert.equal(call?.interactionId, interactionId);
    assert.equal(call?.status, 403);
    assert.equal(call?.problem, 'RESOURCE_FORBIDDEN');
    assert.equal(call?.durationMs, 12.3);
    assert.deepEqual(call?.notes, notes);
  });

  it('when nobody kept notes of a call, then it is not stored', async () => {
    const { recorder, clock, attempts } = rig();
    const { notes, ...answered } = madeUpAnswered();
    assert.ok(notes);
    recorder.record(answered);
    await clock.advance(5_000);
    assert.equal(attempts.length, 0);
  });

  it('when there are many at once, then they are stored in several batches, each call once', async () => {
    const { recorder, stored, calls } = rig();
    recordMany(recorder, 1_234);
    await recorder.flush();
    assert.equal(calls().length, 1_234);
    assert.equal(new Set(calls().map(({ interactionId }) => interactionId)).size, 1_234);
    assert.ok(stored.length > 5);
    assert.equal(recorder.waitingCalls(), 0);
  });

  it('when a batch is full, then it is stored before the second is over', async () => {
    const { recorder, stored } = rig();
    recordMany(recorder, 200);
    await new Promise(setImmediate);
    assert.equal(stored.length, 1);
  });

  it('when a call repeats an interaction id, then both calls are stored under the one id', async () => {
    const { recorder, stored, calls } = rig();
    const interactionId = randomUUID();
    recorder.record(madeUpAnswered({ interactionId }));
    recorder.record(madeUpAnswered({ interactionId: interactionId.toUpperCase() }));
    await recorder.flush();
    assert.deepEqual(stored[0]?.interactionIds, [interactionId]);
    assert.equal(calls().length, 2);
  });

  it('when the database was away, then the same batch is sent again until it is stored', async () => {
    const { recorder, clock, attempts, failures, setAway, calls } = rig();
    setAway(true);
    recordMany(recorder, 3);
    await clock.advance(3_000);
    assert.deepEqual(failures, [3, 3, 3]);
    setAway(false);
    await clock.advance(1_000);
    assert.equal(calls().length, 3);
    assert.equal(new Set(attempts).size, 1);
    assert.equal(recorder.lostCalls(), 0);
  });

  it('when the database is away for long, then the oldest calls are given up and counted', async () => {
    const { recorder, clock, setAway, calls, attempts } = rig();
    setAway(true);
    recorder.record(madeUpAnswered({ interactionId: 'the-first' }));
    await clock.advance(1_000);
    recordMany(recorder, 40_000);
    recorder.record(madeUpAnswered({ interactionId: 'the-last' }));
    // It is not asked again for each full batch.
    assert.equal(attempts.length, 1);
    assert.ok(recorder.waitingCalls() <= 20_000);
    setAway(false);
    await clock.advance(1_000);
    assert.equal(recorder.lostCalls() + calls().length, 40_002);
    assert.equal(calls().at(-1)?.interactionId, 'the-last');
    assert.ok(calls().every(({ interactionId }) => interactionId !== 'the-first'));
  });

  it('when it stops, then what is left is stored, and what cannot be is told', async () => {
    const { recorder, calls } = rig();
    recordMany(recorder, 5);
    assert.equal(await recorder.stop(), 0);
    assert.equal(calls().length, 5);
    const other = rig();
    other.setAway(true);
    recordMany(other.recorder, 5);
    assert.equal(await other.recorder.stop(), 5);
  });

  it('when a receiver words an id like a document, then the document is not kept', async () => {
    const { recorder, stored } = rig();
    recorder.record(
      madeUpAnswered({
        interactionId: '41726305961',
        notes: {
          consent: { id: 'urn:bank:IPE7R2K4000127', fault: 'unknown' },
          resource: { id: '417.263.059-61' },
        },
      }),
    );
    await recorder.flush();
    assert.doesNotMatch(JSON.stringify(stored), /41726305961|IPE7R2K4000127|417\.263/);
  });

  it('when ten minutes have passed, then days that are over are forgotten', async () => {
    const { clock, forgotten } = rig(3);
    await clock.advance(10 * 60_000);
    assert.deepEqual(forgotten, [NOW + 10 * 60_000 - 3 * DAY_MS]);
  });

  it('when nothing is to be kept, then nothing is, and everything is forgotten', async () => {
    const { recorder, clock, attempts, forgotten } = rig(0);
    recordMany(recorder, 500);
    await clock.advance(10 * 60_000);
    assert.equal(attempts.length, 0);
    assert.equal(recorder.waitingCalls(), 0);
    assert.deepEqual(forgotten, [NOW + 10 * 60_000]);
  });
});
