import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createConnectionSlots } from './connection-slots.ts';

const never = new AbortController().signal;

describe('given a number of slots', () => {
  it('when all are taken, then who comes next waits, first come, first served', async () => {
    const slots = createConnectionSlots(1, 2);
    const order: string[] = [];
    const giveBack = await slots.take(never);
    const first = slots.take(never).then((release) => {
      order.push('first');
      return release;
    });
    const second = slots.take(never).then(() => order.push('second'));
    giveBack();
    giveBack();
    (await first)();
    await second;
    assert.deepEqual(order, ['first', 'second']);
  });

  it('when too many wait, then the next is sent away at once, and who leaves makes room', async () => {
    const slots = createConnectionSlots(1, 1);
    const giveBack = await slots.take(never);
    const abort = new AbortController();
    const leaving = slots.take(abort.signal);
    await assert.rejects(slots.take(never), /too many/);
    abort.abort();
    await assert.rejects(leaving, { name: 'AbortError' });
    const next = slots.take(never);
    giveBack();
    (await next)();
    await assert.rejects(slots.take(AbortSignal.abort()), { name: 'AbortError' });
  });

  it('when callers come, leave and go in any order, then no slot is lost and none is given twice', async () => {
    const steps = fc.array(fc.constantFrom('come', 'leave', 'go'), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (happening) => {
        const slots = createConnectionSlots(3, 1_000);
        const held: (() => void)[] = [];
        const waiting = new Set<AbortController>();
        for (const step of happening) {
          if (step === 'go') held.shift()?.();
          else if (step === 'leave') [...waiting][0]?.abort();
          else {
            const abort = new AbortController();
            waiting.add(abort);
            slots
              .take(abort.signal)
              .then(
                (release) => held.push(release),
                () => {},
              )
              .finally(() => waiting.delete(abort));
          }
          await new Promise(setImmediate);
          assert.ok(held.length <= 3);
          assert.ok(held.length === 3 || waiting.size === 0);
        }
      }),
      { numRuns: 50 },
    );
  });
});
