import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accessMadeUpHolder, errors, madeUpUrl, page } from '../../test/support/made-up-holder.ts';
import { read } from './read.ts';
import type { HolderRefusal } from './receiver-errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ACCOUNT = {
  family: 'accounts',
  path: '/accounts/{accountId}',
  params: { accountId: 'acc-1' },
} as const;
const RESOURCES = '/open-banking/resources/v3/resources';

describe('given a holder that answers', () => {
  it('when something is read, then the answer comes with its interaction id and version', async () => {
    const { access, requests } = await accessMadeUpHolder({
      answer: () => [200, page({ id: 1 }), { 'x-v': '2.4.2', 'x-fapi-interaction-id': 'theirs' }],
    });
    const answer = await read<{ data: { id: number } }>(access, ACCOUNT, { version: '2.4.2' });
    assert.deepEqual(
      {
        status: answer.status,
        id: answer.body.data.id,
        interactionId: answer.interactionId,
        v: answer.version,
      },
      { status: 200, id: 1, interactionId: 'theirs', v: '2.4.2' },
    );
    assert.match(String(requests[0]?.headers.get('x-fapi-interaction-id')), UUID);
    assert.equal(requests[0]?.headers.get('x-v'), '2.4.2');
    assert.equal(requests[0]?.url.href, madeUpUrl('/open-banking/accounts/v2/accounts/acc-1'));
  });

  it('when it does not echo the interaction id, then the one that was sent is told', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => [200, page([])] });
    assert.equal((await read(access, ACCOUNT, { interactionId: 'mine' })).interactionId, 'mine');
  });

  it('when what it sends is no JSON, or leads elsewhere, then it is of no use', async () => {
    for (const answer of [
      new Response('<p>'),
      new Response(null, { status: 302, headers: { location: '/' } }),
    ]) {
      const { access } = await accessMadeUpHolder({ answer: () => answer });
      await assert.rejects(read(access, ACCOUNT), { name: 'UnusableAnswer', fault: 'malformed' });
    }
  });

  it('when it sends more than the receiver takes, then it is of no use', async () => {
    const { access } = await accessMadeUpHolder({
      answer: () => [200, page('x'.repeat(5_000))],
      limits: { answerBytes: 4_096 },
    });
    await assert.rejects(read(access, ACCOUNT), { name: 'UnusableAnswer', fault: 'too-large' });
  });
});

describe('given a holder that does not answer', () => {
  it('when the connection fails, then that is told', async () => {
    const { access } = await accessMadeUpHolder({
      answer: () => {
        throw new TypeError('fetch failed');
      },
    });
    await assert.rejects(read(access, ACCOUNT), { name: 'NoAnswer' });
  });

  it('when the time is over, then that is told', async () => {
    const { access } = await accessMadeUpHolder({
      answer: () => new Promise(() => {}),
      limits: { callMs: 30 },
    });
    await assert.rejects(read(access, ACCOUNT), ({ name, cause }: Error) => {
      assert.equal(name, 'NoAnswer');
      assert.equal((cause as Error).name, 'TimeoutError');
      return true;
    });
  });

  it('when the caller gives up, then with the caller’s reason', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => new Promise(() => {}) });
    const signal = AbortSignal.timeout(20);
    await assert.rejects(read(access, ACCOUNT, { signal }), { name: 'TimeoutError' });
  });
});

describe('given a holder that has too much to do', () => {
  for (const status of [429, 529])
    it(`when it answers ${status} and says how long, then it is asked again after that`, async () => {
      let turn = 0;
      const { access, waits, requests } = await accessMadeUpHolder({
        answer: () => {
          turn += 1;
          return turn < 3 ? [status, errors('NAO_INFORMADO'), { 'retry-after': '4' }] : [200, page([])];
        },
        random: () => 0,
      });
      assert.equal((await read(access, ACCOUNT)).status, 200);
      assert.deepEqual(waits, [4_000, 4_000]);
      assert.equal(requests.length, 3);
    });

  it('when it says nothing, then the waits grow', async () => {
    const { access, waits } = await accessMadeUpHolder({ answer: () => [429], random: () => 0.999 });
    await assert.rejects(read(access, ACCOUNT), { reason: { kind: 'too-many-requests' } });
    assert.deepEqual(
      waits.map((ms) => Math.round(ms / 1_000)),
      [1, 2, 4, 8, 16],
    );
  });

  it('when it asks for more patience than there is, then it is a refusal at once', async () => {
    const { access, waits } = await accessMadeUpHolder({
      answer: () => [529, undefined, { 'retry-after': '120' }],
    });
    await assert.rejects(read(access, ACCOUNT), { status: 529, retryAfterMs: 120_000 });
    assert.deepEqual(waits, []);
  });
});

describe('given a read of a resource that is refused', () => {
  const refusing = (code: string, resources: () => unknown) =>
    accessMadeUpHolder({
      answer: ({ url }) =>
        url.pathname === RESOURCES
          ? [200, page(resources())]
          : [403, errors(code), { 'x-fapi-interaction-id': 'i' }],
    });
  const listed = (status: string) => [{ resourceId: 'acc-1', type: 'ACCOUNT', status }];

  it('when the resource is named, then the refusal has where it stands now', async () => {
    const { access } = await refusing('status_RESOURCE_TEMPORARY_UNAVAILABLE', () =>
      listed('TEMPORARILY_UNAVAILABLE'),
    );
    await assert.rejects(read(access, ACCOUNT, { resourceId: 'acc-1' }), {
      name: 'HolderRefusal',
      status: 403,
      reason: { kind: 'temporarily-unavailable' },
      currentState: 'TEMPORARILY_UNAVAILABLE',
      interactionId: 'i',
    });
  });

  it('when the list does not have it any more, then it says so', async () => {
    const { access } = await refusing('RESOURCE_FORBIDDEN', () => []);
    await assert.rejects(read(access, ACCOUNT, { resourceId: 'acc-1' }), { currentState: 'NOT_LISTED' });
  });

  it('when the list cannot be had, then the refusal is told all the same', async () => {
    const { access } = await refusing('STATUS_RESOURCE_UNAVAILABLE', () => 'nonsense');
    await assert.rejects(read(access, ACCOUNT, { resourceId: 'acc-1' }), {
      reason: { kind: 'unavailable' },
      currentState: undefined,
    });
  });

  it('when the resource is not named, then nothing else is read', async () => {
    const { access, requests } = await refusing('STATUS_RESOURCE_UNAVAILABLE', () => listed('UNAVAILABLE'));
    const error = await read(access, ACCOUNT).catch((caught: HolderRefusal) => caught);
    assert.equal((error as HolderRefusal).currentState, undefined);
    assert.equal(requests.length, 1);
  });

  it('when the body is none of the contract’s, then it is a refusal all the same', async () => {
    for (const body of [
      '<html>',
      'null',
      '[]',
      '{"errors":{}}',
      '{"errors":[null]}',
      '{"errors":[{"code":7}]}',
    ]) {
      const { access } = await accessMadeUpHolder({ answer: () => new Response(body, { status: 403 }) });
      await assert.rejects(read(access, ACCOUNT), {
        status: 403,
        code: undefined,
        reason: { kind: 'not-permitted' },
      });
    }
  });
});
