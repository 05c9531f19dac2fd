import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientCertificate } from '../../kernel/client-certificate.ts';
import type { DirectoryTokens, TokenAnswer, TokenRequest } from './directory-tokens.ts';

export interface TokenEndpointSettings {
  readonly tokens: DirectoryTokens;
  /** The certificate of the TLS handshake, or of an authenticated proxy. */
  readonly certificateOf: (request: IncomingMessage) => ClientCertificate | undefined;
  /** Hears of what should not have happened. */
  readonly onError: (error: unknown) => void;
}

const MOST_BYTES = 4096;
const MOST_MS = 5000;
const FORM = 'application/x-www-form-urlencoded';
const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' };

/** Creates the handler of `POST /token` of the directory, for its mTLS listener. */
export function createTokenEndpoint({ tokens, certificateOf, onError }: TokenEndpointSettings) {
  async function answer(request: IncomingMessage): Promise<TokenAnswer | undefined> {
    const form = await readForm(request);
    if (!form) return { status: 400, body: { error: 'invalid_request' } };
    return tokens.issue(form, certificateOf(request));
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'POST') {
      write(response, 405, { error: 'invalid_request' }, { allow: 'POST' });
      return;
    }
    answer(request)
      .then((given) => given && write(response, given.status, given.body))
      .catch((error) => {
        onError(error);
        write(response, 500, { error: 'server_error' });
      });
  };
}

function write(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...HEADERS, ...headers }).end(JSON.stringify(body));
}

/** A form in which every parameter stands once; undefined for anything else, too much, or too slow. */
async function readForm(request: IncomingMessage): Promise<TokenRequest | undefined> {
  const [type] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type?.trim() !== FORM || request.headers['content-encoding'] !== undefined) return undefined;
  const text = await receiveText(request);
  if (text === undefined) return undefined;
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name)) return undefined;
    form.set(name, value);
  }
  return form;
}

function receiveText(request: IncomingMessage): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => resolve(undefined), MOST_MS).unref();
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MOST_BYTES) resolve(undefined);
    else chunks.push(chunk);
  });
  request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  request.on('error', () => resolve(undefined));
  request.on('close', () => resolve(undefined));
  return promise.finally(() => clearTimeout(timer));
}
