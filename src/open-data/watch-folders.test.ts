import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { watchFolders } from './watch-folders.ts';

test('it looks again and again, a look that fails included, and never two at a time', async () => {
  let looks = 0;
  let atOnce = 0;
  const errors: unknown[] = [];
  const stop = watchFolders(
    {
      async refresh() {
        looks += 1;
        atOnce += 1;
        assert.equal(atOnce, 1);
        await setTimeout(50);
        atOnce -= 1;
        if (looks === 1) throw new Error('no');
      },
    },
    (error) => errors.push(error),
  );
  await setTimeout(1600);
  await stop();
  assert.ok(looks >= 2 && looks <= 4, `${looks} looks`);
  assert.deepEqual(errors.map(String), ['Error: no']);
});

test('stopping waits for the look under way and is the last of it', async () => {
  let looks = 0;
  let isDone = false;
  let started: (() => void) | undefined;
  const looking = new Promise<void>((resolve) => {
    started = resolve;
  });
  const stop = watchFolders(
    {
      async refresh() {
        looks += 1;
        started?.();
        await setTimeout(100);
        isDone = true;
      },
    },
    () => {},
  );
  const keepAlive = globalThis.setTimeout(() => {}, 5000);
  await looking;
  await stop();
  clearTimeout(keepAlive);
  assert.equal(isDone, true);
  await setTimeout(500);
  assert.equal(looks, 1);
});
