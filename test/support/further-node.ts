import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Configuration } from '../../src/app/configuration/settings.ts';
import { createDataHolder } from '../../src/app/create-data-holder.ts';
import { loadService } from '../../src/app/load-service.ts';
import { readAnswer, type TlsAnswer, type TlsExchange } from './exchange-tls.ts';
import type { TestSandbox } from './start-sandbox.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Header in which the node is told of certificates (RFC 9440). */
export const CERTIFICATE_HEADER = 'client-cert';

/** A second node of a sandbox's institutions, on plain HTTP behind a proxy that has ended TLS. */
export interface FurtherNode {
  /** What the proxy proves itself with. */
  readonly secret: string;
  /** Lines that the node logged with level `error`. */
  readonly logged: readonly string[];
  /** Lets time pass for this node alone. */
  advance(ms: number): void;
  /** Sends a request as it is; from another address of this machine where one is given. */
  send(path: string, exchange?: Omit<TlsExchange, 'identity'>, from?: string): Promise<TlsAnswer>;
  /** Sends a request as the proxy passes it on, with the certificate of whoever made it. */
  proxied(
    path: string,
    certificate: string | undefined,
    exchange?: Omit<TlsExchange, 'identity'>,
  ): Promise<TlsAnswer>;
  close(): Promise<void>;
}

const PROXY_ADDRESS = '127.0.0.1';

/** Starts a node over the store of a sandbox. Whoever starts it closes it before the sandbox ends. */
export async function startFurtherNode({ sandbox }: TestSandbox): Promise<FurtherNode> {
  const secret = 'a-secret-of-the-proxy-with-more-than-32-characters';
  const configuration: Configuration = {
    ...sandbox.configuration,
    data: [],
    state: temporaryFolder(),
    mtls: {
      host: PROXY_ADDRESS,
      port: 0,
      certificate: undefined,
      key: undefined,
      proxy: {
        header: CERTIFICATE_HEADER,
        format: 'rfc9440',
        thumbprints: [],
        addresses: [PROXY_ADDRESS],
        secret,
      },
    },
  };
  const logged: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  let ahead = 0;
  const holder = await createDataHolder({
    configuration,
    service: loadService(configuration),
    store: sandbox.store,
    logger: logger as unknown as FastifyBaseLogger,
    // Nothing of what nodes do by themselves: with a clock ahead it would end what the sandbox still needs.
    clock: { now: () => Date.now() + ahead, every: () => () => {} },
  });
  await holder.consentSide?.ready();
  if (!holder.mtlsServer) throw new Error('the node has no listener for receivers');
  const { app } = holder.mtlsServer;
  await app.listen({ host: '0.0.0.0', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const send: FurtherNode['send'] = (path, exchange = {}, from = PROXY_ADDRESS) =>
    exchangePlain({ host: PROXY_ADDRESS, port, path, localAddress: from }, exchange);

  return {
    secret,
    logged,
    send,
    advance(ms) {
      ahead += ms;
    },
    proxied: (path, certificate, exchange = {}) =>
      send(path, {
        ...exchange,
        headers: {
          ...exchange.headers,
          'x-guiche-proxy-secret': secret,
          ...(certificate === undefined ? {} : certificateHeaders(certificate)),
        },
      }),
    async close() {
      app.server.closeAllConnections();
      await Promise.all([app.close(), holder.close()]);
    },
  };
}

/** A PEM chain in the headers of RFC 9440. */
export function certificateHeaders(chain: string): Readonly<Record<string, string>> {
  const [leaf = '', ...others] = [...chain.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g)].map(
    ([, block = '']) => `:${block.replace(/\s/g, '')}:`,
  );
  return {
    [CERTIFICATE_HEADER]: leaf,
    ...(others.length > 0 && { [`${CERTIFICATE_HEADER}-chain`]: others.join(', ') }),
  };
}

function exchangePlain(
  where: { host: string; port: number; path: string; localAddress: string },
  { method = 'GET', headers = {}, body }: TlsExchange,
): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request(
      { ...where, method, agent: false, headers: { ...headers, ...length } },
      (incoming) => readAnswer(incoming, resolve, reject),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
