import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Asking, Connector, DataRequest, FoundData } from './connector.ts';
import type { OfferedResource } from './customer.ts';
import { routeConnectors } from './route-connectors.ts';

const ASKING: Asking = {
  brand: 'Seguradora',
  ecosystem: 'open-insurance',
  api: undefined,
  version: undefined,
  permissions: [],
  interactionId: undefined,
  deadline: 0,
  signal: new AbortController().signal,
};
const CPF = '11144477735';

function system(name: string, change: Partial<Connector> = {}): Connector & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = async (): Promise<FoundData> => ({ status: 'ok', data: name, asOf: 1, owner: CPF });
  return {
    asked,
    capabilities: () => ({ apis: undefined, authenticates: true }),
    health: async () => ({ isUp: true }),
    customer: async () => ({
      status: 'ok',
      data: { id: `${name}-1`, name: 'Ana', cpf: CPF, companies: [] },
      asOf: 1,
    }),
    authenticate: async () => ({
      status: 'ok',
      data: { id: `${name}-login`, name: 'Ana', cpf: CPF, companies: [] },
      asOf: 1,
    }),
    async discover(_documents, types) {
      asked.push(...types);
      const data = types.map((type): OfferedResource => ({ type, ref: name, label: name, approvers: [] }));
      return { status: 'ok', data, asOf: asked.length };
    },
    list: answer,
    get: answer,
    children: answer,
    ...change,
  };
}

function route(main: Connector, lives: Connector, login?: Connector): Connector {
  return routeConnectors({
    main,
    login,
    byApi: new Map([['insurance-life', lives]]),
    typesOf: () => ['LIFE'],
  });
}

const request = (api: string): DataRequest => ({
  ...ASKING,
  api,
  operationPath: '/x',
  types: [],
  refs: {},
  documents: { cpf: CPF },
  shape: 'list',
  query: {},
  page: undefined,
});

describe('given an API that another system serves', () => {
  it('when it is read, then that system is asked, and the main one for all else', async () => {
    const connector = route(system('main'), system('lives'));
    const read = async (api: string) => {
      const found = await connector.list(request(api));
      return found.status === 'ok' && found.data;
    };
    assert.deepEqual([await read('insurance-life'), await read('insurance-auto')], ['lives', 'main']);
  });

  it('when things are discovered, then each system is asked for its own types and the answers are one', async () => {
    const [main, lives] = [system('main'), system('lives')];
    const found = await route(main, lives).discover({ cpf: CPF }, ['AUTO', 'LIFE'], ASKING);
    assert.deepEqual([main.asked, lives.asked], [['AUTO'], ['LIFE']]);
    assert.deepEqual(found.status === 'ok' && found.data.map(({ ref }) => ref), ['main', 'lives']);
  });

  it('when one of them is not ready, refuses, or knows nothing, then a part is not taken for the whole', async () => {
    const answering = (status: 'notReady' | 'refused' | 'notFound' | 'empty') =>
      system('lives', { discover: async () => ({ status }) });
    const outcome = async (main: Connector, lives: Connector) =>
      (await route(main, lives).discover({ cpf: CPF }, ['AUTO', 'LIFE'], ASKING)).status;
    assert.equal(await outcome(system('main'), answering('notReady')), 'notReady');
    assert.equal(await outcome(system('main'), answering('refused')), 'refused');
    assert.equal(await outcome(system('main'), answering('notFound')), 'ok');
    assert.equal(await outcome(answering('notFound'), answering('notFound')), 'notFound');
    assert.equal(await outcome(answering('empty'), answering('notFound')), 'empty');
    const away = system('lives', { discover: () => Promise.reject(new Error('away')) });
    await assert.rejects(outcome(system('main'), away), /away/);
  });

  it('when one of them is down, then the health says so', async () => {
    const down = system('lives', { health: async () => ({ isUp: false, reason: 'down' }) });
    assert.deepEqual(await route(system('main'), down).health(ASKING.signal), {
      isUp: false,
      reason: 'down',
    });
  });
});

describe('given a system of its own for logins', () => {
  it('when a customer logs in, then the key is that of the main system', async () => {
    const connector = route(system('main'), system('lives'), system('identity'));
    const found = await connector.authenticate?.('ana', 'segredo', ASKING);
    assert.equal(found?.status === 'ok' && found.data.id, 'main-1');
    const wrong = system('identity', { authenticate: async () => ({ status: 'notFound' }) });
    const refused = await route(system('main'), system('lives'), wrong).authenticate?.('ana', 'x', ASKING);
    assert.equal(refused?.status, 'notFound');
  });
});

describe('given one system for everything', () => {
  it('when routes are made, then it is the system itself', () => {
    const main = system('main');
    assert.equal(routeConnectors({ main, login: undefined, byApi: new Map(), typesOf: () => [] }), main);
  });
});
