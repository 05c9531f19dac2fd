import { connect } from 'node:net';

/** Bytes to send over one connection, in pieces with a pause between them where one is given. */
export interface BytesToSend {
  readonly pieces: readonly Buffer[];
  readonly pauseMs?: number;
  /** False keeps our side open, as a client does that has more to say. */
  readonly ends?: boolean;
}

/** A connection that gives nothing and does not close in this time is given up. */
const PATIENCE_MS = 10_000;

/** Sends bytes over a connection of their own, and collects all that comes until the other side closes it. */
export function exchangeBytes(
  port: number,
  { pieces, pauseMs = 0, ends = true }: BytesToSend,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let next: NodeJS.Timeout | undefined;
    const waiting = [...pieces];
    function sendNext(): void {
      const piece = waiting.shift();
      if (piece === undefined) {
        if (ends) socket.end();
        return;
      }
      socket.write(piece);
      if (pauseMs === 0) sendNext();
      else next = setTimeout(sendNext, pauseMs);
    }
    const finish = () => {
      clearTimeout(next);
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    socket.setTimeout(PATIENCE_MS, () => {
      socket.destroy();
      reject(
        new Error(`the connection stayed open after ${JSON.stringify(String(pieces[0]).slice(0, 200))}`),
      );
    });
    socket.on('connect', sendNext);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', finish);
    // A refusal closes the line while we may still be sending.
    socket.on('error', finish);
  });
}
