import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bodyOf,
  createGadgetReader,
  found,
  idOf,
  readGadgets,
  refusalOf,
  type World,
} from '../../test/support/gadget-reader.ts';
import type { Json as Data } from '../connectors/connector.ts';
import type { Call } from '../contract/call.ts';

const path = { gadgetKey: idOf('g-1') };
/** Its meta has no totals. */
const NOTES = '/{gadgetKey}/notes';
/** Its meta must have them. */
const COUNTED = '/{gadgetKey}/counted-notes';
const notes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => ({ text: `${from + at}` }));
const TWO_PAGES = { 'page-size': '2' };

function keyOf(link: string): string {
  return new URL(link).searchParams.get('pagination-key') ?? '';
}

async function readNotes(world: World, query: Call['query'], end = NOTES) {
  const { answer, requests, notes: told } = await readGadgets(end, { ...world, path, query });
  return { answer, page: 'page' in (requests[0] ?? {}) ? requests[0]?.page : undefined, told };
}

describe('given an operation whose contract has keys of paging', () => {
  it('when there is more than one page, then every link carries one, and otherwise none does', async () => {
    const { answer } = await readNotes({ found: found(notes(0, 5)) }, { ...TWO_PAGES, page: '2' });
    const { links } = bodyOf(answer);
    assert.deepEqual(Object.keys(links), ['self', 'first', 'prev', 'next', 'last']);
    for (const link of Object.values<string>(links)) assert.match(keyOf(link), /^[\w-]{46,}$/);
    const single = bodyOf((await readNotes({ found: found(notes(0, 2)) }, TWO_PAGES)).answer);
    assert.equal(keyOf(single.links.self), '');
  });

  it('when a key was not given out for this call, then it is refused', async () => {
    const reader = createGadgetReader({ found: found(notes(0, 5)) });
    const { links } = bodyOf((await reader.read(NOTES, { path, query: TWO_PAGES })).answer);
    const refused = [400, 'PARAMETRO_INVALIDO'];
    const query = (key: string) => ({ ...TWO_PAGES, page: '2', 'pagination-key': key });
    for (const key of ['made-up', 'a'.repeat(80), `${keyOf(links.next).slice(0, -2)}AA`])
      assert.deepEqual(
        refusalOf((await reader.read(NOTES, { path, query: query(key) })).answer),
        refused,
        key,
      );
    const given = query(keyOf(links.next));
    assert.deepEqual(refusalOf((await reader.read(COUNTED, { path, query: given })).answer), refused);
    const elsewhere = { gadgetKey: idOf('g-2') };
    assert.deepEqual(
      refusalOf((await reader.read(NOTES, { path: elsewhere, query: given })).answer),
      refused,
    );
    const other = createGadgetReader({ consent: { id: 'urn:made-up:2' }, found: found(notes(0, 5)) });
    assert.deepEqual(refusalOf((await other.read(NOTES, { path, query: given })).answer), refused);
    assert.equal((await reader.read(NOTES, { path, query: given })).answer.kind, 'json');
  });

  it('when its time is over, or the page is another, then the page is the one of its number', async () => {
    const reader = createGadgetReader({ found: found(notes(0, 9)) });
    const { links } = bodyOf((await reader.read(NOTES, { path, query: TWO_PAGES })).answer);
    reader.state.found = found(notes(-1, 9));
    const texts = async (page: string) => {
      const query = { ...TWO_PAGES, page, 'pagination-key': keyOf(links.next) };
      return bodyOf((await reader.read(NOTES, { path, query })).answer).data.map(
        ({ text }: { text: string }) => text,
      );
    };
    assert.deepEqual(await texts('2'), ['2', '3']);
    assert.deepEqual(await texts('3'), ['3', '4']);
    reader.clock.advance(3_600_000);
    assert.deepEqual(await texts('2'), ['1', '2']);
  });

  it('when data changes between pages, then what was there throughout is told exactly once', async () => {
    const change = fc.record({
      front: fc.nat(6),
      back: fc.nat(6),
      removed: fc.uniqueArray(fc.nat(30), { maxLength: 3 }),
    });
    const run = fc.record({
      size: fc.integer({ min: 1, max: 7 }),
      count: fc.integer({ min: 0, max: 31 }),
      changes: fc.array(change, { maxLength: 40 }),
      isFrozen: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ size, count, changes, isFrozen }) => {
        let list: readonly Data[] = notes(0, count);
        let made = 1000;
        const gone = new Set<string>();
        const hand = () =>
          found(
            isFrozen
              ? Object.freeze(list.map((each) => Object.freeze({ ...(each as object) }) as Data))
              : list,
          );
        const reader = createGadgetReader({ found: hand });
        const seen: string[] = [];
        let answer = (await reader.read(NOTES, { path, query: { 'page-size': String(size) } })).answer;
        for (let step = 0; step < 200; step += 1) {
          const { data, links } = bodyOf(answer);
          seen.push(...data.map(({ text }: { text: string }) => text));
          if (!links.next) break;
          const { front, back, removed } = changes[step] ?? { front: 0, back: 0, removed: [] };
          for (const text of removed) gone.add(String(text));
          list = [
            ...notes(made, made + front),
            ...list.filter((each) => !gone.has((each as { text: string }).text)),
            ...notes(made + front, made + front + back),
          ];
          made += front + back;
          answer = (await reader.follow(NOTES, path, links.next)).answer;
        }
        const stayed = notes(0, count)
          .map(({ text }) => text)
          .filter((text) => !gone.has(text));
        assert.deepEqual(
          seen.filter((text) => Number(text) < 1000 && !gone.has(text)),
          stayed,
        );
        assert.equal(new Set(seen).size, seen.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('given a page that is none', () => {
  it('when it is asked for, then the connector is not', async () => {
    for (const query of [{ page: '0' }, { page: 'x' }, { 'page-size': '1001' }]) {
      const { answer, requests } = await readGadgets(NOTES, { path, query });
      assert.deepEqual([answer.kind, requests.length], ['problem', 0]);
    }
  });

  it('when the holder has a cap of its own, then the connector is asked for no more', async () => {
    const { page } = await readNotes({ maxPageSize: 3 }, { 'page-size': '100', page: '2' });
    assert.deepEqual(page, { offset: 3, size: 3 });
  });
});
