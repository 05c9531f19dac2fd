import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { memoryCounter } from '../../test/support/memory-counter.ts';
import { sendRequest } from '../../test/support/send-request.ts';
import { answerWith, madeUpOperation, startListener } from '../../test/support/start-listener.ts';
import { until } from '../../test/support/temporary-database.ts';
import type { Answered } from '../contract/answered.ts';
import { answerProblem, type Step } from '../contract/call.ts';
import { note } from '../contract/call-notes.ts';
import { createProblem } from '../kernel/problem.ts';
import { PROBE_HEADER } from './create-server.ts';
import { createLimitStep } from './limits/check-limits.ts';
import { createLimiter } from './limits/limiter.ts';
import type { SharedCounter } from './limits/shared-counter.ts';

const PATH = '/open-insurance/made-up/v1/things';

/** Notes, and then refuses or fails as the path says. */
const act: Step = (call) => {
  note(call, { consent: { id: 'urn:b:1' } });
  if (call.path.act === 'refused') return answerProblem(createProblem('PERMISSAO_NAO_CONCEDIDA'));
  if (call.path.act === 'broken') throw new Error('unexpected');
  if (call.path.act === 'later') return Promise.reject(new Error('unexpected'));
  return undefined;
};

interface Wishes {
  readonly isRecorded?: boolean;
  readonly perAddress?: number;
  readonly shared?: SharedCounter;
}

async function listen({ isRecorded = true, perAddress = 100, shared }: Wishes = {}) {
  const heard: Answered[] = [];
  const limiter = (name: string, limit: number) =>
    createLimiter({ name, limit, windowMs: 60_000, shared, now: () => 0 });
  const limits = { perAddress: limiter('address', perAddress), overall: limiter('all', 1_000) };
  const { port } = await startListener({
    operations: [
      {
        operation: madeUpOperation({ path: `${PATH}/{act}` }),
        steps: [createLimitStep(limits), act, answerWith((call) => call.notes !== undefined)],
        isRecorded,
      },
    ],
    onAnswered: (event) => heard.push(event),
    probeToken: 'own',
  });
  return {
    heard,
    close() {
      limits.perAddress.close();
      limits.overall.close();
    },
    async send(path: string, headers: Record<string, string> = {}) {
      const before = heard.length;
      const received = await sendRequest(port, { path: `${PATH}/${path}`, headers });
      if (headers[PROBE_HEADER] === undefined) await until('it was told', () => heard.length > before);
      return { status: received.status, event: heard.at(-1) };
    },
  };
}

describe('given an operation whose calls are kept on record', () => {
  it('when it was answered, then the interaction id, what was noted and where the caller stood are told', async () => {
    const { send } = await listen();
    const id = randomUUID();
    await send('fine');
    const { event } = await send('fine', { 'x-fapi-interaction-id': id });
    assert.equal(event?.interactionId, id);
    assert.equal(event?.problem, undefined);
    assert.deepEqual(event?.notes, {
      limits: { address: { count: 2, limit: 100 }, all: { count: 2, limit: 1_000 } },
      consent: { id: 'urn:b:1' },
    });
  });

  for (const { act: path, status, problem } of [
    { act: 'refused', status: 403, problem: 'PERMISSAO_NAO_CONCEDIDA' },
    { act: 'broken', status: 500, problem: 'ERRO_INTERNO' },
    { act: 'later', status: 500, problem: 'ERRO_INTERNO' },
  ])
    it(`when it was ${path}, then the code is told with what was noted until then`, async () => {
      const { send } = await listen();
      const received = await send(path);
      assert.equal(received.status, status);
      assert.equal(received.event?.problem, problem);
      assert.deepEqual(received.event?.notes?.consent, { id: 'urn:b:1' });
    });

  it('when the limit was used up, then the count beyond it is told, and nothing that comes after', async () => {
    const { send } = await listen({ perAddress: 1 });
    await send('fine');
    const { status, event } = await send('fine');
    assert.equal(status, 429);
    assert.equal(event?.problem, 'LIMITE_EXCEDIDO');
    assert.deepEqual(event?.notes?.limits?.address, { count: 2, limit: 1 });
    assert.equal(event?.notes?.consent, undefined);
  });

  it('when limits are counted together with other nodes, then their count is waited for and told', async (test) => {
    const shared = memoryCounter({ latencies: [1] });
    const { send, close } = await listen({ perAddress: 3, shared });
    test.after(close);
    await send('fine');
    shared.addFromElsewhere('127.0.0.1', 7);
    const { status, event } = await send('fine');
    assert.equal(status, 429);
    assert.deepEqual(event?.notes?.limits?.address, { count: 9, limit: 3 });
  });

  it('when the service asks itself, then nothing is told', async () => {
    const { send, heard } = await listen();
    assert.equal((await send('fine', { [PROBE_HEADER]: 'own' })).status, 200);
    await send('fine');
    assert.equal(heard.length, 1);
  });
});

describe('given an operation whose calls are not kept', () => {
  it('when it was refused, then the code is told, and no notes were taken', async () => {
    const { send } = await listen({ isRecorded: false });
    const { event } = await send('refused');
    assert.equal(event?.problem, 'PERMISSAO_NAO_CONCEDIDA');
    assert.equal(event?.notes, undefined);
  });
});
