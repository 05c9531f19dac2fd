import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  BRANCHES,
  bare,
  branch,
  branchesOperation,
  NEARBY,
  nearbyOperation,
} from '../../test/support/branches-contract.ts';
import { dataFolder, writeData } from '../../test/support/data-folder.ts';
import { createDatasetLoader, type DatasetLoader } from './dataset-loader.ts';
import { createOpenData, type OpenData, type OpenDataEvent } from './open-data.ts';

const operation = branchesOperation();
const nearby = nearbyOperation();
const FILE = `${BRANCHES}.json`;
const loader = createDatasetLoader(1e7);
after(() => loader.close());

interface Running {
  readonly openData: OpenData;
  readonly events: OpenDataEvent[];
  /** Codes of the branches served, or the code of the problem. */
  served(): string[] | string;
  /** Looks often enough for a change that has ended to be taken up. */
  settle(): Promise<void>;
}

function open(folders: readonly string[], using: DatasetLoader = loader): Running {
  const events: OpenDataEvent[] = [];
  const openData = createOpenData({
    operations: [operation, nearby],
    unserved: new Map(),
    profiles: [],
    folders,
    baseUrl: 'https://api.example',
    maxPageSize: 1000,
    cacheBytes: 1e7,
    loader: using,
    now: () => 0,
    onEvent: (event) => events.push(event),
  });
  return {
    openData,
    events,
    served() {
      const answer = openData.read({ operation, path: {}, query: {}, headers: {} });
      if (answer.kind !== 'content') return answer.kind === 'problem' ? answer.problem.code : answer.kind;
      const { data } = JSON.parse(String(answer.content.body('identity')));
      return data.brand.companies.flatMap(({ branches }: { branches: { code: string }[] }) =>
        branches.map(({ code }) => code),
      );
    },
    async settle() {
      for (let look = 0; look < 3; look += 1) await openData.refresh();
    },
  };
}

function loaderWith(onLoad: (time: number) => void): DatasetLoader {
  let time = 0;
  return {
    ...loader,
    async load(plan, files) {
      const loaded = await loader.load(plan, files);
      time += 1;
      onLoad(time);
      return loaded;
    },
  };
}

function types({ events }: Running): string[] {
  return events.map(({ type }) => type);
}

const of = (...codes: string[]) => bare(codes.map((code) => branch({ code })));
const broken = bare([branch({ code: 'not a code' })]);

test('what lies in the folders is served, and what does not is not offered', async () => {
  const running = open([dataFolder({ [FILE]: of('0001', '0002') })]);
  assert.equal(running.served(), 'PRODUTO_NAO_OFERTADO');
  assert.deepEqual(await running.openData.load(), []);
  assert.deepEqual(running.served(), ['0001', '0002']);
  const other = running.openData.read({ operation: nearby, path: {}, query: {}, headers: {} });
  assert.ok(other.kind === 'problem' && other.problem.code === 'PRODUTO_NAO_OFERTADO');
  assert.deepEqual(running.events, [
    {
      type: 'published',
      dataset: BRANCHES,
      records: 2,
      milliseconds: (running.events[0] as { milliseconds: number }).milliseconds,
    },
  ]);
});

test('a broken file is not served at the first load, and the sound ones are', async () => {
  const folder = dataFolder({ [FILE]: broken, [`${NEARBY}.json`]: of('0001') });
  const running = open([folder]);
  const diagnostics = await running.openData.load();
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['data-pattern'],
  );
  assert.equal(running.served(), 'PRODUTO_NAO_OFERTADO');
  assert.deepEqual([...running.openData.faults.keys()], [BRANCHES]);
  assert.equal(
    running.openData.read({ operation: nearby, path: {}, query: {}, headers: {} }).kind,
    'content',
  );
});

