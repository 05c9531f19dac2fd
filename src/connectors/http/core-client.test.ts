import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { anAsking, aRequest, CARLA, CORE_DATA } from '../../../test/support/core-data.ts';
import { startCoreSystem } from '../../../test/support/core-system.ts';
import { ConnectorAway } from './connector-away.ts';
import { createHttpConnector, type HttpConnector } from './http-connector.ts';
import type { HttpConnectorSettings } from './http-connector-settings.ts';

const core = await startCoreSystem({ over: CORE_DATA });
const open: HttpConnector[] = [];
afterEach(() => core.set());
after(async () => {
  await core.close();
  await Promise.all(open.map((connector) => connector.close()));
});

function connect(settings: Partial<HttpConnectorSettings> = {}): HttpConnector {
  const connector = createHttpConnector({ url: core.url, random: () => 0, ...settings });
  open.push(connector);
  return connector;
}

describe('given systems that are slow', () => {
  it('when the deadline comes, then the call ends and so does its request', async () => {
    core.set({ hangs: true });
    const connector = connect();
    const deadline = Date.now() + 150;
    const { error } = await timeToFail(connector.list(aRequest({ deadline })));
    assert.equal(error.name, 'ConnectorLate');
    const lateMs = Date.now() - deadline;
    assert.ok(lateMs >= -5 && lateMs < 500, `${lateMs}`);
    await until(() => core.calls.at(-1)?.isGivenUp === true);
  });

  it('when whoever asks goes away, then the call ends at once with their reason, and so does its request', async () => {
    core.set({ hangs: true });
    const controller = new AbortController();
    const call = connect().list(aRequest({ signal: controller.signal }));
    await until(() => core.underWay() === 1);
    controller.abort();
    const { ms, error } = await timeToFail(call);
    assert.equal(error, controller.signal.reason);
    assert.ok(ms < 1_000, `${ms}`);
    await until(() => core.calls.at(-1)?.isGivenUp === true);
  });

  it('when a budget runs out before the deadline, then they are late', async () => {
    core.set({ hangs: true });
    await assert.rejects(connect().list(aRequest({ signal: AbortSignal.timeout(50) })), {
      name: 'ConnectorLate',
    });
  });

  it('when the deadline has passed already, then they are not asked', async () => {
    const before = core.calls.length;
    await assert.rejects(connect().list(aRequest({ deadline: Date.now() - 1 })), { name: 'ConnectorLate' });
    assert.equal(core.calls.length, before);
  });

  it('when nobody waits already, then they are not asked', async () => {
    const before = core.calls.length;
    await assert.rejects(connect().list(aRequest({ signal: AbortSignal.abort() })), { name: 'AbortError' });
    assert.equal(core.calls.length, before);
  });

  it('when the body does not end, then the deadline ends it', async () => {
    core.set({ bytes: 1e12 });
    const { error } = await timeToFail(
      connect({ maxAnswerBytes: 1e13 }).list(aRequest({ deadline: Date.now() + 100 })),
    );
    assert.equal(error.name, 'ConnectorLate');
  });
});

describe('given systems that fail for a moment', () => {
  for (const status of [502, 503, 504])
    it(`when they answer ${status} once, then a read is repeated and good`, async () => {
      core.set({ status, times: 1 });
      assert.equal(await attempts(() => connect().list(aRequest())), 2);
    });

  for (const drops of ['before', 'within'] as const)
    it(`when the connection breaks ${drops} the answer, then a read is repeated and good`, async () => {
      core.set({ drops, times: 1 });
      assert.equal(await attempts(() => connect().list(aRequest())), 2);
    });

  for (const misbehaviour of [{ status: 503 }, { drops: 'before' }, { drops: 'within' }] as const)
    it(`when ${JSON.stringify(misbehaviour)} meets a login, then it is not repeated`, async () => {
      core.set(misbehaviour);
      const login = () => connect().authenticate?.('carla.dias', 'secret', anAsking()) ?? assert.fail();
      assert.equal(await attempts(() => assert.rejects(login(), { name: 'ConnectorAway' })), 1);
    });

  for (const status of [400, 404, 429, 500, 501])
    it(`when they answer ${status}, then it is not repeated`, async () => {
      core.set({ status });
      assert.equal(await attempts(() => assert.rejects(connect().list(aRequest()))), 1);
    });

  it('when an answer is wrong, then it is not repeated', async () => {
    core.set({ text: 'no JSON' });
    assert.equal(await attempts(() => assert.rejects(connect().list(aRequest()))), 1);
  });

  it('when they go on failing, then it is repeated as often as configured and no more', async () => {
    core.set({ status: 503 });
    const away = { name: 'ConnectorAway', reason: 'failing' };
    assert.equal(await attempts(() => assert.rejects(connect().list(aRequest()), away)), 2);
    assert.equal(await attempts(() => assert.rejects(connect({ retries: 3 }).list(aRequest()), away)), 4);
    assert.equal(await attempts(() => assert.rejects(connect({ retries: 0 }).list(aRequest()), away)), 1);
  });

  it('when there is no time left to repeat it, then it fails at once', async () => {
    core.set({ status: 503 });
    const call = () => connect({ random: () => 20 }).list(aRequest({ deadline: Date.now() + 1_000 }));
    assert.equal(await attempts(() => assert.rejects(call(), { name: 'ConnectorAway' })), 1);
  });

  it('when a repeated call is slow as well, then the deadline is the same', async () => {
    const connector = connect();
    core.set({ hangs: true });
    core.set({ status: 503, times: 1 }, { operation: 'listRecords' });
    const { ms, error } = await timeToFail(connector.list(aRequest({ deadline: Date.now() + 200 })));
    assert.equal(error.name, 'ConnectorLate');
    assert.ok(ms < 1_000, `${ms}`);
  });
});

