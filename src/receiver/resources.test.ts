import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  accessMadeUpHolder,
  errors,
  type HolderRequest,
  type MadeUpAnswer,
  madeUpUrl,
  page,
} from '../../test/support/made-up-holder.ts';
import type { HolderUnavailable } from './receiver-errors.ts';
import { resources } from './resources.ts';

const LIST = [{ resourceId: 'acc-1', type: 'ACCOUNT', status: 'AVAILABLE' }];
const READY = [200, page(LIST)] as const;
const PREPARING = [202] as const;
const FAILED = [500, errors('ERRO')] as const;
const STATUS_PATH = '/open-banking/discovery/v2/status';
const upper = () => 0.999_999;

/** Answers one after the other; the last one again and again. */
function inTurn(...answers: readonly MadeUpAnswer[]) {
  let turn = -1;
  return () => {
    turn += 1;
    return answers[Math.min(turn, answers.length - 1)] as MadeUpAnswer;
  };
}

function seconds(waits: readonly number[]): number[] {
  return waits.map((ms) => Math.round(ms / 1_000));
}

describe('given a list of resources that is being prepared', () => {
  it('when it is read once, then it says when to ask again', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => [202, undefined, { 'retry-after': '3' }] });
    assert.deepEqual(await resources(access).read(), { status: 'preparing', retryAfterMs: 3_000 });
  });

  it('when it is polled, then it is asked for with growing waits until it is there', async () => {
    const told: number[] = [];
    const { access, waits } = await accessMadeUpHolder({
      answer: inTurn(...Array.from({ length: 8 }, () => PREPARING), READY),
      random: upper,
    });
    assert.deepEqual(await resources(access).poll({ onWait: (ms) => told.push(ms) }), LIST);
    assert.deepEqual(seconds(waits), [1, 2, 4, 8, 16, 32, 60, 60]);
    assert.deepEqual(told, waits);
  });

  it('when chance is small, then so are the waits', async () => {
    const { access, waits } = await accessMadeUpHolder({
      answer: inTurn(PREPARING, PREPARING, READY),
      random: () => 0.25,
    });
    await resources(access).poll();
    assert.deepEqual(waits, [250, 500]);
  });

  it('when the holder says how long, then it is not asked sooner', async () => {
    const { access, waits } = await accessMadeUpHolder({
      answer: inTurn([202, undefined, { 'retry-after': '9' }], READY),
    });
    await resources(access).poll();
    assert.ok((waits[0] ?? 0) >= 9_000);
  });

  it('when the holder’s time for it is over, then it is not asked again', async () => {
    const { access, requests } = await accessMadeUpHolder({
      answer: inTurn(
        PREPARING,
        [504, errors('RETRY_EXCEDIDO'), { 'x-fapi-interaction-id': 'theirs' }],
        READY,
      ),
    });
    await assert.rejects(resources(access).poll(), {
      name: 'RetryExceeded',
      status: 504,
      code: 'RETRY_EXCEDIDO',
      interactionId: 'theirs',
      reason: { kind: 'late' },
    });
    assert.equal(requests.length, 2);
  });

  it('when the receiver’s own patience is over, then it says how long it has waited', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => PREPARING, random: upper });
    await assert.rejects(resources(access).poll({ maxWaitMs: 20_000 }), {
      name: 'StillPreparing',
      message: 'the list of resources was not ready after 15 s',
    });
  });

  it('when the caller gives up, then with the caller’s reason', async () => {
    const controller = new AbortController();
    const { access } = await accessMadeUpHolder({ answer: () => PREPARING });
    const polling = resources(access).poll({
      signal: controller.signal,
      onWait: () => controller.abort(new Error('changed my mind')),
    });
    await assert.rejects(polling, { message: 'changed my mind' });
  });
});