test('a changed file is taken up at the second look that sees it the same', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open([folder]);
  await running.openData.load();
  await running.openData.refresh();
  writeData(folder, FILE, of('0002'));
  await running.openData.refresh();
  assert.deepEqual(running.served(), ['0001']);
  await running.openData.refresh();
  assert.deepEqual(running.served(), ['0002']);
  await running.settle();
  assert.deepEqual(types(running), ['published', 'published']);
});

test('a file that looks different at every look is waited for', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open([folder]);
  await running.openData.load();
  for (let length = 2; length < 8; length += 1) {
    writeData(folder, FILE, of(...Array.from({ length }, () => '0002')));
    await running.openData.refresh();
    assert.deepEqual(running.served(), ['0001']);
  }
  await running.openData.refresh();
  assert.equal(running.served().length, 7);
});

test('a broken change is refused once and never replaces the good data; its repair is published', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open([folder]);
  await running.openData.load();
  for (const content of [broken, '', '{"brand": ', Buffer.from([0xff])]) {
    running.events.length = 0;
    writeData(folder, FILE, content);
    await running.settle();
    await running.settle();
    assert.deepEqual(running.served(), ['0001']);
    assert.deepEqual(types(running), ['refused']);
    const [refused] = running.events;
    assert.ok(refused?.type === 'refused' && refused.diagnostics.length > 0);
    assert.deepEqual(running.openData.faults.get(BRANCHES), refused.diagnostics);
  }
  writeData(folder, FILE, of('0003'));
  await running.settle();
  assert.deepEqual(running.served(), ['0003']);
  assert.equal(running.openData.faults.size, 0);
  assert.deepEqual(types(running), ['refused', 'published']);
});

test('a dataset whose file is gone is withdrawn at the second look, and comes back with it', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open([folder]);
  await running.openData.load();
  for (let round = 0; round < 2; round += 1) {
    renameSync(join(folder, FILE), join(folder, 'aside'));
    await running.openData.refresh();
    assert.deepEqual(running.served(), ['0001']);
    await running.openData.refresh();
    assert.equal(running.served(), 'PRODUTO_NAO_OFERTADO');
    renameSync(join(folder, 'aside'), join(folder, FILE));
    await running.settle();
    assert.deepEqual(running.served(), ['0001']);
  }
  assert.deepEqual(types(running), ['published', 'withdrawn', 'published', 'withdrawn', 'published']);
});

test('a file that is gone for one look only is never withdrawn', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open([folder]);
  await running.openData.load();
  for (let round = 0; round < 3; round += 1) {
    renameSync(join(folder, FILE), join(folder, 'aside'));
    await running.openData.refresh();
    renameSync(join(folder, 'aside'), join(folder, FILE));
    await running.settle();
  }
  assert.ok(!types(running).includes('withdrawn'));
});

test('removing a broken file clears its fault', async () => {
  const folder = dataFolder({ [FILE]: broken });
  const running = open([folder]);
  await running.openData.load();
  rmSync(join(folder, FILE));
  await running.settle();
  assert.equal(running.openData.faults.size, 0);
  assert.deepEqual(types(running), []);
});

test('a data folder that cannot be read withdraws nothing, and is reported once', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const other = dataFolder({ [`${NEARBY}.json`]: of('0001') });
  const running = open([folder, other]);
  await running.openData.load();
  renameSync(folder, `${folder}-away`);
  await running.settle();
  await running.settle();
  assert.deepEqual(running.served(), ['0001']);
  assert.deepEqual(types(running), ['published', 'published', 'folder']);
  renameSync(`${folder}-away`, folder);
  await running.settle();
  assert.deepEqual(running.served(), ['0001']);
});

test('a dataset that appears while running is served', async () => {
  const folder = dataFolder();
  const running = open([folder]);
  await running.openData.load();
  await running.settle();
  writeData(folder, `${BRANCHES}/1.json`, of('0001'));
  await running.settle();
  assert.deepEqual(running.served(), ['0001']);
  writeData(folder, `${BRANCHES}/2.json`, of('0002'));
  await running.settle();
  assert.deepEqual(running.served(), ['0001', '0002']);
});

