import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CertificateAuthority } from './certificate-authority.ts';
import { readKeySetPath } from './key-set-path.ts';
import type { KeyStore } from './key-store.ts';
import type { StatementSigner } from './software-statement.ts';

/** What is published may be kept for so long, in seconds: the time after which the last cache knows of a withdrawal. */
const MAX_AGE_S = 60;
const CRL_PATH = /^\/crl\/([0-9a-f]{40})\.crl$/;

interface PublishedDocument {
  readonly mediaType: string;
  readonly body: Uint8Array;
}

export interface KeyStoreHandlerSettings {
  /** Path that the key store is mounted at, without a slash at the end; empty for the root. */
  readonly path: string;
  readonly keyStore: Pick<KeyStore, 'keySet'>;
  readonly authority: Pick<CertificateAuthority, 'crl' | 'anchors'>;
  /** Signers of statements by the file name of their key set. */
  readonly signers: Readonly<Record<string, Pick<StatementSigner, 'keySet'>>>;
  /** Told why a document could not be had. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Creates the handler that serves, below its path, key sets of participants (`/<organisation>[/<software>][/inactive]/
 * application.jwks` and `transport.jwks`), the key sets that verify software statements, revocation lists
 * (`/crl/<issuer>.crl`) and the root certificates (`/authorities.pem`). GET and HEAD only, with `etag`; 404 and 503 are
 * JSON.
 */
export function createKeyStoreHandler(
  settings: KeyStoreHandlerSettings,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { path, keyStore, authority, signers, onFault } = settings;

  async function find(wanted: string): Promise<PublishedDocument | undefined> {
    const [, issuer] = CRL_PATH.exec(wanted) ?? [];
    if (issuer !== undefined) {
      const crl = await authority.crl(issuer);
      return crl && { mediaType: 'application/pkix-crl', body: crl.der };
    }
    if (wanted === '/authorities.pem')
      return { mediaType: 'application/x-pem-file', body: Buffer.from(await authority.anchors()) };
    const keys = await findKeySet(wanted);
    return keys && { mediaType: 'application/jwk-set+json', body: Buffer.from(JSON.stringify(keys)) };
  }

  async function findKeySet(wanted: string) {
    const file = wanted.slice(1);
    if (Object.hasOwn(signers, file)) return signers[file]?.keySet();
    const place = readKeySetPath(wanted);
    return place && keyStore.keySet(place);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return refuse(response, 405, 'method_not_allowed');
    }
    const [asked = ''] = (request.url ?? '').split('?', 1);
    const document = asked.startsWith(`${path}/`) ? await find(asked.slice(path.length)) : undefined;
    if (document) write(request, response, document);
    else refuse(response, 404, 'not_found');
  }

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      onFault(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 503, 'temporarily_unavailable');
    });
  };
}

function write(request: IncomingMessage, response: ServerResponse, document: PublishedDocument): void {
  const etag = `"${createHash('sha256').update(document.body).digest('base64url')}"`;
  response.setHeader('etag', etag);
  response.setHeader('cache-control', `public, max-age=${MAX_AGE_S}`);
  response.setHeader('x-content-type-options', 'nosniff');
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'content-type': document.mediaType, 'content-length': document.body.length });
  response.end(request.method === 'HEAD' ? undefined : document.body);
}

function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const known = header.split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known.includes('*') || known.includes(etag);
}

function refuse(response: ServerResponse, status: number, error: string): void {
  const body = JSON.stringify({ error });
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
