import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageAsset } from './page-folder.ts';

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const PROTECTION = {
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
} as const;

/** Sends a page. Nobody may keep it, frame it, or learn where it was. */
export function writePage(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  html: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(html);
  response.writeHead(status, {
    ...PROTECTION,
    ...headers,
    'content-type': 'text/html; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...(request.readableEnded || request.method !== 'POST' ? {} : { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Sends the browser to another page of the journey, to be fetched with GET. */
export function writeRedirect(response: ServerResponse, path: string): void {
  response.writeHead(303, {
    ...PROTECTION,
    location: path,
    'cache-control': 'no-store',
    'content-length': 0,
  });
  response.end();
}

/** Sends a style sheet or picture; its path changes with its bytes, so it may be kept for good. */
export function writeAsset(request: IncomingMessage, response: ServerResponse, asset: PageAsset): void {
  response.writeHead(200, {
    ...PROTECTION,
    'content-type': asset.type,
    'content-length': asset.body.length,
    'cache-control': 'public, max-age=31536000, immutable',
  });
  response.end(request.method === 'HEAD' ? undefined : asset.body);
}
