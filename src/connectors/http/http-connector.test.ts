import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { anAsking, aRequest, BAKERY, CARLA, CORE_DATA, DAVI } from '../../../test/support/core-data.ts';
import { type Misbehaviour, startCoreSystem } from '../../../test/support/core-system.ts';
import { createMemoryConnector } from '../../../test/support/memory-connector.ts';
import type { Connector, Found, Json } from '../connector.ts';
import { BadAnswer } from './bad-answer.ts';
import { createHttpConnector, type HttpConnector } from './http-connector.ts';

const direct = createMemoryConnector(CORE_DATA);
const core = await startCoreSystem({ over: direct });
const connector = createHttpConnector({ url: core.url });
after(async () => {
  await connector.close();
  await core.close();
});

const account = aRequest({
  operationPath: '/bank/accounts/{accountId}',
  refs: { accountId: 'cc-5512' },
  shape: 'record',
});
const transactions = aRequest({
  operationPath: '/bank/accounts/{accountId}/transactions',
  refs: { accountId: 'cc-5512' },
  page: { offset: 0, size: 25 },
});

describe('given systems that answer as the document wants it', () => {
  const questions: Readonly<Record<string, (asked: Connector) => Promise<Found<unknown>> | undefined>> = {
    'a customer by CPF': (asked) => asked.customer({ cpf: CARLA }, anAsking()),
    'a customer by key': (asked) =>
      asked.customer({ id: 'd-20a41' }, anAsking({ api: undefined, version: undefined })),
    'an unknown customer': (asked) => asked.customer({ cpf: '11144477735' }, anAsking()),
    'a login': (asked) => asked.authenticate?.('carla.dias', 'correct horse battery staple', anAsking()),
    'a wrong password': (asked) => asked.authenticate?.('carla.dias', 'guess', anAsking()),
    "a person's resources": (asked) => asked.discover({ cpf: CARLA }, ['ACCOUNT', 'LOAN'], anAsking()),
    "a company's resources": (asked) => asked.discover({ cpf: CARLA, cnpj: BAKERY }, ['ACCOUNT'], anAsking()),
    'resources of somebody without any': (asked) => asked.discover({ cpf: DAVI }, ['ACCOUNT'], anAsking()),
    'a company that is not theirs': (asked) =>
      asked.discover({ cpf: DAVI, cnpj: BAKERY }, ['ACCOUNT'], anAsking()),
    'a list': (asked) => asked.list(aRequest()),
    'an empty list': (asked) => asked.list(aRequest({ documents: { cpf: DAVI } })),
    'a record': (asked) => asked.get({ ...account, type: 'ACCOUNT', ref: 'cc-5512' }),
    "somebody else's record": (asked) =>
      asked.get({ ...account, documents: { cpf: DAVI }, type: 'ACCOUNT', ref: 'cc-5512' }),
    'a record with an id of its own': (asked) =>
      asked.get({
        ...aRequest({ operationPath: '/bank/proposals/{proposalId}', refs: { proposalId: 'p-1' } }),
        type: undefined,
        ref: 'p-1',
      }),
    'what hangs on a resource': (asked) =>
      asked.children({ ...transactions, type: 'ACCOUNT', ref: 'cc-5512', name: 'transactions' }),
  };
  for (const [name, question] of Object.entries(questions))
    it(`when ${name} is asked for, then it is told what the systems know`, async () => {
      assert.deepEqual(timeless(await question(connector)), timeless(await question(direct)));
    });

  it('when data is as old as they say, then it is told to the millisecond', async () => {
    core.set({ change: (answer) => ({ ...(answer as object), asOf: '2026-03-02T11:58:30.250-03:00' }) });
    const found = await connector.list(aRequest());
    core.set();
    assert.equal(found.status === 'ok' && found.asOf, Date.UTC(2026, 2, 2, 14, 58, 30, 250));
  });

  it('when they page themselves, then total and cursor arrive, and the cursor goes back', async () => {
    const paging = await startCoreSystem({ over: { ...CORE_DATA, isPaging: true } });
    const paged = createHttpConnector({ url: paging.url });
    const request = { ...transactions, type: 'ACCOUNT', ref: 'cc-5512', name: 'transactions' };
    const first = await paged.children(request);
    assert.ok(first.status === 'ok' && typeof first.cursor === 'string');
    const page = { offset: 25, size: 40, cursor: first.cursor };
    const second = await paged.children({ ...request, page });
    await paged.close();
    await paging.close();
    assert.equal(first.total, 60);
    assert.ok(second.status === 'ok' && second.cursor === null);
    assert.equal((second.data as Json[]).length, 35);
  });

  it('when it asks, then deadline, what is left of it and the interaction id go along', async () => {
    const deadline = Date.now() + 2_000;
    await connector.list(aRequest({ deadline }));
    const { headers, body } = core.calls.at(-1) ?? assert.fail();
    assert.equal(headers['x-guiche-deadline'], new Date(deadline).toISOString());
    const leftMs = Number(headers['x-guiche-timeout-ms']);
    assert.ok(leftMs > 1_000 && leftMs <= 2_000, `${leftMs}`);
    assert.equal(headers['x-fapi-interaction-id'], '73cac523-d3ae-2289-b106-330a6218710d');
    assert.deepEqual((body as { asking: unknown }).asking, {
      brand: 'Banco Exemplo',
      ecosystem: 'open-finance',
      api: 'accounts',
      version: '2.4.2',
      permissions: ['ACCOUNTS_READ'],
    });
  });

  it('when it has asked for everything, then no request broke the document, and no URL or header was personal', () => {
    assert.ok(core.calls.length >= Object.keys(questions).length);
    for (const { fault, url, headers } of core.calls) {
      assert.equal(fault, undefined);
      assert.doesNotMatch(
        `${url} ${JSON.stringify(headers)}`,
        new RegExp(`${CARLA}|${DAVI}|${BAKERY}|cc-5512|carla`),
      );
    }
  });

  it('when their URL has a path, then the paths of the document follow it', async () => {
    core.set();
    const before = core.calls.length;
    const deeper = createHttpConnector({ url: `${core.url}/deeper/` });
    await assert.rejects(deeper.list(aRequest()), { name: 'BadAnswer', message: /its status is 404/ });
    await deeper.close();
    assert.equal(core.calls.length, before);
  });
});

