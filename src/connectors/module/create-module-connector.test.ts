import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder, writeBelow } from '../../../test/support/temporary-folder.ts';
import { createVirtualClock } from '../../kernel/clock.ts';
import type { Asking, Connector, DataRequest, RecordRequest } from '../connector.ts';
import { createModuleConnector } from './create-module-connector.ts';

const CPF = '11144477735';
const clock = createVirtualClock(5_000);

function asking(change: Partial<Asking> = {}): Asking {
  return {
    brand: 'Banco',
    ecosystem: 'open-finance',
    api: undefined,
    version: undefined,
    permissions: [],
    interactionId: undefined,
    deadline: 60_000,
    signal: AbortSignal.timeout(10_000),
    ...change,
  };
}

function request(change: Partial<RecordRequest> = {}): RecordRequest {
  return {
    ...asking(),
    operationPath: '/a/things/v1/things',
    types: [],
    refs: {},
    documents: { cpf: CPF },
    shape: 'list',
    query: {},
    page: undefined,
    type: undefined,
    ref: '',
    ...change,
  } satisfies DataRequest as RecordRequest;
}

const CORRECT = `{
  capabilities: () => ({ apis: undefined, authenticates: false }),
  health: async () => ({ isUp: true }),
  customer: async () => ({ status: 'notFound' }),
  discover: async () => ({ status: 'empty' }),
  list: async () => ({ status: 'ok', data: [1], asOf: 1, owner: '1' }),
  get: async () => ({ status: 'notFound' }),
  children: async () => ({ status: 'notFound' }),
}`;

/** A connector with these members in place of the correct ones. */
function withMembers(members: string): string {
  return `export default () => ({ ...${CORRECT}, ${members} });`;
}

async function open(text: string, name = 'core.ts', patienceMs = 10_000): Promise<Connector> {
  const file = writeBelow(temporaryFolder(), name, text);
  return createModuleConnector({ file, clock, patienceMs, settings: { table: 'contracts' } });
}