test('a second offer of a dataset leaves the first one in place until it is gone', async () => {
  const [one, two] = [dataFolder(), dataFolder({ [FILE]: of('0002') })];
  const running = open([one, two]);
  await running.openData.load();
  writeData(one, FILE, of('0001'));
  await running.settle();
  assert.deepEqual(running.served(), ['0002']);
  assert.deepEqual(types(running), ['published', 'folder']);
  rmSync(join(two, FILE));
  await running.settle();
  assert.deepEqual(running.served(), ['0001']);
});

test('swapping the link of a mounted ConfigMap changes every part at once', async () => {
  const folder = dataFolder();
  for (const [version, code] of [
    ['..1', '0001'],
    ['..2', '0002'],
  ] as const) {
    for (const part of ['a', 'b']) writeData(folder, `${version}/${part}.json`, of(code));
  }
  symlinkSync('..1', join(folder, '..data'));
  mkdirSync(join(folder, BRANCHES), { recursive: true });
  for (const part of ['a', 'b'])
    symlinkSync(join(folder, '..data', `${part}.json`), join(folder, BRANCHES, `${part}.json`));
  const running = open([folder]);
  await running.openData.load();
  assert.deepEqual(running.served(), ['0001', '0001']);
  symlinkSync('..2', join(folder, '..new'));
  renameSync(join(folder, '..new'), join(folder, '..data'));
  await running.settle();
  assert.deepEqual(running.served(), ['0002', '0002']);
});

test('parts that change while the first load reads them are read again, and never served mixed', async () => {
  const folder = dataFolder({ [`${BRANCHES}/1.json`]: of('0001'), [`${BRANCHES}/2.json`]: of('0001') });
  const running = open(
    [folder],
    loaderWith((time) => {
      if (time === 1)
        for (const part of [1, 2]) writeData(folder, `${BRANCHES}/${part}.json`, of('0002', '0002'));
    }),
  );
  assert.deepEqual(await running.openData.load(), []);
  assert.deepEqual(running.served(), ['0002', '0002', '0002', '0002']);
});

test('a file that never rests during the first load is an error, and is served when it does', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  let isRestless = true;
  const running = open(
    [folder],
    loaderWith((time) => {
      if (isRestless) writeData(folder, FILE, of(...Array.from({ length: time + 1 }, () => '0002')));
    }),
  );
  const diagnostics = await running.openData.load();
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['data-changing'],
  );
  assert.equal(running.served(), 'PRODUTO_NAO_OFERTADO');
  assert.equal(running.openData.faults.size, 1);
  isRestless = false;
  await running.settle();
  assert.equal(running.served().length, 4);
  assert.equal(running.openData.faults.size, 0);
});

test('a file that changes while it is loaded again is left for later looks, the good data staying', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open(
    [folder],
    loaderWith((time) => {
      if (time === 2) writeData(folder, FILE, of('0003', '0003', '0003'));
    }),
  );
  await running.openData.load();
  writeData(folder, FILE, of('0002', '0002'));
  await running.openData.refresh();
  await running.openData.refresh();
  assert.deepEqual(running.served(), ['0001']);
  await running.settle();
  assert.deepEqual(running.served(), ['0003', '0003', '0003']);
  assert.deepEqual(types(running), ['published', 'published']);
});

test('a file that goes away while it is loaded is no fault of the service', async () => {
  const folder = dataFolder({ [FILE]: of('0001') });
  const running = open(
    [folder],
    loaderWith((time) => {
      if (time === 2) rmSync(join(folder, FILE));
    }),
  );
  await running.openData.load();
  writeData(folder, FILE, of('0002', '0002'));
  await running.settle();
  await running.settle();
  assert.equal(running.served(), 'PRODUTO_NAO_OFERTADO');
});
