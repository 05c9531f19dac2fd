import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Json } from './send-request.ts';

export interface TlsExchange {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Presented in the handshake; absent for a client without one. */
  readonly identity?: { readonly certificate: string; readonly key: string } | undefined;
}

export interface TlsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  readonly json: () => Json;
}

/** Sends one request over a TLS connection of its own; whoever serves it is believed. Redirects are not followed. */
export function exchangeTls(url: string | URL, exchange: TlsExchange = {}): Promise<TlsAnswer> {
  const { method = 'GET', headers = {}, body, identity } = exchange;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        headers: {
          ...headers,
          ...(body === undefined || 'transfer-encoding' in headers
            ? {}
            : { 'content-length': Buffer.byteLength(body) }),
        },
        agent: false,
        rejectUnauthorized: false,
        ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
      },
      (incoming) => readAnswer(incoming, resolve, reject),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Reads an answer to its end. */
export function readAnswer(
  incoming: IncomingMessage,
  resolve: (answer: TlsAnswer) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('error', reject);
  incoming.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    resolve({
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      text,
      json: () => JSON.parse(text),
    });
  });
}