async function failure(doing: Promise<unknown>): Promise<Error> {
  const error = await doing.then(
    () => assert.fail('it did not reject'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, String(error));
  return error;
}

describe('given an operator’s module', () => {
  it('when it is TypeScript, then it is run as it is, with its settings, clock and folder', async () => {
    const folder = temporaryFolder();
    const file = writeBelow(
      folder,
      'core.connector.ts',
      `interface Context { settings: Record<string, string>; clock: { now(): number }; folder: string }
       export default async ({ settings, clock, folder }: Context) => ({
         ...${CORRECT},
         list: async ({ documents }) => ({
           status: 'ok', data: [settings.table, folder], asOf: clock.now(), owner: documents.cpf,
         }),
       });`,
    );
    const connector = await createModuleConnector({ file, clock, settings: { table: 'contracts' } });
    assert.deepEqual(await connector.list(request()), {
      status: 'ok',
      data: ['contracts', folder],
      asOf: 5_000,
      owner: CPF,
    });
  });

  it('when it keeps to the port, then its answers are handed on, and its methods keep their this', async () => {
    const connector = await open(
      `class Core {
         up = true;
         capabilities() { return { apis: ['things'], authenticates: true }; }
         async health() { return { isUp: this.up, reason: 'all well' }; }
         async customer() { return { status: 'ok', data: { id: '1', name: 'Ana', cpf: '${CPF}', companies: [] }, asOf: 1 }; }
         async authenticate(login, password) { return { status: this.up && password === 'p' ? 'notReady' : 'notFound' }; }
         async discover() { return { status: 'ok', data: [], asOf: 1 }; }
         async list() { return { status: 'empty' }; }
         async get({ ref }) { return { status: 'ok', data: { ref }, asOf: 1, owner: ref }; }
         async children() { return { status: 'refused' }; }
         async close() { this.up = false; }
       }
       export default () => new Core();`,
      'core.mjs',
    );
    assert.deepEqual(await connector.capabilities(), { apis: ['things'], authenticates: true });
    assert.deepEqual(await connector.health(asking().signal), { isUp: true, reason: 'all well' });
    assert.equal((await connector.customer({ cpf: CPF }, asking())).status, 'ok');
    assert.equal((await connector.authenticate?.('a', 'p', asking()))?.status, 'notReady');
    assert.equal((await connector.discover({ cpf: CPF }, ['THING'], asking())).status, 'ok');
    assert.equal((await connector.list(request())).status, 'empty');
    assert.deepEqual(await connector.get(request({ ref: 'r' })), {
      status: 'ok',
      data: { ref: 'r' },
      asOf: 1,
      owner: 'r',
    });
    assert.equal((await connector.children({ ...request(), name: 'parts' })).status, 'refused');
    await connector.close?.();
    assert.equal((await connector.health(asking().signal)).isUp, false);
  });

  it('when it is the example, then it answers for its customer', async () => {
    const file = join(import.meta.dirname, '../../../examples/connectors/insurer.connector.ts');
    const connector = await createModuleConnector({ file, clock });
    const found = await connector.customer({ cpf: '53807142690' }, asking());
    assert.equal(found.status === 'ok' && found.data.id, 'p-7d20');
    assert.deepEqual(await connector.customer({ cpf: '00000000000' }, asking()), { status: 'notFound' });
    const resources = await connector.discover({ cpf: '53807142690' }, ['FINANCIAL_ASSISTANCE'], asking());
    assert.deepEqual(resources.status === 'ok' && resources.data.map(({ ref }) => ref), ['AF-61005']);
    const path = '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance';
    const list = await connector.list(request({ operationPath: `${path}/contracts` }));
    assert.equal(list.status, 'empty');
    const movements = {
      ...request({
        operationPath: `${path}/{contractId}/movements`,
        refs: { contractId: 'AF-61005' },
        ref: 'AF-61005',
        documents: { cpf: '53807142690' },
        page: { offset: 1, size: 1 },
      }),
      name: 'movements',
    };
    const page = await connector.children(movements);
    assert.ok(page.status === 'ok' && page.total === 2 && Array.isArray(page.data) && page.data.length === 1);
    assert.equal((await connector.children({ ...movements, documents: { cpf: CPF } })).status, 'notFound');
  });
});

describe('given a module that is no connector', () => {
  it('when it cannot be used, then the start says why, and in which file', async () => {
    const wrong: [string, RegExp][] = [
      ['export const a = 1;', /core\.ts: its default export must be a function/],
      ['export default { list() {} };', /its default export must be a function/],
      ['export default (', /core\.ts: it cannot be loaded: /],
      ['import "./absent.ts";', /it cannot be loaded: /],
      ['throw new Error("no licence");', /it cannot be loaded: no licence/],
      [
        'export default () => { throw new Error("no settings"); };',
        /making the connector failed: no settings/,
      ],
      ['export default async () => null;', /what it made is not a connector but null/],
      [
        'export default () => ({ list() {}, get: 1 });',
        /lacks capabilities, health, customer, discover, get, children/,
      ],
      [withMembers('authenticate: true'), /authenticate of the connector must be a method/],
    ];
    for (const [text, message] of wrong) assert.match((await failure(open(text))).message, message);
    const absent = createModuleConnector({ file: '/absent/core.ts', clock });
    assert.match((await failure(absent)).message, /^\/absent\/core\.ts: no such file/);
  });

  it('when it never ends loading or making, then the start does not wait for ever', async () => {
    for (const text of [
      'await new Promise(() => setInterval(() => {}, 1e6).unref());',
      'export default () => new Promise(() => {});',
    ])
      assert.match((await failure(open(text, 'slow.mjs', 200))).message, /made no connector within 200 ms/);
  });
});

describe('given a module that does not keep to the port', () => {
  it('when it answers with another form, then the answer is refused and nothing of it repeated', async () => {
    const connector = await open(
      withMembers(`
        capabilities: () => ({ authenticates: true }),
        health: async () => 'fine',
        customer: async () => ({ status: 'ok', data: { id: '1', name: 'Maria', cpf: 'Maria', companies: [] }, asOf: 1 }),
        discover: async () => [{ ref: 'Maria' }],
        list: async () => ({ status: 'ok', data: [new Date()], asOf: 1 }),
        get: async () => undefined,
        children: async () => ({ status: 'ok', data: 1n, asOf: 1 }),`),
    );
    const refused: [Promise<unknown>, string][] = [
      [Promise.resolve(connector.capabilities()), '/authenticates must be false where there is no method'],
      [connector.health(asking().signal), '/isUp must be'],
      [connector.customer({ id: '1' }, asking()), '/data/cpf must be'],
      [connector.discover({ cpf: CPF }, ['THING'], asking()), '/ must be an object'],
      [connector.list(request()), '/data/0 must be'],
      [connector.get(request()), '/ must be an object'],
      [connector.children({ ...request(), name: 'parts' }), '/data must be'],
    ];
    for (const [asked, message] of refused) {
      const error = await failure(asked);
      assert.ok(error.message.includes(message), error.message);
      assert.doesNotMatch(error.message, /Maria/);
    }
  });

  it('when it throws, at once or later, then only the kind of error and its places are told', async () => {
    const connector = await open(
      withMembers(`
        list() { throw new TypeError('Maria ${CPF}\\n    at Maria'); },
        async get() { throw Object.assign(new Error('Maria'), { name: 'Maria Silva' }); },
        children: () => Promise.reject('Maria'),`),
    );
    const thrown = await failure(connector.list(request()));
    assert.equal(thrown.message, "the connector's list failed with TypeError");
    assert.match(thrown.stack ?? '', /at .*core\.ts:\d+:\d+/);
    assert.match((await failure(connector.get(request()))).message, /get failed with an error$/);
    const plain = await failure(connector.children({ ...request(), name: 'parts' }));
    assert.equal(plain.message, "the connector's children failed");
    for (const error of [thrown, plain]) assert.doesNotMatch(`${error.stack}`, new RegExp(`Maria|${CPF}`));
  });

  it('when it takes no notice of the signal, then nobody waits for it, and what it does later is not heard', async () => {
    const connector = await open(
      withMembers(`
        list: () => new Promise(() => {}),
        get: () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 60)),`),
    );
    const signal = () => AbortSignal.timeout(30);
    assert.equal((await failure(connector.list(request({ signal: signal() })))).name, 'TimeoutError');
    assert.equal((await failure(connector.get(request({ signal: signal() })))).name, 'TimeoutError');
    await new Promise((resolve) => setTimeout(resolve, 60));
    const aborted = AbortSignal.abort();
    assert.equal((await failure(connector.list(request({ signal: aborted })))).name, 'AbortError');
  });
});