describe('given systems that answer something else', () => {
  const told = { status: 'ok', asOf: '2026-03-02T12:00:00Z', data: [] };
  const good = { ...told, owner: CARLA };
  const faulty: Readonly<Record<string, Misbehaviour>> = {
    'something that is no JSON': { text: `<html>${CARLA}</html>` },
    'half of an answer': { text: '{"status":"ok","data":[' },
    'a member twice': { text: '{"status":"empty","status":"empty"}' },
    'another media type': { contentType: 'text/html' },
    'a media type that only starts alike': { contentType: 'application/jsonp' },
    'an encoding that was not asked for': { contentEncoding: 'gzip' },
    'an unknown status': { text: JSON.stringify({ status: CARLA }) },
    'an array': { text: '[]' },
    null: { text: 'null' },
    'data without an age': { text: JSON.stringify({ status: 'ok', data: [] }) },
    'an age without data': { text: JSON.stringify({ status: 'ok', asOf: good.asOf }) },
    'an age that is no instant': { text: JSON.stringify({ ...good, asOf: `on the day of ${CARLA}` }) },
    'an age without an offset': { text: JSON.stringify({ ...good, asOf: '2026-03-02T12:00:00' }) },
    'an age in the future': {
      text: JSON.stringify({ ...good, asOf: new Date(Date.now() + 60_000).toISOString() }),
    },
    'a member that is misspelt': { text: JSON.stringify({ ...good, totol: 3 }) },
    'a total below nothing': { text: JSON.stringify({ ...good, total: -1 }) },
    'a cursor that is too long': { text: JSON.stringify({ ...good, cursor: 'x'.repeat(513) }) },
    'a cursor that does not print': { text: JSON.stringify({ ...good, cursor: 'ção' }) },
    'data of nobody': { text: JSON.stringify(told) },
    'an owner that is none': { text: JSON.stringify({ ...good, owner: '' }) },
    'data with nothing found': { text: JSON.stringify({ status: 'empty', data: [CARLA] }) },
    'a redirect': { status: 302 },
    'a refusal of the request': { status: 400 },
    'a refusal of the caller': { status: 401 },
    'no such path': { status: 404 },
    'an answer without content': { status: 204 },
  };
  for (const [name, misbehaviour] of Object.entries(faulty))
    it(`when they answer ${name}, then it is a failure that says nothing personal`, async () => {
      await assertFails(misbehaviour, (asked) => asked.list(aRequest()));
    });

  const customer = { id: 'c-19f3e', name: 'Carla Dias', cpf: CARLA, companies: [] };
  const customers: Readonly<Record<string, object>> = {
    'without a key': { ...customer, id: undefined },
    'with a document that is none': { ...customer, cpf: '1' },
    'with a member too many': { ...customer, birthday: '1990-01-01' },
    'with a company without a name': { ...customer, companies: [{ cnpj: BAKERY }] },
    'who is somebody else': { ...customer, cpf: DAVI },
  };
  for (const [name, data] of Object.entries(customers))
    it(`when they answer a customer ${name}, then it is a failure`, async () => {
      await assertFails({ text: JSON.stringify({ ...told, data }) }, (asked) =>
        asked.customer({ cpf: CARLA }, anAsking()),
      );
    });

  const resource = { type: 'ACCOUNT', ref: 'cc-5512', label: 'Conta', approvers: [] };
  const resources: Readonly<Record<string, readonly object[]>> = {
    'without a reference': [{ ...resource, ref: undefined }],
    'with a type that is none': [{ ...resource, type: 'a type' }],
    'in a situation that there is not': [{ ...resource, situation: 'lost' }],
    'closed on a day that there is not': [{ ...resource, closedOn: '2026-02-30' }],
    'with a member that is misspelt': [{ ...resource, isVisble: false }],
    twice: [resource, { ...resource, label: 'Conta, outra vez' }],
  };
  for (const [name, data] of Object.entries(resources))
    it(`when they answer a resource ${name}, then it is a failure`, async () => {
      await assertFails({ text: JSON.stringify({ ...told, data }) }, (asked) =>
        asked.discover({ cpf: CARLA }, ['ACCOUNT'], anAsking()),
      );
    });

  it('when they answer resources of types that were not asked for, then these are left out', async () => {
    core.set({ text: JSON.stringify({ ...told, data: [resource, { ...resource, type: 'LOAN' }] }) });
    const found = await connector.discover({ cpf: CARLA }, ['LOAN'], anAsking());
    core.set();
    assert.deepEqual(found.status === 'ok' && found.data, [{ ...resource, type: 'LOAN' }]);
  });

  it('when their clock is a little ahead, then the data is of now', async () => {
    core.set({ text: JSON.stringify({ ...good, asOf: new Date(Date.now() + 10_000).toISOString() }) });
    const found = await connector.list(aRequest());
    core.set();
    assert.ok(found.status === 'ok' && found.asOf <= Date.now());
  });

  it('when data does not say whose it is, then the failure does, whatever was asked for', async () => {
    core.set({ text: JSON.stringify(told) });
    for (const asked of [
      connector.list(aRequest({ types: [] })),
      connector.get({ ...account, type: 'ACCOUNT', ref: 'cc-5512' }),
      connector.children({ ...transactions, type: 'ACCOUNT', ref: 'cc-5512', name: 'transactions' }),
    ])
      await assert.rejects(asked, { name: 'BadAnswer', message: /"required: owner"/ });
    core.set();
  });

  it('when an answer is longer than allowed, then reading it ends there', async () => {
    core.set({ bytes: 512 * 1024 * 1024 });
    const small = createHttpConnector({ url: core.url, maxAnswerBytes: 100_000 });
    const started = performance.now();
    await assert.rejects(small.list(aRequest()), { name: 'BadAnswer', message: /larger than 100000 bytes/ });
    assert.ok(performance.now() - started < 2_000);
    core.set();
    await small.close();
  });

  async function assertFails(
    misbehaviour: Misbehaviour,
    ask: (asked: HttpConnector) => Promise<unknown>,
  ): Promise<void> {
    core.set(misbehaviour);
    const error = await ask(connector).then(
      () => assert.fail('it was taken'),
      (failure: Error) => failure,
    );
    core.set();
    assert.ok(error instanceof BadAnswer, String(error));
    assertDiscreet(error);
  }
});

