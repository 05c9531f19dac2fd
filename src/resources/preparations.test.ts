import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Asking, Found } from '../connectors/connector.ts';
import { createPreparations } from './preparations.ts';

const OK: Found<string> = { status: 'ok', data: 'list', asOf: 0 };
const NOT_READY = { status: 'notReady' };

function asking(ms: number): Asking {
  return {
    brand: 'Banco',
    ecosystem: 'open-finance',
    api: 'resources',
    version: '3.1.0',
    permissions: [],
    interactionId: undefined,
    deadline: Date.now() + ms,
    signal: AbortSignal.timeout(ms),
  };
}

/** A question that is answered when the test says so. */
function openQuestion() {
  const { promise, resolve, reject } = Promise.withResolvers<Found<string>>();
  const asked: Asking[] = [];
  const question = (inTime: Asking) => {
    asked.push(inTime);
    return promise;
  };
  return { asked, question, resolve, reject };
}

const inAMinute = () => Date.now() + 60_000;
const preparations = (most = 10) => createPreparations({ clock: Date, most });

describe('given a question that takes longer than the receiver can wait', () => {
  it('when it is answered in between, then whoever asks next has the answer, and the question was asked once', async () => {
    const { ask } = preparations();
    const { asked, question, resolve } = openQuestion();
    assert.deepEqual(await ask('c-1', asking(10), inAMinute(), question), NOT_READY);
    assert.equal(asked[0]?.signal.aborted, false, 'it goes on');
    resolve(OK);
    await pause(5);
    assert.deepEqual(await ask('c-1', asking(10), inAMinute(), question), OK);
    assert.equal(asked.length, 1);
    assert.deepEqual(await ask('c-1', asking(10), inAMinute(), question), OK);
    assert.equal(asked.length, 2, 'an answer is handed out once');
  });

  it('when several wait for it, then each has the answer', async () => {
    const { ask } = preparations();
    const { asked, question, resolve } = openQuestion();
    const waiting = [1, 2, 3].map(() => ask('c-1', asking(1_000), inAMinute(), question));
    resolve(OK);
    assert.deepEqual(await Promise.all(waiting), [OK, OK, OK]);
    assert.equal(asked.length, 1);
  });

  it('when another consent asks, then it is another question', async () => {
    const { ask } = preparations();
    const { asked, question } = openQuestion();
    await Promise.all(['c-1', 'c-2'].map((id) => ask(id, asking(5), inAMinute(), question)));
    assert.equal(asked.length, 2);
  });

  it('when its time is over, then it ends, and the next one begins anew', async () => {
    const { ask } = preparations();
    const { asked, question } = openQuestion();
    const endsAt = Date.now() + 30;
    await ask('c-1', asking(5), endsAt, question);
    assert.equal(asked[0]?.deadline, endsAt, 'it is told how long it has');
    await pause(50);
    assert.equal(asked[0]?.signal.aborted, true);
    await ask('c-1', asking(5), inAMinute(), question);
    assert.equal(asked.length, 2);
  });

  it('when too many go on already, then it ends with whoever asks', async () => {
    const { ask } = preparations(1);
    const { asked, question } = openQuestion();
    await Promise.all(['c-1', 'c-2'].map((id) => ask(id, asking(5), inAMinute(), question)));
    assert.deepEqual(
      asked.map(({ signal }) => signal.aborted),
      [false, true],
    );
  });
});

describe('given a question that fails', () => {
  it('when somebody waits, then they hear of it; when nobody does, then the next one asks anew', async () => {
    const { ask } = preparations();
    const failing = openQuestion();
    const waiting = ask('c-1', asking(1_000), inAMinute(), failing.question);
    failing.reject(new Error('systems are away'));
    await assert.rejects(waiting, /systems are away/);

    const unheard = openQuestion();
    await ask('c-1', asking(5), inAMinute(), unheard.question);
    unheard.reject(new Error('systems are away'));
    await pause(5);
    const { question, resolve } = openQuestion();
    resolve(OK);
    assert.deepEqual(await ask('c-1', asking(10), inAMinute(), question), OK);
  });

  it('when it says that nothing is ready, then so is the answer, and the next one asks anew', async () => {
    const { ask } = preparations();
    const { asked, question, resolve } = openQuestion();
    resolve({ status: 'notReady' });
    for (const times of [1, 2]) {
      assert.deepEqual(await ask('c-1', asking(10), inAMinute(), question), NOT_READY);
      assert.equal(asked.length, times);
    }
  });

  it('when it fails before it has begun, then that is a failure like any other', async () => {
    const { ask } = preparations();
    const question = () => {
      throw new Error('no such connector');
    };
    await assert.rejects(ask('c-1', asking(10), inAMinute(), question), /no such connector/);
  });
});
