import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  type DirectoryStore,
  MAX_TOKENS_PER_CLIENT,
  type RecordDraft,
  type StoredToken,
} from '../../src/directory/api/directory-store.ts';

let count = 0;

function draft(change: Partial<RecordDraft> = {}): RecordDraft {
  count += 1;
  return {
    kind: 'contact',
    parents: ['organisation-1'],
    id: `id-${count}`,
    body: { Name: 'Nome' },
    unique: undefined,
    createdAt: 1_800_000_000_000,
    updatedAt: 1_800_000_000_000,
    ...change,
  };
}

function token(change: Partial<StoredToken> = {}): StoredToken {
  count += 1;
  return {
    hash: `hash-${count}`,
    clientId: 'client-1',
    thumbprint: 'thumbprint',
    scopes: ['directory:software'],
    issuedAt: 1_800_000_000_000 + count,
    expiresAt: 1_800_000_600_000 + count,
    ...change,
  };
}

/** The promises of a directory store; each implementation is held to them. */
export function describeDirectoryStore(create: () => Promise<DirectoryStore>): void {
  let store: DirectoryStore;
  beforeEach(async () => {
    store = await create();
  });

  const put = (record: RecordDraft, expected = 0) => store.write([{ put: record, expected }]);
  const ids = async (...kinds: string[]) => (await store.list({ kinds })).map(({ id }) => id);

  describe('given records', () => {
    it('when one is put, then it is read back with its first revision', async () => {
      const record = draft({ body: { Name: 'Ação', Tags: ['a', 'b'], Deep: { Number: 1.5, Flag: true } } });
      assert.equal(await put(record), 'written');
      assert.deepEqual(await store.read(record), { ...record, revision: 1 });
      assert.equal(await store.read({ ...record, parents: [] }), undefined);
      assert.equal(await store.read({ ...record, kind: 'other' }), undefined);
    });

    it('when one is put over another that is new too, then the first stays', async () => {
      const record = draft();
      await put(record);
      assert.equal(await put({ ...record, body: { Name: 'Outro' } }), 'taken');
      assert.deepEqual((await store.read(record))?.body, { Name: 'Nome' });
    });

    it('when one is changed from its revision, then it has the next; from any other, nothing changes', async () => {
      const record = draft();
      await put(record);
      assert.equal(await put({ ...record, body: { Name: 'B' }, createdAt: 5, updatedAt: 6 }, 1), 'written');
      assert.equal(await put({ ...record, body: { Name: 'C' } }, 1), 'changed-meanwhile');
      assert.equal(await put({ ...draft(), body: {} }, 3), 'changed-meanwhile');
      const expected = { ...record, body: { Name: 'B' }, updatedAt: 6, revision: 2 };
      assert.deepEqual(await store.read(record), expected);
    });

    it('when one is removed, then its key is free again', async () => {
      const record = draft();
      await put(record);
      assert.equal(await store.write([{ remove: record, expected: 7 }]), 'changed-meanwhile');
      assert.equal(await store.write([{ remove: record, expected: 1 }]), 'written');
      assert.equal(await store.read(record), undefined);
      assert.equal(await put(record), 'written');
    });

    it('when two of a kind have the same unique value, then the second is not kept', async () => {
      const first = draft({ unique: 'u' });
      await put(first);
      assert.equal(await put(draft({ unique: 'u', parents: ['elsewhere'] })), 'taken');
      assert.equal(await put(draft({ unique: 'u', kind: 'other' })), 'written');
      assert.equal(await put(draft()), 'written');
      const other = draft({ unique: 'v' });
      await put(other);
      assert.equal(await put({ ...other, unique: 'u' }, 1), 'taken');
      assert.equal(await put({ ...first, unique: undefined }, 1), 'written');
      assert.equal(await put({ ...other, unique: 'u' }, 1), 'written');
    });

    it('when one change of a write cannot be made, then none is', async () => {
      const [one, two] = [draft(), draft()];
      await put(one);
      const changes = [
        { put: two, expected: 0 },
        { put: one, expected: 9 },
      ];
      assert.equal(await store.write(changes), 'changed-meanwhile');
      assert.equal(await store.read(two), undefined);
    });

    it('when what a write needs is gone or has changed, then nothing is written', async () => {
      const [parent, child] = [draft(), draft()];
      const write = (revision?: number) =>
        store.write(
          [{ put: child, expected: 0 }],
          [
            {
              kind: parent.kind,
              parents: parent.parents,
              id: parent.id,
              ...(revision !== undefined && { revision }),
            },
          ],
        );
      assert.equal(await write(), 'missing');
      await put(parent);
      assert.equal(await write(2), 'changed-meanwhile');
      assert.equal(await store.read(child), undefined);
      assert.equal(await write(1), 'written');
    });

    it('when something is written, then the generation grows; when nothing is, it does not', async () => {
      const before = await store.generation();
      const record = draft();
      await put(record);
      const after = await store.generation();
      assert.ok(after > before);
      await put(record);
      assert.equal(await store.generation(), after);
    });

    it('when many change one at the same time, then one of them does', async () => {
      const record = draft();
      await put(record);
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map((number) => put({ ...record, body: { Name: `${number}` } }, 1)),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'written').length, 1);
      assert.equal((await store.read(record))?.revision, 2);
    });
  });

  describe('given lists', () => {
    beforeEach(async () => {
      for (const [id, parents, kind, body] of [
        ['c', ['o1'], 'contact', { Name: 'Zé', Status: 'Active' }],
        ['a', ['o1'], 'contact', { Name: 'ana', Status: 'Inactive' }],
        ['b', ['o2'], 'contact', { Name: 'Ana', Status: 'Active' }],
        ['d', ['o1', 's1'], 'claim', { Status: 'Active', Number: 7 }],
        ['e', ['o1', 's2'], 'claim', { Status: 'Active' }],
      ] as const)
        await put(draft({ id, parents, kind, body }));
    });
    const found = async (filter: Parameters<DirectoryStore['list']>[0]) =>
      (await store.list(filter)).map(({ id }) => id).join('');

    it('when kinds, parents, members, texts or ids are asked for, then no other records are listed', async () => {
      assert.equal(await found({ kinds: ['contact', 'claim'] }), 'cabde');
      assert.equal(await found({ kinds: ['contact'], under: ['o1'] }), 'ca');
      assert.equal(await found({ kinds: ['contact', 'claim'], under: ['o1', 's1'] }), 'd');
      assert.equal(await found({ kinds: ['claim'], under: ['s1'] }), '');
      assert.equal(await found({ kinds: ['contact'], where: { Status: 'Active' } }), 'cb');
      assert.equal(await found({ kinds: ['claim'], where: { Number: '7' } }), 'd');
      assert.equal(await found({ kinds: ['claim'], where: { Missing: 'undefined' } }), '');
      assert.equal(
        await found({ kinds: ['contact'], like: { members: ['Status', 'Name'], text: 'AN' } }),
        'ab',
      );
      assert.equal(await found({ kinds: ['contact'], like: { members: ['Name'], text: '%' } }), '');
      assert.equal(await found({ kinds: ['contact'], ids: ['b', 'x'] }), 'b');
      assert.equal(await found({ kinds: ['contact'], ids: [] }), '');
      assert.equal(await found({ kinds: [] }), '');
    });

    it('when a record is changed, then it keeps its place in the order of creation', async () => {
      const record = await store.read({ kind: 'contact', parents: ['o1'], id: 'c' });
      assert.ok(record);
      await put(record, record.revision);
      assert.deepEqual(await ids('contact'), ['c', 'a', 'b']);
    });

    it('when a page is asked for, then it has its part of the order and the number of all', async () => {
      const sort = [{ member: 'Name', descending: false }];
      const page = async (query: object) => {
        const answer = await store.page({ kinds: ['contact'], sort: [], offset: 0, limit: 10, ...query });
        return [answer.records.map(({ id }) => id).join(''), answer.total];
      };
      assert.deepEqual(await page({}), ['cab', 3]);
      assert.deepEqual(await page({ offset: 1, limit: 1 }), ['a', 3]);
      assert.deepEqual(await page({ offset: 3 }), ['', 3]);
      assert.deepEqual(await page({ sort }), ['bca', 3]);
      assert.deepEqual(await page({ sort: [{ member: 'Name', descending: true }] }), ['acb', 3]);
      assert.deepEqual(await page({ sort: [{ member: "Na'me", descending: true }] }), ['cab', 3]);
      assert.deepEqual(await page({ where: { Status: 'Active' }, limit: 1 }), ['c', 2]);
      assert.deepEqual(await page({ kinds: ['nothing'] }), ['', 0]);
    });
  });

  describe('given tokens', () => {
    it('when one is kept, then it is found by its digest alone', async () => {
      const kept = token();
      await store.addToken(kept);
      assert.deepEqual(await store.findToken(kept.hash), kept);
      assert.equal(await store.findToken('another'), undefined);
    });

    it('when one is added, then those that have ended by then are forgotten', async () => {
      const ended = token({ expiresAt: 10 });
      await store.addToken({ ...ended, issuedAt: 1 });
      assert.ok(await store.findToken(ended.hash));
      await store.addToken(token({ clientId: 'another' }));
      assert.equal(await store.findToken(ended.hash), undefined);
    });

    it('when a client has too many, then its oldest goes and other clients keep theirs', async () => {
      const other = token({ clientId: 'other' });
      await store.addToken(other);
      const own = Array.from({ length: MAX_TOKENS_PER_CLIENT + 1 }, () => token());
      for (const each of own) await store.addToken(each);
      assert.equal(await store.findToken(own[0]?.hash as string), undefined);
      assert.ok(await store.findToken(own[1]?.hash as string));
      assert.ok(await store.findToken(other.hash));
    });
  });
}
