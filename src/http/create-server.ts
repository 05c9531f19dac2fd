import { METHODS, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { type Answer, answerProblem, type Call, type Step } from '../contract/call.ts';
import type { Operation } from '../contract/operation.ts';
import { createProblem, type Problem, type ProblemCode } from '../kernel/problem.ts';
import { readInteractionId } from './interaction-id.ts';
import { createPathTable } from './path-table.ts';
import { readQuery } from './read-query.ts';
import { NO_STORE, SECURITY_HEADERS } from './security-headers.ts';
import { type Exchange, renderProblem, writeAnswer, writeProblem } from './write-answer.ts';

/** An operation and the steps that its calls go through. */
export interface ServedOperation {
  readonly operation: Operation;
  readonly steps: readonly Step[];
}

export interface ServerSettings {
  readonly operations: readonly ServedOperation[];
  readonly logger: FastifyBaseLogger;
  readonly now: () => number;
}

/** The public listener. */
export interface HttpServer {
  readonly app: FastifyInstance;
  /** Starts to refuse to keep connections, so that callers move on. */
  drain(): void;
}

/** Bounds on what a caller may send and how long it may take. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
/** How often the bounds on time are looked at; Node's own 30 s would triple the first of them. */
const TIMEOUT_CHECK_MS = 2_000;
const KEEP_ALIVE_MS = 72_000;
/** How long a refused caller may go on sending: closing at once would destroy the answer on its way. */
const LINGER_MS = 2_000;
const LONGEST_PARAMETER = 512;

/** Builds the public listener: one route per operation, and regulated answers for everything else. */
export function createServer({ operations, logger, now }: ServerSettings): HttpServer {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node's own refusal has no body, so the host is checked here.
      requireHostHeader: false,
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (_error, request, reply) =>
      refuse(request, reply, createProblem('REQUISICAO_MALFORMADA'), operationAt(request)),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket as Socket, now()),
  });
  const methodsOf = createPathTable(operations.map(({ operation }) => ({ ...operation, value: operation })));
  let isDraining = false;

  // No operation reads a body yet: what a caller sends is left unread and never parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const method of METHODS)
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method);

  function exchangeOf(
    request: FastifyRequest,
    reply: FastifyReply,
    operation: Operation | undefined,
  ): Exchange {
    // Fastify's own way of answering costs a third of the time of a prepared page.
    reply.hijack();
    return {
      request: request.raw,
      response: reply.raw,
      interactionId: readInteractionId(request.headers['x-fapi-interaction-id']),
      operation,
      now,
      isDraining,
    };
  }

  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    problem: Problem,
    operation?: Operation,
    extra?: string[],
  ): void {
    writeProblem(exchangeOf(request, reply, operation), problem, extra);
  }

  function writeLater(exchange: Exchange, answer: Promise<Answer>): void {
    answer.then((ready) => writeAnswer(exchange, ready)).catch((error) => fail(exchange, error));
  }

  function fail(exchange: Exchange, error: unknown): void {
    const { interactionId, operation } = exchange;
    logger.error({ err: error, interactionId, operation: operation?.key }, 'unexpected error');
    writeProblem(exchange, createProblem('ERRO_INTERNO'));
  }

  function mount({ operation, steps }: ServedOperation): void {
    const names = [...operation.path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name as string);
    const declared = declaredQuery(operation);
    const handler = (request: FastifyRequest, reply: FastifyReply) => {
      const exchange = exchangeOf(request, reply, operation);
      try {
        const answer = answerCall(operation, names, declared, steps, request);
        // Most answers are ready at once: waiting for a promise would cost each of them.
        if (answer instanceof Promise) writeLater(exchange, answer);
        else writeAnswer(exchange, answer);
      } catch (error) {
        fail(exchange, error);
      }
    };
    const method = operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method];
    app.route({ method, url: routerPath(operation.path), handler });
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

  return {
    app,
    drain: () => {
      isDraining = true;
    },
  };
}

function answerCall(
  operation: Operation,
  names: readonly string[],
  declared: ReadonlySet<string>,
  steps: readonly Step[],
  request: FastifyRequest,
): Answer | Promise<Answer> {
  // RFC 9112 demands the refusal, although the host decides nothing here.
  if (request.raw.headers.host === undefined && request.raw.httpVersion === '1.1')
    return answerProblem(createProblem('REQUISICAO_MALFORMADA'));
  const url = request.raw.url as string;
  const mark = url.indexOf('?');
  const query = mark === -1 ? NOTHING : readQuery(url.slice(mark + 1), declared);
  if ('problem' in query) return answerProblem(query.problem);
  const path = names.length === 0 ? NOTHING.values : readPath(names, request);
  const call: Call = { operation, path, query: query.values, headers: request.headers };
  return runSteps(steps, call, 0);
}

function runSteps(steps: readonly Step[], call: Call, first: number): Answer | Promise<Answer> {
  for (let index = first; index < steps.length; index += 1) {
    const answer = steps[index]?.(call);
    if (answer instanceof Promise) return answer.then((ready) => ready ?? runSteps(steps, call, index + 1));
    if (answer) return answer;
  }
  throw new Error(`no step answered ${call.operation.key}`);
}

const NOTHING: { values: Record<string, string> } = { values: Object.freeze({}) };

/** The router knows parameters by position: contracts do not agree on their names. */
function readPath(names: readonly string[], request: FastifyRequest): Record<string, string> {
  const given = request.params as Record<string, string>;
  return Object.fromEntries(names.map((name, index) => [name, given[`p${index}`] ?? '']));
}

function routerPath(path: string): string {
  let index = 0;
  return path.replaceAll(':', '::').replace(/\{[^}]*\}/g, () => {
    const name = `:p${index}`;
    index += 1;
    return name;
  });
}

function declaredQuery({ parameters, paging }: Operation): ReadonlySet<string> {
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  return new Set(paging ? [...names, paging.pageParameter, paging.sizeParameter] : names);
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

const refused = new WeakSet<Socket>();

/** Requests that never became one: the parser gave up on them, so the answer is written by hand and the line closed. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, at: number): void {
  // What comes after a refusal fails again, and is dropped.
  if (refused.has(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  refused.add(socket);
  afterAnswers(socket, () => refuseBrokenRequest(error, socket, at));
}

/** Runs an action when the answers to earlier requests of the connection are out: each belongs to its request by order. */
function afterAnswers(socket: Socket & { _httpMessage?: ServerResponse | null }, action: () => void): void {
  // Only this member tells what Node has yet to send; Node's own refusal looks at it too.
  const current = socket._httpMessage;
  if (current) current.once('finish', () => afterAnswers(socket, action));
  else action();
}

function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, at: number): void {
  if (!socket.writable) return;
  const problem = createProblem(brokenRequestCode(error.code));
  const body = renderProblem(problem, undefined, at);
  const headers = [
    ...SECURITY_HEADERS,
    NO_STORE,
    ['x-fapi-interaction-id', readInteractionId(undefined)],
    ['date', new Date(at).toUTCString()],
    ['content-length', body.length],
    ['connection', 'close'],
  ];
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const status = `${problem.status} ${STATUS_CODES[problem.status]}`;
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${head}\r\n`), body]));
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
}

function brokenRequestCode(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'CABECALHOS_MUITO_GRANDES';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'TEMPO_ESGOTADO' : 'REQUISICAO_MALFORMADA';
}
