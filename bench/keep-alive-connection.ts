import { connect, type Socket } from 'node:net';
import { connect as connectSecurely, type SecureContext } from 'node:tls';

/** What came back for a request. */
export interface Received {
  readonly status: number;
  body(): string;
}

/** One connection to a server, which is opened again when it has broken. */
export interface KeepAliveConnection {
  /**
   * Sends one GET, or a POST where there is a body, and waits for the whole answer; rejects when the connection breaks
   * before. One at a time.
   */
  ask(path: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<Received>;
  close(): void;
}

interface Pending {
  resolve(received: Received): void;
  reject(error: Error): void;
}

const HEAD_END = '\r\n\r\n';

/**
 * Creates a connection that does the least a client can, so that one process sends thousands of requests a second and
 * counts every answer. It reads answers with a `content-length` or without a body, which is all that guiche sends.
 *
 * @param identity of an `https` origin: what the server is believed by, and the client's own certificate
 */
export function createKeepAliveConnection(origin: string, identity?: SecureContext): KeepAliveConnection {
  const { protocol, hostname, port, host } = new URL(origin);
  const address = { host: hostname, port: Number(port) };
  let socket: Socket | undefined;
  let pending: Pending | undefined;
  let chunks: Buffer[] = [];
  let received = 0;
  let status = 0;
  let bodyFrom = 0;
  let length = Number.POSITIVE_INFINITY;

  function open(): Socket {
    const opened =
      protocol === 'https:' && identity
        ? connectSecurely({ ...address, secureContext: identity }).setNoDelay()
        : connect({ ...address, noDelay: true });
    opened.on('data', hear);
    opened.on('error', (error) => lose(opened, error));
    opened.on('close', () => lose(opened, new Error('the connection was closed')));
    return opened;
  }

  function lose(lost: Socket, error: Error): void {
    if (socket !== lost) return;
    socket = undefined;
    const asked = pending;
    forget();
    asked?.reject(error);
  }

  function forget(): void {
    pending = undefined;
    chunks = [];
    received = 0;
    length = Number.POSITIVE_INFINITY;
  }

  function hear(chunk: Buffer): void {
    chunks.push(chunk);
    received += chunk.length;
    if (length === Number.POSITIVE_INFINITY) readHead();
    if (received < length) return;
    const asked = pending;
    const answer = { status, body: bodyReader(chunks, bodyFrom) };
    forget();
    asked?.resolve(answer);
  }

  function readHead(): void {
    const start = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const end = start.indexOf(HEAD_END);
    if (end === -1) return;
    const head = start.toString('latin1', 0, end);
    status = Number(head.slice(9, 12));
    bodyFrom = end + HEAD_END.length;
    const bodyLength =
      status === 304 || status === 204 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    length = bodyFrom + bodyLength;
  }

  function ask(
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<Received> {
    return new Promise((resolve, reject) => {
      pending = { resolve, reject };
      socket ??= open();
      let head = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
      for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
      if (body !== undefined) head += `content-length: ${Buffer.byteLength(body)}\r\n`;
      socket.write(`${head}\r\n${body ?? ''}`, 'utf8');
    });
  }

  return {
    ask,
    close() {
      const open = socket;
      socket = undefined;
      open?.destroy();
    },
  };
}

function bodyReader(chunks: readonly Buffer[], from: number): () => string {
  return () => Buffer.concat(chunks).toString('utf8', from);
}
