import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBoundedFetch } from './bounded-fetch.ts';
import type { CustomFetch } from './mtls-fetch.ts';

const REQUEST = { method: 'GET', headers: {}, body: null, redirect: 'manual' } as const;
const BOUNDS = { timeoutMs: 40, maxBytes: 8 };

function send(fetch: CustomFetch, signal?: AbortSignal): Promise<Response> {
  return createBoundedFetch(fetch, BOUNDS)('https://api.holder.example/', {
    ...REQUEST,
    ...(signal && { signal }),
  });
}

describe('given bounds of time and size', () => {
  it('when the answer is within them, then it comes whole, with its status and headers', async () => {
    const response = await send(
      async () => new Response('12345678', { status: 529, headers: { 'x-v': '2.0.0' } }),
    );
    assert.equal(response.status, 529);
    assert.equal(response.headers.get('x-v'), '2.0.0');
    assert.equal(await response.text(), '12345678');
  });

  it('when the answer has no body, then neither does what comes', async () => {
    for (const status of [202, 204]) {
      const response = await send(async () => new Response(null, { status }));
      assert.equal(response.status, status);
      assert.equal(await response.text(), '');
    }
  });

  it('when the body is too large, then reading it stops there', async () => {
    let sent = 0;
    let isCancelled = false;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(4));
      },
      cancel() {
        isCancelled = true;
      },
    });
    await assert.rejects(
      send(async () => new Response(endless)),
      { name: 'UnusableAnswer', fault: 'too-large' },
    );
    assert.ok(isCancelled);
    assert.ok(sent < 10, `${sent} parts were read`);
  });

  it('when nothing comes, even from a fetch that does not heed its signal, then the time ends it', async () => {
    await assert.rejects(
      send(() => new Promise(() => {})),
      { name: 'TimeoutError' },
    );
  });

  it('when the body stays away, then the time ends it', async () => {
    await assert.rejects(
      send(async () => new Response(new ReadableStream({}))),
      { name: 'TimeoutError' },
    );
  });

  it('when the caller gives up, then that is the end, with the caller’s reason', async () => {
    const controller = new AbortController();
    const sending = send(() => new Promise(() => {}), controller.signal);
    controller.abort(new Error('changed my mind'));
    await assert.rejects(sending, { message: 'changed my mind' });
    await assert.rejects(
      send(() => assert.fail('nobody is asked'), controller.signal),
      {
        message: 'changed my mind',
      },
    );
  });
});
