import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { OutOfTime, withinBudget } from './within-budget.ts';

const BUDGET_MS = 20;

/** Settles as it is told, the moment it is aborted. */
function whenAborted<Result>(signal: AbortSignal, settle: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      try {
        resolve(settle());
      } catch (error) {
        reject(error);
      }
    });
  });
}

describe('given work with a budget of time', () => {
  it('when it is done in time, then its result or its own failure is what there is', async () => {
    assert.equal(await withinBudget(BUDGET_MS, async () => 'done'), 'done');
    await assert.rejects(
      withinBudget(BUDGET_MS, async () => {
        throw new Error('of its own');
      }),
      /of its own/,
    );
  });

  it('when it takes longer and heeds nothing, then it is not waited for', async () => {
    const startedAt = performance.now();
    await assert.rejects(
      withinBudget(BUDGET_MS, () => new Promise(() => {})),
      OutOfTime,
    );
    assert.ok(performance.now() - startedAt < 1_000);
  });

  it('when it gives up at the signal with an error of its own, then it was out of time all the same', async () => {
    const work = (signal: AbortSignal) =>
      whenAborted(signal, () => {
        throw new Error('socket closed');
      });
    await assert.rejects(withinBudget(BUDGET_MS, work), OutOfTime);
  });

  it('when it gives up by itself as the time ends, then it was out of time, and before that it was not', async () => {
    const failAfter = (ms: number) => async () => {
      await pause(ms);
      throw new Error('of its own');
    };
    await assert.rejects(withinBudget(500, failAfter(490)), OutOfTime);
    await assert.rejects(withinBudget(500, failAfter(50)), /of its own/);
  });

  it('when it has something to say the moment the time is over, then that counts', async () => {
    assert.equal(await withinBudget(BUDGET_MS, (signal) => whenAborted(signal, () => 'not yet')), 'not yet');
  });
});
