import type { IncomingMessage } from 'node:http';

/** Where an issuer stands on one listener. */
export interface ListenerMount {
  /** Path prefix without a slash at the end; empty at the root. */
  readonly prefix: string;
  /**
   * Takes the prefix off the URL and makes the request one to the configured host over TLS, whatever the caller or a
   * proxy calls it: the library derives URLs from it. Answers with the path below the prefix, without the query.
   */
  enter(request: IncomingMessage): string;
}

/** Creates the mount of a base URL, such as the issuer. */
export function createListenerMount(base: string): ListenerMount {
  const { host, pathname } = new URL(base);
  const prefix = pathname.replace(/\/$/, '');
  return {
    prefix,
    enter(request) {
      const url = request.url ?? '/';
      const below = url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : '/';
      (request as IncomingMessage & { originalUrl?: string }).originalUrl = `${prefix}${below}`;
      request.url = below;
      request.headers.host = host;
      request.headers['x-forwarded-proto'] = 'https';
      delete request.headers['x-forwarded-host'];
      delete request.headers['x-forwarded-for'];
      return below.split('?', 1)[0] as string;
    },
  };
}
