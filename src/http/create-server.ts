import {
  createServer as createNodeServer,
  type IncomingMessage,
  METHODS,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { AnsweredListener } from '../contract/answered.ts';
import type { Operation } from '../contract/operation.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { createClientAddress } from './client-address.ts';
import { readInteractionId } from './interaction-id.ts';
import { createPathTable } from './path-table.ts';
import {
  createOperationHandler,
  type ListenerContext,
  type OperationHandler,
  type ServedOperation,
} from './serve-operation.ts';
import { type Exchange, writeProblem } from './write-answer.ts';

export interface ServerSettings {
  readonly operations: readonly ServedOperation[];
  readonly logger: FastifyBaseLogger;
  readonly now: () => number;
  /** Addresses and ranges of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies?: readonly string[];
  readonly onAnswered?: AnsweredListener;
  /** Value of the `x-guiche-probe` header by which the service knows its own probes. */
  readonly probeToken?: string;
}

/** The public listener. */
export interface HttpServer {
  readonly app: FastifyInstance;
  /** Starts to refuse to keep connections, so that callers move on. */
  drain(): void;
}

/** Header of the service's own probes. */
export const PROBE_HEADER = 'x-guiche-probe';

/** Bounds on what a caller may send and how long it may take. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
/** How often the bounds on time are looked at; Node's own 30 s would triple the first of them. */
const TIMEOUT_CHECK_MS = 2_000;
const KEEP_ALIVE_MS = 72_000;
const LONGEST_PARAMETER = 512;

/** Builds the public listener: one route per operation, and regulated answers for everything else. */
export function createServer(settings: ServerSettings): HttpServer {
  const { operations, logger, now, probeToken } = settings;
  let isDraining = false;
  const context: ListenerContext = {
    logger,
    now,
    isDraining: () => isDraining,
    clientOf: createClientAddress(settings.trustedProxies ?? []),
    onAnswered: settings.onAnswered,
    isOwnProbe: (request) => probeToken !== undefined && request.headers[PROBE_HEADER] === probeToken,
  };
  const direct = new Map<string, OperationHandler>();
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_PARAMETER },
    serverFactory: (route) => createListener(direct, route),
    frameworkErrors: (_error, request, reply) =>
      refuse(request, reply, createProblem('REQUISICAO_MALFORMADA'), operationAt(request)),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket as Socket, now()),
  });
  const methodsOf = createPathTable(operations.map(({ operation }) => ({ ...operation, value: operation })));

  // No operation reads a body yet: what a caller sends is left unread and never parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const method of METHODS)
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method);

  function mount(served: ServedOperation): void {
    const { method, path } = served.operation;
    const handle = createOperationHandler(served, context);
    const handler = (request: FastifyRequest, reply: FastifyReply) => {
      // Fastify's own way of answering costs a third of the time of a prepared page.
      reply.hijack();
      handle(request.raw, reply.raw, Object.values(request.params as Record<string, string>));
    };
    app.route({ method: method === 'GET' ? ['GET', 'HEAD'] : [method], url: routerPath(path), handler });
    if (method === 'GET' && !path.includes('{')) direct.set(path, handle);
  }

  for (const served of operations) mount(served);
  app.setNotFoundHandler(answerUnrouted);
  app.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) logger.error({ err: error }, 'unexpected error');
    // What is wrong with a body does not matter where none is taken.
    if (status < 500 && request.is404) answerUnrouted(request, reply);
    else {
      const problem = createProblem(status >= 500 ? 'ERRO_INTERNO' : 'REQUISICAO_MALFORMADA');
      refuse(request, reply, problem, operationAt(request));
    }
  });
  // No body is waited for, so no caller is told to go on: the answer comes at once. Node's own `100 Continue` lands
  // inside a pipelined answer, and its own refusal of other expectations has no body.
  for (const event of ['checkContinue', 'checkExpectation'])
    app.server.on(event, (request, response) => app.server.emit('request', request, response));

  function answerUnrouted(request: FastifyRequest, reply: FastifyReply): void {
    const entry = methodsOf(pathOf(request));
    if (!entry) {
      refuse(request, reply, createProblem('ROTA_DESCONHECIDA'));
      return;
    }
    const allowed = [...entry.methods.keys()].flatMap((method) =>
      method === 'GET' ? ['GET', 'HEAD'] : [method],
    );
    const problem = createProblem('METODO_NAO_PERMITIDO');
    refuse(request, reply, problem, operationAt(request), ['allow', allowed.join(', ')]);
  }

  /** One operation of the path, for the shape of errors. */
  function operationAt(request: FastifyRequest): Operation | undefined {
    return methodsOf(pathOf(request))?.methods.values().next().value;
  }

  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    problem: Problem,
    operation?: Operation,
    extra?: string[],
  ): void {
    reply.hijack();
    const interactionId = readInteractionId(request.headers['x-fapi-interaction-id']);
    const exchange: Exchange = {
      request: request.raw,
      response: reply.raw,
      interactionId,
      operation,
      now,
      isDraining,
    };
    writeProblem(exchange, problem, extra);
  }

  return {
    app,
    drain: () => {
      isDraining = true;
    },
  };
}

/**
 * Makes the listener. Paths without parameters need no router: they are looked up and answered here, which leaves
 * Fastify what needs one.
 */
function createListener(
  direct: ReadonlyMap<string, OperationHandler>,
  route: (request: IncomingMessage, response: ServerResponse) => void,
) {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    // Node's own refusal has no body, so the host is checked where the request is read.
    requireHostHeader: false,
  };
  return createNodeServer(options, (request, response) => {
    const handle =
      request.method === 'GET' || request.method === 'HEAD'
        ? direct.get(withoutQuery(request.url as string))
        : undefined;
    if (handle) handle(request, response, []);
    else route(request, response);
  });
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

/** The path as the router sees it: without the origin that a proxy's request line has, and decoded. */
function pathOf({ raw }: FastifyRequest): string {
  const path = (raw.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
