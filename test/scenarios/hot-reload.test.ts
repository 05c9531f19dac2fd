import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { dataFolder, writeData } from '../support/data-folder.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { Json } from '../support/send-request.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const ROUTE = 'open-insurance/channels/v2/branches';
const EXAMPLE = resolve(import.meta.dirname, '../../examples/insurer/data', ROUTE, '05-norte.json');
const example: Json = JSON.parse(readFileSync(EXAMPLE, 'utf8'));
const brand: Json = (example.data ?? example).brand;
const [record] = brand.companies[0].branches;

const CONNECTIONS = 6;
const CHANGING_MS = 4_500;
/** What the documentation promises, and a little for a busy machine. */
const PICKED_UP_MS = 2_000 + 1_500;
/** Editions from here on are broken: nobody may ever see one. */
const BROKEN = 9_000;

/** Editions have one of two lengths, so that totals tell them apart too. */
const lengthOf = (edition: number) => (edition % 2 === 0 ? 40 : 65);

/** A dataset whose every record names its edition. Editions of one length have one size in bytes as well. */
function dataset(edition: number, from = 0, to = lengthOf(edition)): Json {
  const branches = Array.from({ length: to - from }, (_, index) => ({
    ...record,
    identification: {
      ...record.identification,
      code: String(from + index).padStart(4, '0'),
      name: `Edition ${String(edition).padStart(4, '0')}`,
    },
  }));
  return { brand: { ...brand, companies: [{ ...brand.companies[0], branches }] } };
}

/** The editions that an answer holds, which must be one. */
function editionOf(answer: Json): number {
  const records: Json[] = answer.data.brand.companies.flatMap(({ branches }: Json) => branches);
  const names = new Set<string>(records.map(({ identification }) => identification.name));
  assert.equal(names.size, 1, `one answer holds ${[...names]}`);
  const edition = Number([...names][0]?.slice('Edition '.length));
  assert.equal(answer.meta.totalRecords, lengthOf(edition));
  return edition;
}

/** Asks without a pause on several connections until stopped, and holds every answer to one edition. */
function askWithoutEnd(holder: Awaited<ReturnType<typeof startDataHolder>>) {
  const random = seededRandom(7);
  const seen = new Set<number>();
  let answers = 0;
  let isStopped = false;

  async function ask(): Promise<void> {
    while (!isStopped) {
      const size = 10 + random.below(90);
      const pages = Math.ceil(lengthOf(0) / size);
      const page = 1 + random.below(pages);
      const encoding = random.pick(['gzip', 'identity']);
      const { status, bytes, headers } = await holder.get(`/${ROUTE}?page=${page}&page-size=${size}`, {
        'accept-encoding': encoding,
      });
      assert.equal(status, 200, bytes.toString());
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      seen.add(editionOf(JSON.parse(body.toString())));
      answers += 1;
    }
  }

  const asking = Promise.all(Array.from({ length: CONNECTIONS }, ask));
  asking.catch(() => {});
  return {
    seen,
    async stop(): Promise<number> {
      isStopped = true;
      await asking;
      return answers;
    },
    /** Resolves when an edition is answered with; a failed answer ends it too. */
    async until(edition: number): Promise<void> {
      const waited = performance.now();
      while (!seen.has(edition)) {
        if (performance.now() - waited > PICKED_UP_MS) throw new Error(`edition ${edition} is not picked up`);
        await Promise.race([setTimeout(10), asking]);
      }
    },
  };
}

const asking: { stop(): Promise<number> }[] = [];
after(() => Promise.allSettled(asking.map((one) => one.stop())));

async function start(folder: string) {
  const holder = await startDataHolder({ folders: [folder] });
  assert.deepEqual(holder.diagnostics, []);
  const requests = askWithoutEnd(holder);
  asking.push(requests);
  return { holder, requests };
}

type Way = (file: string, text: string) => Promise<void>;

async function replace(file: string, text: string): Promise<void> {
  writeFileSync(`${file}.next`, text);
  renameSync(`${file}.next`, file);
}

const rewrite: Way = (file, text) => writeSlowly(file, 'w', text);

/** Without emptying it first: where sizes agree, old and new records stand side by side in valid JSON. */
const overwrite: Way = (file, text) => writeSlowly(file, 'r+', text);

/** The file passes through states that are no edition at all. */
async function writeSlowly(file: string, flags: 'w' | 'r+', text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const target = openSync(file, flags);
  const step = Math.ceil(bytes.length / 6);
  for (let offset = 0; offset < bytes.length; offset += step) {
    writeSync(target, bytes, offset, Math.min(step, bytes.length - offset), offset);
    await setTimeout(4);
  }
  ftruncateSync(target, bytes.length);
  closeSync(target);
}

function brokenTexts(): string[] {
  const wrong = dataset(BROKEN);
  wrong.brand.companies[0].branches[39].identification.type = 'NONE';
  return [JSON.stringify(dataset(BROKEN)).slice(0, -20), JSON.stringify(wrong), ''];
}

test('while a file is replaced in every way, each answer is one edition, whole, and never a broken one', async () => {
  const folder = dataFolder({ [`${ROUTE}.json`]: dataset(0) });
  const file = join(folder, `${ROUTE}.json`);
  const { holder, requests } = await start(folder);
  const random = seededRandom(11);
  const end = performance.now() + CHANGING_MS;
  let edition = 0;
  let changes = 0;
  while (performance.now() < end) {
    // A flurry of changes, a rest that lets the last one in, and a broken file that must not get in.
    for (let burst = 0; burst < 4; burst += 1) {
      const way = random.pick<Way>([replace, rewrite, overwrite]);
      edition += way === overwrite ? 2 : 1;
      await way(file, JSON.stringify(dataset(edition)));
      await setTimeout(random.below(60));
      changes += 1;
    }
    await requests.until(edition);
    await random.pick<Way>([replace, rewrite])(file, random.pick(brokenTexts()));
    await setTimeout(random.below(1000));
  }
  edition += 1;
  writeData(folder, `${ROUTE}.json`, dataset(edition));
  await requests.until(edition);
  const answers = await requests.stop();
  assert.ok(Math.max(...requests.seen) < BROKEN, 'a broken edition was served');
  assert.ok(
    answers > 200 && changes > 10 && requests.seen.size > 3,
    `${answers} answers, ${changes} changes`,
  );
  assert.equal(holder.holder.openData.faults.size, 0);
  assert.deepEqual(holder.logged, []);
});

test('parts behind a link that is swapped are one edition in every answer', async () => {
  const folder = dataFolder();
  const write = (edition: number) => {
    for (const [part, from, to] of [
      ['a', 0, 15],
      ['b', 15, 30],
      ['c', 30, lengthOf(edition)],
    ] as const)
      writeData(folder, `..edition-${edition}/${part}.json`, dataset(edition, from, to));
    symlinkSync(`..edition-${edition}`, join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
  };
  write(0);
  mkdirSync(join(folder, ROUTE, '..'), { recursive: true });
  symlinkSync(join(folder, '..data'), join(folder, ROUTE));
  const { requests } = await start(folder);
  for (let edition = 1; edition <= 7; edition += 1) {
    write(edition);
    if (edition % 3 === 1) await requests.until(edition);
    else await setTimeout(50);
  }
  await requests.stop();
  assert.deepEqual(
    [1, 4, 7].filter((edition) => !requests.seen.has(edition)),
    [],
  );
});
