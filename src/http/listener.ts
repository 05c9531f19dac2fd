import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type TlsMaterial, tlsOptions } from './tls/tls-options.ts';

/** Bounds on what a caller may send and how long it may take. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
/** How often the bounds on time are looked at; Node's own 30 s would triple the first of them. */
const TIMEOUT_CHECK_MS = 2_000;
const KEEP_ALIVE_MS = 72_000;

const OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  // Node's own refusal has no body, so the host is checked where the request is read.
  requireHostHeader: false,
} as const;

/** What Node listens with: one server, or one for each address of a name that has several. */
export interface Listener {
  createServer(receive: RequestListener): Server;
  /**
   * Has new connections answered with another certificate; those that are open stay as they are.
   *
   * @throws Error when the listener has no TLS, or the key and the certificate are not a pair: then nothing changes
   */
  replaceCertificate(material: TlsMaterial): void;
}

/** Creates a listener, for TLS when there is material for it. */
export function createListener(tls: TlsMaterial | undefined): Listener {
  const tlsServers: TlsServer[] = [];
  // A server of an address that is listened on later must not start with what has been replaced.
  let material = tls;

  function createBare(receive: RequestListener): Server {
    if (!material) return createServer(OPTIONS, receive);
    const server = createTlsServer({ ...OPTIONS, ...tlsOptions(material) }, receive);
    tlsServers.push(server);
    // The two classes share no ancestor in the types, but all that a listener of HTTP is asked for.
    return server as unknown as Server;
  }

  return {
    createServer(receive) {
      const server = createBare(receive);
      // Who is to be told to send a body is decided where the body is wanted: for most requests nobody. Node's own
      // `100 Continue` lands inside a pipelined answer, and its own refusal of other expectations has no body.
      for (const event of ['checkContinue', 'checkExpectation'])
        server.on(event, (request: IncomingMessage, response) => server.emit('request', request, response));
      return server;
    },
    replaceCertificate(next) {
      if (!material) throw new Error('this listener has no TLS');
      const options = tlsOptions(next);
      for (const server of tlsServers) server.setSecureContext(options);
      material = next;
    },
  };
}
