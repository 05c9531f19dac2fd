import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder, writeBelow } from '../../test/support/temporary-folder.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createFolderFiles, type FileAsked } from './folder-files.ts';

const CPF = '11144477735';
const CNPJ = '11222333000181';
const LIST = '/open-banking/things/v1/things';
const PARTS = `${LIST}/{thingId}/parts/{partId}`;

function request(change: Partial<FileAsked> = {}): FileAsked {
  return {
    operationPath: LIST,
    version: '1.2.0',
    refs: {},
    documents: { cpf: CPF },
    signal: new AbortController().signal,
    ...change,
  };
}

function setUp(files: Readonly<Record<string, unknown>> = {}) {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeBelow(folder, `${name}.json`, content);
  const clock = createVirtualClock(5_000);
  return { folder, clock, contentOf: createFolderFiles({ folder: join(folder, 'customers'), clock }) };
}

const MINE = `customers/${CPF}${LIST}`;

describe('given the files of a customer', () => {
  it('when a list is asked for, then its content is told, bare or under data, and when it was read', async () => {
    for (const content of [[{ a: 1 }], { data: [{ a: 1 }], links: {} }]) {
      const { contentOf } = setUp({ [MINE]: content });
      assert.deepEqual(await contentOf(request()), { data: [{ a: 1 }], asOf: 5_000 });
    }
  });

  it('when a record has a member called data among its own, then the whole of it is the record', async () => {
    const { contentOf } = setUp({ [MINE]: { data: '2026-01-01', amount: '1.00' } });
    const found = await contentOf(request());
    assert.deepEqual(found?.data, { data: '2026-01-01', amount: '1.00' });
  });

  it('when a file says whose it is, then that is told with it', async () => {
    const { contentOf } = setUp({ [MINE]: { owner: 't-1', data: {} } });
    const found = await contentOf(request());
    assert.equal(found?.owner, 't-1');
  });

  it('when a file is for the version of the contract, then it goes before the one for all versions', async () => {
    const { contentOf } = setUp({ [MINE]: [{ of: 'all' }], [`${MINE}@1.0.0`]: [{ of: '1.0.0' }] });
    for (const [version, of] of [
      ['1.0.0', '1.0.0'],
      ['1.2.0', 'all'],
      ['../1.0.0', 'all'],
      [undefined, 'all'],
    ] as const)
      assert.deepEqual((await contentOf(request({ version })))?.data, [{ of }]);
  });

  it('when there is no file, then nothing is told', async () => {
    const { contentOf } = setUp();
    assert.equal(await contentOf(request()), undefined);
    const refs = { thingId: 't-1', partId: 'p-1' };
    assert.equal(await contentOf(request({ operationPath: PARTS, refs })), undefined);
  });

  it('when references are in the path, then the file stands where they say', async () => {
    const { contentOf } = setUp({ [`${MINE}/t-1/parts/p-1`]: { name: 'part' } });
    const refs = { thingId: 't-1', partId: 'p-1' };
    assert.ok(await contentOf(request({ operationPath: PARTS, refs })));
    assert.equal(await contentOf(request({ operationPath: PARTS, refs: { thingId: 't-1' } })), undefined);
  });

  it('when a company is named, then the files are the company’s, and not those of who acts for it', async () => {
    const { contentOf } = setUp({ [MINE]: ['person'], [`customers/${CNPJ}${LIST}`]: ['company'] });
    const found = await contentOf(request({ documents: { cpf: CPF, cnpj: CNPJ } }));
    assert.deepEqual(found?.data, ['company']);
  });

  it('when what is handed out is changed, then it refuses, for the next caller gets the same', async () => {
    const { contentOf } = setUp({ [MINE]: [{ inner: { a: 1 } }] });
    const [one, other] = [await contentOf(request()), await contentOf(request())];
    assert.equal(one?.data, other?.data);
    assert.throws(() => {
      const [record] = (one?.data ?? []) as { inner: object }[];
      Object.assign(record?.inner as object, { a: 2 });
    }, TypeError);
  });

  it('when a file changes, comes or goes, then it counts a second later', async () => {
    const { folder, clock, contentOf } = setUp();
    assert.equal(await contentOf(request()), undefined);
    writeBelow(folder, `${MINE}.json`, [1]);
    await clock.advance(1_000);
    assert.ok(await contentOf(request()));
    writeBelow(folder, `${MINE}.json`, [1, 2]);
    await clock.advance(1_000);
    const found = await contentOf(request());
    assert.deepEqual(found?.data, [1, 2]);
  });

  it('when a file cannot be used, then the call fails and says why, without the customer', async () => {
    const wrong: [unknown, RegExp][] = [
      ['{"name": "Maria",', /not strict JSON/],
      ['{"a": 1, "a": 2}', /not strict JSON/],
      [{ owner: '../x', data: [] }, /owner must match/],
      [`["${'x'.repeat(9_000_000)}"]`, /larger than/],
    ];
    for (const [content, message] of wrong) {
      const { contentOf } = setUp({ [MINE]: content });
      const failure = await contentOf(request()).catch((error: Error) => error);
      assert.ok(failure instanceof Error);
      assert.match(failure.message, message);
      assert.doesNotMatch(failure.message, new RegExp(`Maria|${CPF}`));
    }
  });

  it('when the wait is over, then it is not answered', async () => {
    const { contentOf } = setUp({ [MINE]: [] });
    await assert.rejects(contentOf(request({ signal: AbortSignal.abort() })), /abort/i);
  });
});

describe('given references and documents that somebody made up', () => {
  it('when they lead elsewhere, then nothing is found', async () => {
    const { folder, contentOf } = setUp({ [MINE]: ['mine'] });
    writeBelow(folder, 'secret.json', ['secret']);
    writeBelow(folder, 'customers/secret.json', ['secret']);
    const made = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '../..',
        '../../secret',
        '..\\..',
        '%2e%2e',
        '/etc/passwd',
        '',
        'a/../../b',
        'a\0',
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(made, made, async (document, ref) => {
        const refs = { thingId: ref };
        const elsewhere = await contentOf(
          request({ operationPath: '/{thingId}/secret', refs, documents: { cpf: document } }),
        );
        const above = await contentOf(request({ operationPath: '/{thingId}/{thingId}/secret', refs }));
        const contract = await contentOf(request({ operationPath: '/../../secret' }));
        assert.deepEqual([elsewhere, above, contract], [undefined, undefined, undefined]);
      }),
      { numRuns: 200 },
    );
  });
});
