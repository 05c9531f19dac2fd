import type { IncomingMessage } from 'node:http';

/** The bytes of a body, or why there are none. */
export type ReceivedBody = Buffer | 'too-large' | 'too-slow' | 'broken';

/** Bounds on a body: its size in bytes and how long it may take, in milliseconds. */
export interface BodyBounds {
  readonly mostBytes: number;
  readonly mostMs: number;
}

/** Receives the body of a request within bounds. What comes beyond them is let go by unread. */
export function receiveBody(
  request: IncomingMessage,
  { mostBytes, mostMs }: BodyBounds,
): Promise<ReceivedBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooSlow = setTimeout(() => finish('too-slow'), mostMs);

    function collect(chunk: Buffer): void {
      size += chunk.length;
      if (size > mostBytes) finish('too-large');
      else chunks.push(chunk);
    }
    const complete = () => finish(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    const broken = () => finish('broken');

    function finish(received: ReceivedBody): void {
      clearTimeout(tooSlow);
      request.off('data', collect).off('end', complete).off('close', broken);
      request.resume();
      resolve(received);
    }

    request.on('data', collect).on('end', complete).on('close', broken);
    // Without a listener the end of a connection in the middle of a body would end the process.
    request.on('error', broken);
  });
}