describe('given systems that are asked how they are and what they can do', () => {
  it('when they are up, then so is the connector', async () => {
    assert.deepEqual(await connector.health(AbortSignal.timeout(2_000)), { isUp: true });
  });

  it('when something is wrong, then the operator is told what', async () => {
    const reason = 'the accounts ledger is in its nightly maintenance';
    core.set({ text: JSON.stringify({ isUp: false, reason }) });
    const health = await connector.health(AbortSignal.timeout(2_000));
    core.set();
    assert.deepEqual(health, { isUp: false, reason });
  });

  for (const reason of [`customer ${CARLA} is broken`, 'https://core.internal is away', '10.0.0.7 is away'])
    it(`when their reason names a document or an address (${reason.length}), then it is not repeated`, async () => {
      core.set({ text: JSON.stringify({ isUp: false, reason }) });
      const health = await connector.health(AbortSignal.timeout(2_000));
      core.set();
      assert.deepEqual(health, { isUp: false, reason: 'they give a reason that cannot be shown' });
    });

  it('when they cannot be reached, then the connector is down and says so without their address', async () => {
    const gone = await startCoreSystem({ over: CORE_DATA });
    const cut = createHttpConnector({ url: gone.url });
    await gone.close();
    const health = await cut.health(AbortSignal.timeout(2_000));
    await cut.close();
    assert.equal(health.isUp, false);
    assert.match(health.reason ?? '', /ECONNREFUSED/);
    assert.doesNotMatch(health.reason ?? '', /127\.0\.0\.1|localhost|:\d+/);
  });

  it('when whoever asks went away, then it is not taken for their fault', async () => {
    const controller = new AbortController();
    core.set({ hangs: true });
    const health = connector.health(controller.signal);
    controller.abort();
    await assert.rejects(health, { name: 'AbortError' });
    core.set();
  });

  it('when what they can do is asked for again soon, then they are not asked again', async () => {
    let now = Date.now();
    const fresh = createHttpConnector({ url: core.url, clock: { now: () => now } });
    const before = core.calls.length;
    assert.deepEqual(await fresh.capabilities(), { apis: undefined, authenticates: true });
    core.set({ text: '{"apis":["accounts"],"authenticates":false}' });
    assert.deepEqual(await fresh.capabilities(), { apis: undefined, authenticates: true });
    assert.equal(core.calls.length, before + 1);
    now += 60_000;
    assert.deepEqual(await fresh.capabilities(), { apis: ['accounts'], authenticates: false });
    core.set();
    await fresh.close();
  });
});

/** Ages differ from question to question. */
function timeless(found: Found<unknown> | undefined): unknown {
  return found?.status === 'ok' ? { ...found, asOf: typeof found.asOf } : found;
}

/** Of the whole of an error, as an eager logger would write it. */
function assertDiscreet(error: Error): void {
  const told = `${error.message} ${JSON.stringify(error)} ${String(error.cause ?? '')}`;
  assert.doesNotMatch(told, new RegExp(`${CARLA}|${DAVI}|${BAKERY}|Carla|127\\.0\\.0\\.1|http:`));
}
