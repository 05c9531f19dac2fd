import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bodyOf,
  createGadgetReader,
  found,
  idOf,
  readGadgets,
  refusalOf,
  USES,
  type World,
} from '../../test/support/gadget-reader.ts';
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

describe('given a connector that answers pages itself', () => {
  it('when it counts, then the totals are its own, and it is told where the page begins', async () => {
    const { answer, page } = await readNotes(
      { found: found(notes(2, 4), { total: 5 }) },
      { ...TWO_PAGES, page: '2' },
      COUNTED,
    );
    assert.deepEqual(page, { offset: 2, size: 2 });
    const { data, meta, links } = bodyOf(answer);
    assert.equal(data.length, 2);
    assert.deepEqual(meta, { totalRecords: 5, totalPages: 3 });
    assert.deepEqual(Object.keys(links), ['self', 'first', 'prev', 'next', 'last']);
  });

  it('when it goes on by cursors, then each link on brings back its own, and the last page has none', async () => {
    const pages = new Map<string | undefined, [number, number, string | null]>([
      [undefined, [0, 2, 'after 2']],
      ['after 2', [2, 4, 'after 4']],
      ['after 4', [4, 5, null]],
    ]);
    const reader = createGadgetReader({
      found: (request) => {
        const [from, to, cursor] = pages.get(request.page?.cursor) ?? assert.fail('unknown cursor');
        return found(notes(from, to), { cursor });
      },
    });
    const seen: string[] = [];
    let answer = (await reader.read(NOTES, { path, query: TWO_PAGES })).answer;
    for (;;) {
      const { data, links, meta } = bodyOf(answer);
      seen.push(...data.map(({ text }: { text: string }) => text));
      assert.deepEqual(Object.keys(meta), ['requestDateTime']);
      assert.equal(links.last, undefined);
      if (!links.next) break;
      assert.doesNotMatch(Buffer.from(keyOf(links.next), 'base64url').toString('latin1'), /after/);
      answer = (await reader.follow(NOTES, path, links.next)).answer;
    }
    assert.deepEqual(seen, ['0', '1', '2', '3', '4']);
  });

  it('when it has totals and cursors, then there are totals, and more as long as there are cursors', async () => {
    const { answer } = await readNotes(
      { found: found(notes(0, 2), { total: 2, cursor: 'on' }) },
      TWO_PAGES,
      COUNTED,
    );
    assert.ok(bodyOf(answer).links.next);
    assert.equal(bodyOf(answer).meta.totalRecords, 2);
  });

  it('when nobody counts what the contract wants counted, then it cannot be served', async () => {
    const { answer, told } = await readNotes(
      { found: found(notes(0, 2), { cursor: 'on' }) },
      TWO_PAGES,
      COUNTED,
    );
    assert.deepEqual(refusalOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
    assert.equal(told.validation?.reason, 'required: totalRecords');
  });

  it('when a page is none, then it is not served', async () => {
    for (const [data, more, reason] of [
      [notes(0, 3), { cursor: 'on' }, 'size of the page'],
      [notes(0, 2), { total: -1 }, 'total of the page'],
      [notes(0, 2), { total: 1.5 }, 'total of the page'],
      [notes(0, 2), { cursor: '' }, 'cursor of the page'],
      [notes(0, 2), { cursor: 'x'.repeat(513) }, 'cursor of the page'],
      [notes(0, 2), { cursor: 'ação' }, 'cursor of the page'],
    ] as const) {
      const { answer, told } = await readNotes({ found: found(data, more) }, TWO_PAGES);
      assert.deepEqual(
        [...refusalOf(answer), told.validation?.reason],
        [500, 'DADOS_FORA_DO_CONTRATO', reason],
      );
    }
  });

  it('when a record of it breaks the contract, then the page is without it', async () => {
    const data = [{ text: 'good' }, { text: '' }];
    const { answer, told } = await readNotes({ found: found(data, { total: 9 }) }, TWO_PAGES, COUNTED);
    assert.deepEqual(bodyOf(answer).data, [{ text: 'good' }]);
    assert.equal(bodyOf(answer).meta.totalRecords, 9);
    assert.equal(told.validation?.broken, 1);
  });

  it('when it has filtered already, then guiche does not filter again', async () => {
    const data = [{ useDateTime: '2026-03-01T00:30:00Z', direction: 'OUT' }];
    const query = { useWay: 'IN', fromUseDate: '2026-03-02' };
    const count = async (more: object) =>
      bodyOf((await readGadgets(USES, { path, query, found: found(data, more) })).answer).data.length;
    assert.deepEqual([await count({ total: 1 }), await count({})], [1, 0]);
  });

  it('when the list is of resources, then it is asked for whole, and a page of it is not taken for it', async () => {
    const two = [
      { gadgetKey: 'g-1', name: 'One' },
      { gadgetKey: 'g-9', name: 'Not shared' },
    ];
    const list = (more: object) => readGadgets('/gadgets', { query: TWO_PAGES, found: found(two, more) });
    const { answer, requests } = await list({ total: 2, cursor: null });
    assert.equal(requests[0]?.page, undefined);
    assert.equal(bodyOf(answer).meta.totalRecords, 1);
    for (const more of [{ total: 3 }, { cursor: 'on' }])
      assert.deepEqual(refusalOf((await list(more)).answer), [500, 'DADOS_FORA_DO_CONTRATO']);
  });
});
