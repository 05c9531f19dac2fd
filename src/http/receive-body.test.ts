import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { receiveBody } from './receive-body.ts';

const BOUNDS = { mostBytes: 100, mostMs: 60 };

function send(pieces: readonly Buffer[], ends = true): IncomingMessage {
  const stream = new PassThrough();
  for (const piece of pieces) stream.write(piece);
  if (ends) stream.end();
  return stream as unknown as IncomingMessage;
}

describe('given a body that arrives', () => {
  it('when it is within its bounds, then it is received as it was sent; beyond them it is too large', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 4 }),
        async (pieces) => {
          const sent = Buffer.concat(pieces);
          const received = await receiveBody(send(pieces.map((piece) => Buffer.from(piece))), BOUNDS);
          assert.deepEqual(received, sent.length > BOUNDS.mostBytes ? 'too-large' : sent);
        },
      ),
    );
  });

  it('when it does not end in time, then it is too slow, and the rest is let go by', async () => {
    const request = send([Buffer.from('a')], false);
    assert.equal(await receiveBody(request, BOUNDS), 'too-slow');
    const rest = request as unknown as PassThrough;
    for (let pieces = 0; pieces < 50; pieces += 1)
      await new Promise((resolve) => rest.write(Buffer.alloc(10_000), resolve));
    assert.equal(rest.readableLength, 0);
  });

  it('when the connection ends before it, then it is broken', async () => {
    for (const reason of [undefined, new Error('ECONNRESET')]) {
      const request = send([Buffer.from('a')], false);
      setTimeout(() => request.destroy(reason), 5);
      assert.equal(await receiveBody(request, BOUNDS), 'broken');
    }
  });
});
