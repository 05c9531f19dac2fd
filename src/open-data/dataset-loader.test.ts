import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bare, branch, branchesPlan } from '../../test/support/branches-contract.ts';
import { dataFolder, writeData } from '../../test/support/data-folder.ts';
import { createDatasetLoader } from './dataset-loader.ts';
import type { DatasetPlan } from './dataset-plan.ts';

const plan = branchesPlan();
const folder = dataFolder({ 'good.json': bare([branch()]), 'bad.json': '{' });
const good = [join(folder, 'good.json')];

/** A contract that cannot be compiled stands in for whatever may kill the thread. */
const deadly: DatasetPlan = {
  ...plan,
  split: { skeleton: true, record: { pattern: '(' }, maxItems: undefined },
};

test('a dataset is loaded on the thread and arrives whole', async (t) => {
  const loader = createDatasetLoader(1e6);
  t.after(() => loader.close());
  loader.warm();
  const [one, two] = await Promise.all([
    loader.load(plan, good),
    loader.load(plan, [join(folder, 'bad.json')]),
  ]);
  assert.equal(one.snapshot?.total, 1);
  assert.equal(Buffer.from(one.snapshot?.records ?? []).toString(), `${JSON.stringify(branch())},`);
  assert.equal(two.snapshot, undefined);
  assert.equal(two.diagnostics[0]?.code, 'data-syntax');
});

test('the limit on a file is applied', async (t) => {
  const loader = createDatasetLoader(10);
  t.after(() => loader.close());
  assert.equal((await loader.load(plan, good)).diagnostics[0]?.code, 'data-too-large');
});

test('a thread that dies costs the dataset it was loading, and no other', async (t) => {
  const loader = createDatasetLoader(1e6);
  t.after(() => loader.close());
  const [before, dead, after, deadAgain, last] = await Promise.all([
    loader.load(plan, good),
    loader.load(deadly, good),
    loader.load(plan, good),
    loader.load(deadly, good),
    loader.load(plan, good),
  ]);
  assert.deepEqual(
    [before, after, last].map(({ snapshot }) => snapshot?.total),
    [1, 1, 1],
  );
  for (const { snapshot, diagnostics } of [dead, deadAgain]) {
    assert.equal(snapshot, undefined);
    assert.deepEqual(
      diagnostics.map(({ file, severity, code }) => [file, severity, code]),
      [[good[0], 'error', 'data-unreadable']],
    );
    assert.match(diagnostics[0]?.message ?? '', /given up: .*regular expression/i);
  }
  assert.equal((await loader.load(plan, good)).snapshot?.total, 1);
});

test('loads under way when the loader is closed end with a finding', async () => {
  const loader = createDatasetLoader(1e6);
  const loading = loader.load(plan, good);
  await loader.close();
  assert.equal((await loading).diagnostics[0]?.code, 'data-unreadable');
});

test('the thread ends when it has nothing to do, so a process that waits for nothing else ends too', async () => {
  const source = new URL('./dataset-loader.ts', import.meta.url);
  const script = writeData(
    folder,
    'idle.mjs',
    `import { createDatasetLoader } from ${JSON.stringify(source)};
     createDatasetLoader(1e6).warm();
     const loader = createDatasetLoader(1e6);
     const plan = { key: '', countedArray: [], underData: false, places: [], filters: [], split: undefined, whole: true };
     const { snapshot } = await loader.load(plan, [${JSON.stringify(join(folder, 'good.json'))}]);
     process.stdout.write(String(snapshot.total));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  assert.equal(stdout, '1');
});