describe('given a list of resources that is ready', () => {
  it('when it has several pages, then all of them are read', async () => {
    const second = { resourceId: 'acc-2', type: 'ACCOUNT', status: 'PENDING_AUTHORISATION' };
    const { access } = await accessMadeUpHolder({
      answer: ({ url }) =>
        url.searchParams.has('page')
          ? [200, page([second])]
          : [200, page(LIST, madeUpUrl('/open-banking/resources/v3/resources?page=2'))],
    });
    assert.deepEqual(await resources(access).poll(), [...LIST, second]);
  });

  it('when it is none, then it is of no use', async () => {
    for (const data of ['nonsense', [null], [{ resourceId: 1 }], undefined]) {
      const { access } = await accessMadeUpHolder({ answer: () => [200, page(data)] });
      await assert.rejects(resources(access).poll(), { fault: 'malformed' });
    }
  });

  it('when the consent does not open it, then that is a refusal and nothing is asked again', async () => {
    const { access, requests } = await accessMadeUpHolder({ answer: () => [403, errors('NAO_INFORMADO')] });
    await assert.rejects(resources(access).poll(), { name: 'HolderRefusal', status: 403 });
    assert.equal(requests.length, 1);
  });
});

describe('given a holder that fails', () => {
  const failing = (status: (request: HolderRequest) => MadeUpAnswer, failure: MadeUpAnswer = FAILED) =>
    accessMadeUpHolder({
      answer: (request) => (request.url.pathname === STATUS_PATH ? status(request) : failure),
    });

  it('when it recovers, then the list comes', async () => {
    const { access, waits } = await accessMadeUpHolder({ answer: inTurn(FAILED, FAILED, FAILED, READY) });
    assert.deepEqual(await resources(access).poll(), LIST);
    assert.equal(waits.length, 3);
  });

  it('when it is not the same failures one after the other, then they do not add up', async () => {
    const { access } = await accessMadeUpHolder({
      answer: inTurn(FAILED, FAILED, FAILED, PREPARING, FAILED, FAILED, FAILED, READY),
    });
    assert.deepEqual(await resources(access).poll(), LIST);
  });

  it('when it goes on, then its discovery API is asked, without a token, and its word is told', async () => {
    const outage = {
      code: 'SCHEDULED_OUTAGE',
      explanation: 'Manutenção',
      expectedResolutionTime: '2026-03-02T14:00:00Z',
      unavailableEndpoints: [madeUpUrl('/open-banking/resources/v3/resources')],
    };
    const { access, requests } = await failing(() => [200, { data: { status: [outage] } }]);
    await assert.rejects(resources(access).poll(), (error: HolderUnavailable) => {
      assert.equal(error.name, 'HolderUnavailable');
      assert.equal((error.cause as { status: number }).status, 500);
      assert.deepEqual(error.discovery, {
        isReached: true,
        code: 'SCHEDULED_OUTAGE',
        incidents: [
          {
            code: 'SCHEDULED_OUTAGE',
            explanation: 'Manutenção',
            expectedResolutionTime: '2026-03-02T14:00:00Z',
            endpoints: outage.unavailableEndpoints,
          },
        ],
      });
      return true;
    });
    assert.equal(requests.length, 5);
    assert.equal(requests.at(-1)?.headers.get('authorization'), null);
  });

  it('when its discovery API fails too, or talks nonsense, then that is told', async () => {
    for (const status of [
      [500],
      [200, 'nonsense'],
      [200, { data: { status: [{ code: 'FINE' }] } }],
    ] as const) {
      const { access } = await failing(() => status as MadeUpAnswer);
      await assert.rejects(resources(access).poll({ maxFailures: 1 }), {
        name: 'HolderUnavailable',
        discovery: { isReached: false },
      });
    }
  });

  it('when no answer comes at all, then that is a failure like others', async () => {
    const { access } = await accessMadeUpHolder({
      answer: ({ url }) => {
        if (url.pathname === STATUS_PATH)
          return [200, { data: { status: [{ code: 'OK', explanation: '' }] } }];
        throw new TypeError('fetch failed');
      },
    });
    await assert.rejects(resources(access).poll(), (error: HolderUnavailable) => {
      assert.equal((error.cause as Error).name, 'NoAnswer');
      assert.ok(error.discovery.isReached && error.discovery.code === 'OK');
      return true;
    });
  });

  for (const status of [429, 529])
    it(`when it answers ${status}, then it is asked again after what it says, and that is no failure`, async () => {
      const busy = [status, errors('X'), { 'retry-after': '5' }] as const;
      const { access, waits } = await accessMadeUpHolder({
        answer: inTurn(busy, busy, busy, busy, busy, READY),
        random: () => 0,
      });
      assert.deepEqual(await resources(access).poll(), LIST);
      assert.deepEqual(waits, [5_000, 5_000, 5_000, 5_000, 5_000]);
    });
});
