import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder, writeBelow } from '../../test/support/temporary-folder.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { DataRequest } from './data-connector.ts';
import { createFolderData } from './folder-data.ts';

const CPF = '11144477735';
const CNPJ = '11222333000181';
const LIST = '/open-banking/things/v1/things';
const PARTS = `${LIST}/{thingId}/parts/{partId}`;

function request(change: Partial<DataRequest> = {}): DataRequest {
  return {
    ecosystem: 'open-finance',
    api: 'things',
    version: '1.0.0',
    operationPath: LIST,
    refs: {},
    documents: { cpf: CPF },
    permissions: [],
    interactionId: undefined,
    deadline: 0,
    signal: new AbortController().signal,
    query: {},
    ...change,
  };
}

function setUp(files: Readonly<Record<string, unknown>> = {}) {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeBelow(folder, `${name}.json`, content);
  const clock = createVirtualClock(5_000);
  return { folder, clock, data: createFolderData({ folder: join(folder, 'customers'), clock }) };
}

const MINE = `customers/${CPF}${LIST}`;

describe('given the files of a customer', () => {
  it('when a list is asked for, then its content is told, bare or under data, and when it was read', async () => {
    for (const content of [[{ a: 1 }], { data: [{ a: 1 }], links: {} }]) {
      const { data } = setUp({ [MINE]: content });
      assert.deepEqual(await data.list(request()), { status: 'ok', data: [{ a: 1 }], asOf: 5_000 });
    }
  });

  it('when a record has a member called data among its own, then the whole of it is the record', async () => {
    const { data } = setUp({ [MINE]: { data: '2026-01-01', amount: '1.00' } });
    const found = await data.get(request());
    assert.deepEqual(found.status === 'ok' && found.data, { data: '2026-01-01', amount: '1.00' });
  });

  it('when a file says whose it is, then that is told with it', async () => {
    const { data } = setUp({ [MINE]: { owner: 't-1', data: {} } });
    const found = await data.get(request());
    assert.equal(found.status === 'ok' && found.owner, 't-1');
  });

  it('when there is no file, then lists are empty, and records and lists below unknown things are not found', async () => {
    const { data } = setUp();
    assert.deepEqual(await data.list(request()), { status: 'empty' });
    assert.deepEqual(await data.get(request()), { status: 'notFound' });
    const refs = { thingId: 't-1', partId: 'p-1' };
    assert.deepEqual(await data.list(request({ operationPath: PARTS, refs })), { status: 'notFound' });
  });

  it('when references are in the path, then the file stands where they say', async () => {
    const { data } = setUp({ [`${MINE}/t-1/parts/p-1`]: { name: 'part' } });
    const refs = { thingId: 't-1', partId: 'p-1' };
    assert.equal((await data.get(request({ operationPath: PARTS, refs }))).status, 'ok');
    assert.equal(
      (await data.get(request({ operationPath: PARTS, refs: { thingId: 't-1' } }))).status,
      'notFound',
    );
  });

  it('when a company is named, then the files are the company’s, and not those of who acts for it', async () => {
    const { data } = setUp({ [MINE]: ['person'], [`customers/${CNPJ}${LIST}`]: ['company'] });
    const found = await data.list(request({ documents: { cpf: CPF, cnpj: CNPJ } }));
    assert.deepEqual(found.status === 'ok' && found.data, ['company']);
  });

  it('when what is handed out is changed, then it refuses, for the next caller gets the same', async () => {
    const { data } = setUp({ [MINE]: [{ inner: { a: 1 } }] });
    const [one, other] = [await data.list(request()), await data.list(request())];
    assert.ok(one.status === 'ok' && other.status === 'ok' && one.data === other.data);
    assert.throws(() => {
      Object.assign((one.data as { inner: object }[])[0]?.inner as object, { a: 2 });
    }, TypeError);
  });

  it('when a file changes, comes or goes, then it counts a second later', async () => {
    const { folder, clock, data } = setUp();
    assert.equal((await data.list(request())).status, 'empty');
    writeBelow(folder, `${MINE}.json`, [1]);
    await clock.advance(1_000);
    assert.equal((await data.list(request())).status, 'ok');
    writeBelow(folder, `${MINE}.json`, [1, 2]);
    await clock.advance(1_000);
    const found = await data.list(request());
    assert.deepEqual(found.status === 'ok' && found.data, [1, 2]);
  });

  it('when a file cannot be used, then the call fails and says why, without the customer', async () => {
    const wrong: [unknown, RegExp][] = [
      ['{"name": "Maria",', /not strict JSON/],
      ['{"a": 1, "a": 2}', /not strict JSON/],
      [{ owner: '../x', data: [] }, /owner must match/],
      [`["${'x'.repeat(9_000_000)}"]`, /larger than/],
    ];
    for (const [content, message] of wrong) {
      const { data } = setUp({ [MINE]: content });
      const failure = await data.list(request()).catch((error: Error) => error);
      assert.ok(failure instanceof Error);
      assert.match(failure.message, message);
      assert.doesNotMatch(failure.message, new RegExp(`Maria|${CPF}`));
    }
  });

  it('when the wait is over, then it is not answered', async () => {
    const { data } = setUp({ [MINE]: [] });
    await assert.rejects(data.list(request({ signal: AbortSignal.abort() })), /abort/i);
  });
});

describe('given references and documents that somebody made up', () => {
  it('when they lead elsewhere, then nothing is found', async () => {
    const { folder, data } = setUp({ [MINE]: ['mine'] });
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
        const elsewhere = await data.get(
          request({ operationPath: '/{thingId}/secret', refs, documents: { cpf: document } }),
        );
        const above = await data.get(request({ operationPath: '/{thingId}/{thingId}/secret', refs }));
        const contract = await data.get(request({ operationPath: '/../../secret' }));
        assert.deepEqual(
          [elsewhere.status, above.status, contract.status],
          ['notFound', 'notFound', 'notFound'],
        );
      }),
      { numRuns: 200 },
    );
  });
});
