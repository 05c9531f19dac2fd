import type { IncomingMessage } from 'node:http';

/** Takes a cookie, and the signature that belongs to it, out of a request. */
export function forgetCookie(request: IncomingMessage, name: string): void {
  const { cookie } = request.headers;
  if (cookie === undefined) return;
  const kept = cookie.split(';').filter((pair) => {
    const [key] = pair.split('=', 1);
    return key?.trim() !== name && key?.trim() !== `${name}.sig`;
  });
  request.headers.cookie = kept.join(';');
}
