import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { followLinks } from '../support/follow-links.ts';
import { madeUpContract, madeUpData, THINGS, thingsOf } from '../support/made-up-contract.ts';
import type { Json } from '../support/send-request.ts';
import { startDataHolder } from '../support/start-data-holder.ts';
import { temporaryFolder, writeBelow } from '../support/temporary-folder.ts';

const RUNS = 40;

/** Any object a file can hold, as reading it back gives it; side attributes are another scenario's. */
const thing = fc
  .dictionary(
    fc.string({ maxLength: 8 }).filter((name) => !name.startsWith('x-') && name !== '__proto__'),
    fc.jsonValue({ maxDepth: 2 }).map(withoutSpecialNames),
    { maxKeys: 4 },
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const companies = fc.array(fc.array(thing, { maxLength: 9 }), { maxLength: 4 });

for (const root of ['flat', 'grouped', 'nested', 'root-array', 'root-envelopes'] as const) {
  describe(`given any ${root} data and any page size`, async () => {
    const folder = temporaryFolder();
    const { get, holder } = await startDataHolder({
      contracts: [madeUpContract({ root, thing: { type: 'object' } })],
      folders: [folder],
    });

    it('when it is read page by page, then the pages put together are the data, there and back', async () => {
      await fc.assert(
        fc.asyncProperty(companies, fc.integer({ min: 1, max: 40 }), async (data, size) => {
          writeBelow(folder, `${THINGS}.json`, madeUpData(root, data));
          assert.deepEqual(await holder.openData.load(), []);
          const things = data.flat();
          const count = Math.max(Math.ceil(things.length / size), 1);

          const first = `/${THINGS}?page-size=${size}`;
          const pages =
            root === 'root-array' ? await readByNumber(get, first, count) : await followLinks({ get }, first);
          assert.equal(pages.length, count);
          assert.deepEqual(
            pages.flatMap(({ answer }) => thingsOf(root, answer)),
            things,
          );
          for (const { answer } of pages.slice(0, -1)) assert.equal(thingsOf(root, answer).length, size);

          const back = await followLinks({ get }, `${first}&page=${count}`, 'prev');
          if (root === 'root-array' || things.length === 0) return;
          const there = pages.slice(1).map(({ answer }) => answer);
          assert.deepEqual(
            back
              .map(({ answer }) => answer)
              .reverse()
              .slice(1),
            there,
          );
          assert.deepEqual(thingsOf(root, back.at(-1)?.answer), thingsOf(root, pages[0]?.answer));
        }),
        { numRuns: RUNS },
      );
    });
  });
}

async function readByNumber(
  get: (path: string) => Promise<{ json: () => Json }>,
  path: string,
  count: number,
) {
  const pages = [];
  for (let page = 1; page <= count; page += 1)
    pages.push({ answer: (await get(`${path}&page=${page}`)).json() });
  return pages;
}

/** Names with a meaning of their own: side attributes, and the one that a literal cannot hold. */
function withoutSpecialNames(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), function (name, member) {
    if (Array.isArray(this) || (!name.startsWith('x-') && name !== '__proto__')) return member;
    return undefined;
  });
}