describe('given a circuit that opens after three failures', () => {
  const circuit = { failures: 3, pauseMs: 400 };

  it('when they fail three times, then they are not asked again until the pause is over', async () => {
    const changes: string[] = [];
    const connector = connect({
      circuit,
      retries: 0,
      onCircuit: ({ name, state }) => changes.push(`${name}: ${state}`),
    });
    await fail(connector, 3);
    assert.deepEqual(connector.circuits(), [{ name: 'listRecords of accounts', state: 'open' }]);
    const refusal = await attempts(async () => {
      const { ms, error } = await timeToFail(connector.list(aRequest()));
      assert.ok(error instanceof ConnectorAway && error.reason === 'circuit-open' && ms < 500);
    });
    assert.equal(refusal, 0);
    core.set();
    await pause(circuit.pauseMs + 20);
    assert.equal((await connector.list(aRequest())).status, 'ok');
    assert.deepEqual(connector.circuits(), []);
    assert.deepEqual(changes, [
      'listRecords of accounts: open',
      'listRecords of accounts: half-open',
      'listRecords of accounts: closed',
    ]);
  });

  it('when the call that tries again fails, then it is open for another pause', async () => {
    const connector = connect({ circuit, retries: 0 });
    await fail(connector, 3);
    await pause(circuit.pauseMs + 20);
    await fail(connector, 1);
    assert.equal(connector.circuits()[0]?.state, 'open');
    await assert.rejects(connector.list(aRequest()), { reason: 'circuit-open' });
  });

  it('when one call tries again, then the others do not wait for its end', async () => {
    const connector = connect({ circuit, retries: 0 });
    await fail(connector, 3);
    await pause(circuit.pauseMs + 20);
    core.set({ delayMs: 500 });
    const trial = connector.list(aRequest());
    const { ms, error } = await timeToFail(connector.list(aRequest()));
    assert.ok(error instanceof ConnectorAway && error.reason === 'circuit-open' && ms < 400);
    assert.equal((await trial).status, 'ok');
  });

  it('when whoever tried again went away, then it stays open', async () => {
    const connector = connect({ circuit, retries: 0 });
    await fail(connector, 3);
    await pause(circuit.pauseMs + 20);
    core.set({ hangs: true });
    await assert.rejects(connector.list(aRequest({ signal: AbortSignal.timeout(50) })), {
      name: 'ConnectorLate',
    });
    assert.equal(connector.circuits()[0]?.state, 'open');
  });

  it('when they are late three times, then it opens', async () => {
    const connector = connect({ circuit });
    core.set({ hangs: true });
    for (let late = 0; late < 3; late += 1)
      await assert.rejects(connector.list(aRequest({ deadline: Date.now() + 20 })), {
        name: 'ConnectorLate',
      });
    await assert.rejects(connector.list(aRequest()), { reason: 'circuit-open' });
  });

  it('when those who ask go away, or answers are wrong, then it stays closed', async () => {
    const connector = connect({ circuit });
    core.set({ hangs: true });
    for (let gone = 0; gone < 5; gone += 1) {
      const controller = new AbortController();
      const call = connector.list(aRequest({ signal: controller.signal }));
      setTimeout(() => controller.abort(), 10);
      await assert.rejects(call, { name: 'AbortError' });
    }
    core.set({ text: '[]' });
    for (let wrong = 0; wrong < 5; wrong += 1)
      await assert.rejects(connector.list(aRequest()), { name: 'BadAnswer' });
    assert.deepEqual(connector.circuits(), []);
  });

  it('when one API fails, then the others are asked, and health names what is not', async () => {
    const connector = connect({ circuit, retries: 0 });
    core.set({ status: 500 }, { api: 'accounts' });
    for (let failed = 0; failed < 3; failed += 1) await assert.rejects(connector.list(aRequest()));
    await assert.rejects(connector.list(aRequest()), { reason: 'circuit-open' });
    assert.equal((await connector.list(aRequest({ api: 'loans' }))).status, 'ok');
    assert.equal((await connector.customer({ cpf: CARLA }, anAsking({ api: undefined }))).status, 'ok');
    const { isUp, reason } = await connector.health(AbortSignal.timeout(1_000));
    assert.equal(isUp, true);
    assert.match(reason ?? '', /listRecords of accounts/);
  });

  it('when there is no connection, then whatever is asked for is refused at once, and health closes it again', async () => {
    const gone = await startCoreSystem({ over: CORE_DATA });
    const connector = connect({ url: gone.url, circuit, retries: 0 });
    const port = Number(new URL(gone.url).port);
    await gone.close();
    for (let failed = 0; failed < 3; failed += 1)
      await assert.rejects(connector.list(aRequest()), { reason: 'unreachable' });
    await assert.rejects(connector.customer({ cpf: CARLA }, anAsking({ api: undefined })), {
      reason: 'circuit-open',
    });
    const back = await startCoreSystem({ over: CORE_DATA, port });
    await pause(circuit.pauseMs + 20);
    assert.deepEqual(await connector.health(AbortSignal.timeout(1_000)), { isUp: true });
    assert.equal((await connector.list(aRequest())).status, 'ok');
    await back.close();
  });

  it('when a share of failures is configured, then it opens beyond that share', async () => {
    const connector = connect({ circuit: { ratio: { share: 0.5, of: 4 }, pauseMs: 10_000 }, retries: 0 });
    for (const isGood of [true, false, true, false]) {
      core.set(isGood ? {} : { status: 500 });
      await connector.list(aRequest()).catch(() => undefined);
    }
    assert.deepEqual(connector.circuits(), []);
    await fail(connector, 1);
    assert.deepEqual(connector.circuits(), [{ name: 'listRecords of accounts', state: 'open' }]);
  });

  async function fail(connector: HttpConnector, times: number): Promise<void> {
    core.set({ status: 503 });
    for (let failed = 0; failed < times; failed += 1)
      await assert.rejects(connector.list(aRequest()), { reason: 'failing' });
  }
});

