import { createSecureContext } from 'node:tls';
import { type Dispatcher, Pool } from 'undici';
import { BadAnswer } from './bad-answer.ts';
import { ConnectorAway } from './connector-away.ts';
import type { CoreOperation } from './core-contract.ts';
import type { SignRequest } from './request-signer.ts';

export interface TransportSettings {
  readonly url: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly authorities?: string | undefined;
  readonly sign?: SignRequest | undefined;
  readonly maxAnswerBytes: number;
  readonly connectTimeoutMs: number;
}

/** Connections to an institution's systems. */
export interface CoreTransport {
  /**
   * Sends one request, once. Returns the body of an answer with status 200 and JSON. Rejects with {@link ConnectorAway}
   * or {@link BadAnswer}, and with the signal's reason.
   */
  send(
    operation: CoreOperation,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<Buffer>;
  close(): Promise<void>;
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Deadlines end calls; this only ends what is left of answers that nobody reads. */
const IDLE_TIMEOUT_MS = 30_000;
/** So much of an answer that is not wanted is read, for the connection to go on. */
const DUMPED_BYTES = 16 * 1024;
const REPEATABLE = new Set([502, 503, 504]);

/**
 * Creates the connections; none is opened yet. There are as many as calls under way, which callers bound.
 *
 * @throws Error for a URL, certificate or key that cannot be used, and where nothing would tell the systems who asks.
 */
export function createCoreTransport(settings: TransportSettings): CoreTransport {
  const base = readBase(settings);
  checkTrust(settings);
  const pool = new Pool(base.origin, {
    connect: {
      ...(settings.certificate !== undefined && { cert: settings.certificate, key: settings.key }),
      ...(settings.authorities !== undefined && { ca: settings.authorities }),
      minVersion: 'TLSv1.2',
      timeout: settings.connectTimeoutMs,
    },
    pipelining: 1,
    headersTimeout: IDLE_TIMEOUT_MS,
    bodyTimeout: IDLE_TIMEOUT_MS,
  });
  const prefix = base.pathname.replace(/\/+$/, '');

  return {
    async send(operation, headers, body, signal) {
      const { name, method } = operation;
      const path = `${prefix}${operation.path}`;
      const signature = await settings.sign?.(method, `${base.origin}${path}`, body);
      try {
        const answer = await pool.request({
          path,
          method,
          headers: {
            accept: 'application/json',
            ...(method === 'POST' && { 'content-type': 'application/json' }),
            ...(signature !== undefined && { 'x-guiche-signature': signature }),
            ...headers,
          },
          ...(method === 'POST' && { body }),
          signal,
        });
        checkHead(name, answer);
        return await readBody(name, answer, settings.maxAnswerBytes);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw tellFailure(name, error);
      }
    },
    close: () => (pool.closed ? Promise.resolve() : pool.close()),
  };
}

function readBase({ url, certificate, sign }: TransportSettings): URL {
  if (!URL.canParse(url)) throw new Error('the URL of the systems is none');
  const base = new URL(url);
  if (`${base.username}${base.password}${base.search}${base.hash}` !== '')
    throw new Error('the URL of the systems must have no credentials, query or fragment');
  const isHere = LOOPBACK.has(base.hostname);
  if (base.protocol !== 'https:' && !(base.protocol === 'http:' && isHere))
    throw new Error('the URL of the systems must be https, or http to this very computer');
  if (!isHere && certificate === undefined && sign === undefined)
    throw new Error('the systems cannot tell who asks: a certificate or signed requests are needed');
  return base;
}

function checkTrust({ certificate, key, authorities }: TransportSettings): void {
  if ((certificate === undefined) !== (key === undefined))
    throw new Error('a certificate needs its key, and a key its certificate');
  try {
    createSecureContext({ cert: certificate, key, ca: authorities });
  } catch (error) {
    const code = codeOf(error);
    throw new Error(`certificate, key or authorities cannot be used (${code})`);
  }
}

function checkHead(operation: string, { statusCode, headers, body }: Dispatcher.ResponseData): void {
  if (statusCode !== 200) {
    void body.dump({ limit: DUMPED_BYTES }).catch(() => undefined);
    throw tellStatus(operation, statusCode);
  }
  const fault = faultOfHead(headers);
  if (fault === undefined) return;
  discard(body);
  throw new BadAnswer(operation, fault);
}

function tellStatus(operation: string, status: number): Error {
  if (status < 500 && status !== 408 && status !== 429)
    return new BadAnswer(operation, `its status is ${status}`);
  return new ConnectorAway('failing', `the institution's systems answer ${operation} with ${status}`, {
    isPassing: REPEATABLE.has(status),
  });
}

function faultOfHead(headers: Dispatcher.ResponseData['headers']): string | undefined {
  if (!/^application\/json[ \t]*(?:;|$)/i.test(String(headers['content-type'] ?? '')))
    return 'it is not application/json';
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return 'it is encoded';
  return undefined;
}

async function readBody(
  operation: string,
  { headers, body }: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<Buffer> {
  const tooLarge = () => {
    discard(body);
    return new BadAnswer(operation, `it is larger than ${maxBytes} bytes`);
  };
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined).destroy();
}

/** Messages of the network name addresses; its codes do not. */
function tellFailure(operation: string, error: unknown): Error {
  if (error instanceof ConnectorAway || error instanceof BadAnswer) return error;
  const code = codeOf(error);
  if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED')
    return new ConnectorAway('closed', "the connection to the institution's systems is closed");
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new BadAnswer(operation, `it is not HTTP (${code})`);
  return new ConnectorAway('unreachable', `the institution's systems cannot be reached (${code})`, {
    isPassing: true,
  });
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'UNKNOWN';
}
