import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { AnsweredListener } from '../contract/answered.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { createClientAddress } from './client-address.ts';
import { type CertificateOf, createClientCertificate } from './client-certificate.ts';
import type { CallerGuard } from './limits/check-limits.ts';
import { createListener } from './listener.ts';
import { createMountHandler, type Mount, type MountHandler } from './mounts.ts';
import { createRefusals } from './refuse-unrouted.ts';
import {
  createOperationHandler,
  type ListenerContext,
  type OperationHandler,
  type ServedOperation,
} from './serve-operation.ts';
import type { TlsMaterial } from './tls/tls-options.ts';

export interface ServerSettings {
  readonly operations: readonly ServedOperation[];
  readonly logger: FastifyBaseLogger;
  readonly now: () => number;
  /** Without it the listener speaks plain HTTP, for a proxy that ends TLS. */
  readonly tls?: TlsMaterial;
  /** Addresses and ranges of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies?: readonly string[];
  /** Asked about every request on its arrival. What stands behind the listener must ask the same instance. */
  readonly certificateOf?: CertificateOf;
  /** What is no API. */
  readonly mounts?: readonly Mount[];
  /** Holds the traffic limits for requests to mounts; operations have a step for it. */
  readonly guardMounts?: CallerGuard;
  readonly onAnswered?: AnsweredListener;
  /** Value of the `x-guiche-probe` header by which the service knows its own probes. */
  readonly probeToken?: string;
}

/** A listener of the service. */
export interface HttpServer {
  readonly app: FastifyInstance;
  /** Starts to refuse to keep connections, so that callers move on. */
  drain(): void;
  /**
   * Has new connections answered with another certificate; those that are open stay as they are.
   *
   * @throws Error when the listener has no TLS, or the key and the certificate are not a pair: then nothing changes
   */
  replaceCertificate(material: TlsMaterial): void;
}

/** Header of the service's own probes. */
export const PROBE_HEADER = 'x-guiche-probe';

/** As it is in the URL: a value of 512 characters may come with each of them percent-encoded. */
const LONGEST_PARAMETER = 3 * 512;

/** Builds a listener: one route per operation, the mounts, and regulated answers for everything else. */
export function createServer(settings: ServerSettings): HttpServer {
  const { operations, now } = settings;
  let isDraining = false;
  const context = createContext(settings, () => isDraining);
  const direct = new Map<string, OperationHandler>();
  const receive = createReceiver(direct, createMounts(settings, context), context.certificateOf);
  const listener = createListener(settings.tls);
  const refusals = createRefusals({ operations: operations.map(({ operation }) => operation), context });
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_PARAMETER },
    serverFactory: (route) => listener.createServer((request, response) => receive(request, response, route)),
    frameworkErrors: (_error, request, reply) => refusals.refuseMalformed(request, reply),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket as Socket, now()),
  });

  // Bodies are read by a step, where they are wanted: Fastify leaves them all unread.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const method of METHODS)
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method);

  function route(served: ServedOperation): void {
    const { method, path } = served.operation;
    const handle = createOperationHandler(served, context);
    app.route({
      method: method === 'GET' ? ['GET', 'HEAD'] : [method],
      url: routerPath(path),
      // Before Fastify looks at the body, for which it has rules of its own. Its way of answering is left aside too: it
      // costs a third of the time of a prepared page.
      onRequest(request, reply) {
        reply.hijack();
        handle(request.raw, reply.raw, Object.values(request.params as Record<string, string>));
      },
      // Fastify wants one; a hijacked request never gets to it.
      handler: refusals.answerUnrouted,
    });
    if (method === 'GET' && !path.includes('{')) direct.set(path, handle);
  }

  for (const served of operations) route(served);
  app.setNotFoundHandler(refusals.answerUnrouted);
  app.setErrorHandler(refusals.answerError);

  return {
    app,
    drain: () => {
      isDraining = true;
    },
    replaceCertificate: listener.replaceCertificate,
  };
}

function createContext(settings: ServerSettings, isDraining: () => boolean): ListenerContext {
  const { logger, now, probeToken } = settings;
  return {
    logger,
    now,
    isDraining,
    clientOf: createClientAddress(settings.trustedProxies ?? []),
    certificateOf: settings.certificateOf ?? createClientCertificate(),
    onAnswered: settings.onAnswered,
    isOwnProbe: (request) => probeToken !== undefined && request.headers[PROBE_HEADER] === probeToken,
  };
}

function createMounts(
  { operations, mounts = [], guardMounts }: ServerSettings,
  context: ListenerContext,
): MountHandler | undefined {
  if (mounts.length === 0) return undefined;
  const operationPaths = operations.map(({ operation }) => operation.path);
  return createMountHandler({ ...context, mounts, operationPaths, guard: guardMounts });
}

/**
 * Decides where a request goes. Paths without parameters need no router: they are looked up and answered here, which
 * leaves Fastify what needs one.
 */
function createReceiver(
  direct: ReadonlyMap<string, OperationHandler>,
  mounted: MountHandler | undefined,
  certificateOf: CertificateOf,
) {
  return (
    request: IncomingMessage,
    response: ServerResponse,
    route: (request: IncomingMessage, response: ServerResponse) => void,
  ): void => {
    // First of all, because it takes off what nobody may believe.
    certificateOf(request);
    const handle =
      request.method === 'GET' || request.method === 'HEAD'
        ? direct.get(withoutQuery(request.url as string))
        : undefined;
    if (handle) handle(request, response, []);
    else if (!mounted?.(request, response)) route(request, response);
  };
}

function withoutQuery(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 ? url : url.slice(0, mark);
}

/** The router knows parameters by position: contracts do not agree on their names. */
function routerPath(path: string): string {
  let index = 0;
  return path.replaceAll(':', '::').replace(/\{[^}]*\}/g, () => {
    const name = `:p${index}`;
    index += 1;
    return name;
  });
}