describe('given room for two calls and one that waits', () => {
  it('when an API hangs, then it takes no more than its room, and all others go on', async () => {
    const connector = connect({ concurrency: 2, queue: 1 });
    core.set({ hangs: true }, { api: 'accounts' });
    const deadline = Date.now() + 1_500;
    const hanging = Array.from({ length: 3 }, () => connector.list(aRequest({ deadline })));
    const fates = Promise.allSettled(hanging);
    const { ms, error } = await timeToFail(connector.list(aRequest({ deadline })));
    assert.ok(error instanceof ConnectorAway && error.reason === 'busy' && ms < 500);
    await until(() => core.underWay({ api: 'accounts' }) === 2);
    const others = [
      connector.list(aRequest({ api: 'loans' })),
      connector.children({ ...aRequest(), type: 'ACCOUNT', ref: 'cc-5512', name: 'balances', api: 'loans' }),
      connector.customer({ cpf: CARLA }, anAsking({ api: undefined })),
      connector.discover({ cpf: CARLA }, ['ACCOUNT'], anAsking({ api: undefined })),
    ];
    assert.ok((await Promise.all(others)).every(({ status }) => status !== 'refused'));
    assert.ok(Date.now() < deadline, 'the others waited');
    assert.deepEqual(
      (await fates).map((fate) => fate.status === 'rejected' && fate.reason.name),
      ['ConnectorLate', 'ConnectorLate', 'ConnectorLate'],
    );
  });

  it('when one ends, then the one that waited is asked', async () => {
    const connector = connect({ concurrency: 2, queue: 1 });
    core.set({ delayMs: 50 });
    const asked = Array.from({ length: 3 }, () => connector.list(aRequest()));
    assert.ok((await Promise.all(asked)).every(({ status }) => status === 'ok'));
  });

  it('when the one that waits is given up, then it is never asked', async () => {
    const connector = connect({ concurrency: 1, queue: 1 });
    core.set({ delayMs: 100 });
    const before = core.calls.length;
    const first = connector.list(aRequest());
    await assert.rejects(connector.list(aRequest({ deadline: Date.now() + 20 })), { name: 'ConnectorLate' });
    await first;
    await pause(50);
    assert.equal(core.calls.length, before + 1);
  });
});

describe('given a connector that was closed', () => {
  it('when it is asked, then it refuses; and closing it twice is fine', async () => {
    const connector = connect();
    await connector.list(aRequest());
    await connector.close();
    await connector.close();
    await assert.rejects(connector.list(aRequest()), { name: 'ConnectorAway', reason: 'closed' });
  });
});

/** How many requests arrive while something is done. */
async function attempts(action: () => Promise<unknown>): Promise<number> {
  const before = core.calls.length;
  await action();
  return core.calls.length - before;
}

async function timeToFail(call: Promise<unknown>): Promise<{ ms: number; error: Error }> {
  const started = performance.now();
  const error = await call.then(
    () => assert.fail('it succeeded'),
    (failure: Error) => failure,
  );
  return { ms: performance.now() - started, error };
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 2_000;
  while (!isSo()) {
    assert.ok(Date.now() < end, 'it did not come to that');
    await pause(5);
  }
}
