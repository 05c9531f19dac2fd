import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';

/** What tells one version of a document from another, as its server said it. */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export type Fetched =
  | { readonly isChanged: false }
  | { readonly isChanged: true; readonly body: Buffer; readonly validators: Validators };

export interface FetchLimits {
  /** Longest body, in bytes. */
  readonly maxBytes: number;
  /** Longest time for all of it, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Fetches a document, unless it is still the one that the validators are of. Rejects when the answer is neither 200 nor
 * 304 — redirects are not followed — is larger or takes longer than the limits, is encoded, or does not come.
 */
export type FetchDocument = (url: URL, limits: FetchLimits, validators?: Validators) => Promise<Fetched>;

export interface FetchSettings {
  /** Certificates, as PEM, that servers are trusted by besides those the computer trusts. */
  readonly authorities?: string | undefined;
}

/** Creates a fetcher of documents over `https:` and `http:`. Every fetch has a connection of its own. */
export function createFetchDocument({ authorities }: FetchSettings = {}): FetchDocument {
  const ca = authorities === undefined ? undefined : [...rootCertificates, authorities];

  return async (url, { maxBytes, timeoutMs }, validators = {}) => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new Error(`${url.protocol} is not a way to fetch documents`);
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = {
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(validators.etag !== undefined && { 'if-none-match': validators.etag }),
      ...(validators.lastModified !== undefined && { 'if-modified-since': validators.lastModified }),
    };
    const options: RequestOptions = { agent: false, headers, signal, ...(ca && { ca }) };
    try {
      const response = await send(url, options);
      return await receive(response, maxBytes, signal);
    } catch (error) {
      throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error;
    }
  };
}

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:' ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve);
    request.on('error', reject).end();
  });
}

async function receive(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Fetched> {
  try {
    const { statusCode, headers } = response;
    if (statusCode === 304) return { isChanged: false };
    if (statusCode !== 200) throw new Error(`the answer is ${statusCode}`);
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new Error('the answer is encoded');
    const body = await readBody(response, maxBytes, signal);
    return {
      isChanged: true,
      body,
      validators: { etag: headers.etag, lastModified: headers['last-modified'] },
    };
  } finally {
    response.destroy();
  }
}

async function readBody(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  // A connection that breaks off ends the stream like any other.
  if (!response.complete) throw new Error('the answer breaks off');
  return Buffer.concat(chunks);
}
