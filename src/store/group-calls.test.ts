import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type GroupedCalls, groupCalls } from './group-calls.ts';

const databaseError = (code: string) => Object.assign(new Error(`refused with ${code}`), { code });

function recordGroups(
  run: (inputs: readonly number[]) => readonly (number | Error)[],
  settings: Partial<GroupedCalls<number, number>> = {},
) {
  const groups: (readonly number[])[] = [];
  let running = 0;
  let mostRunning = 0;
  const call = groupCalls<number, number>({
    most: 10,
    lanes: 1,
    mostWaiting: 100,
    ...settings,
    run: async (inputs) => {
      groups.push(inputs);
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      await pause(2);
      running -= 1;
      return run(inputs);
    },
  });
  return { call, groups, mostRunning: () => mostRunning };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('given calls that arrive together', () => {
  it('when they fit, then they are one group, and each gets its own answer', async () => {
    const { call, groups } = recordGroups((inputs) => inputs.map((input) => input * 2));
    assert.deepEqual(
      await Promise.all(numbers(10).map(call)),
      numbers(10).map((n) => n * 2),
    );
    assert.deepEqual(groups, [numbers(10)]);
  });

  it('when there are more, then groups follow each other in order, never more at once than lanes', async () => {
    const one = recordGroups((inputs) => inputs);
    await Promise.all(numbers(35).map(one.call));
    assert.deepEqual(one.groups.flat(), numbers(35));
    assert.deepEqual(
      one.groups.map(({ length }) => length),
      [10, 10, 10, 5],
    );
    assert.equal(one.mostRunning(), 1);
    const two = recordGroups((inputs) => inputs, { lanes: 2 });
    await Promise.all(numbers(35).map(two.call));
    assert.equal(two.mostRunning(), 2);
  });

  it('when some arrive while a group runs, then they are the next one', async () => {
    const { call, groups } = recordGroups((inputs) => inputs);
    const first = call(1);
    await pause(1);
    await Promise.all([first, call(2), call(3)]);
    assert.deepEqual(groups, [[1], [2, 3]]);
  });

  it('when too many wait, then further ones are refused and the others are served', async () => {
    const { call } = recordGroups((inputs) => inputs, { mostWaiting: 20 });
    const results = await Promise.allSettled(numbers(25).map(call));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 20);
  });
});

describe('given a call that fails', () => {
  it('when its answer is an error, then it alone is rejected', async () => {
    const { call } = recordGroups((inputs) => inputs.map((n) => (n === 1 ? new Error('one') : n)));
    const results = await Promise.allSettled(numbers(3).map(call));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('when its data makes the database undo the group, then the others are done without it', async () => {
    const { call, groups } = recordGroups((inputs) => {
      if (inputs.includes(1)) throw databaseError('22P05');
      return inputs;
    });
    const results = await Promise.allSettled(numbers(3).map(call));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(groups, [[0, 1, 2], [0], [1], [2]]);
  });

  it('when nobody knows whether the group was done, then nothing is tried again', async () => {
    for (const code of ['08006', '57P01', 'ECONNRESET']) {
      const { call, groups } = recordGroups(() => {
        throw databaseError(code);
      });
      const results = await Promise.allSettled(numbers(3).map(call));
      assert.ok(results.every(({ status }) => status === 'rejected'));
      assert.equal(groups.length, 1);
      await assert.rejects(call(7));
      assert.equal(groups.length, 2, 'later calls are tried');
    }
  });

  it('when the work throws before it begins, then the calls are rejected, and later ones served', async () => {
    let isAway = true;
    const call = groupCalls<number, number>({
      most: 10,
      lanes: 1,
      mostWaiting: 100,
      run: (inputs) => {
        if (isAway) throw new Error('away');
        return Promise.resolve(inputs);
      },
    });
    await assert.rejects(call(1), /away/);
    isAway = false;
    assert.equal(await call(2), 2);
  });
});
