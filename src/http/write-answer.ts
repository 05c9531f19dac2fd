import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Content, ContentEncoding } from '../contract/call.ts';
import { GENERAL_ERROR_SHAPE, renderErrorBody } from '../contract/error-shape.ts';
import type { Operation } from '../contract/operation.ts';
import type { Problem, ProblemCode } from '../kernel/problem.ts';
import { isNotModified } from './is-not-modified.ts';
import { chooseEncoding } from './negotiate-content.ts';
import { NO_STORE, REVALIDATE, SECURITY_HEADERS } from './security-headers.ts';

/** What writing an answer needs to know of the request, besides the answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly interactionId: string;
  /** Undefined where no contract has the path. */
  readonly operation: Operation | undefined;
  readonly now: () => number;
  /** True while the service is stopping: the connection is not kept. */
  readonly isDraining: boolean;
  /** What was written instead of an answer. Set where problems are written, and only there. */
  problem?: ProblemCode;
}

/** Header names and values in turn, as Node writes them fastest. */
type HeaderList = string[];

/** Puts an answer on the wire: status, headers, and bytes in the encoding the caller prefers. */
export function writeAnswer(exchange: Exchange, answer: Answer): void {
  if (answer.kind === 'content') writeContent(exchange, answer.content);
  else if (answer.kind === 'json') writeJson(exchange, answer);
  else if (answer.kind === 'empty') writeEmpty(exchange, answer.status ?? 204);
  else writeProblem(exchange, answer.problem, Object.entries(answer.headers ?? {}).flat());
}

interface Variant {
  readonly etag: string;
  readonly headers: HeaderList;
  readonly body: Buffer;
}

/** Headers are as fixed as the bytes they describe: made once for each form of a page. */
const variants = new WeakMap<Content, Map<ContentEncoding, Variant>>();

function writeContent(exchange: Exchange, content: Content): void {
  const encoding = chooseEncoding(exchange.request.headers['accept-encoding'] as string | undefined);
  const known = variants.get(content)?.get(encoding);
  if (known) {
    sendVariant(exchange, content, known);
    return;
  }
  const body = content.body(encoding);
  if (Buffer.isBuffer(body)) sendVariant(exchange, content, keepVariant(content, encoding, body));
  else
    body
      .then((bytes) => sendVariant(exchange, content, keepVariant(content, encoding, bytes)))
      .catch((error) => fail(exchange, error));
}

/** Where the interaction id stands in a variant's headers: the one value that differs from answer to answer. */
const INTERACTION_ID_AT = 1;

function keepVariant(content: Content, encoding: ContentEncoding, body: Buffer): Variant {
  const etag = encoding === 'identity' ? `"${content.etag}"` : `"${content.etag}-${encoding}"`;
  const headers: HeaderList = [
    'x-fapi-interaction-id',
    '',
    ...SECURITY_HEADERS.flat(),
    ...REVALIDATE,
    'vary',
    'accept-encoding',
    'x-v',
    content.version,
    'etag',
    etag,
    'last-modified',
    new Date(content.lastModified).toUTCString(),
    'content-length',
    String(body.length),
  ];
  if (encoding !== 'identity') headers.push('content-encoding', encoding);
  const variant = { etag, headers, body };
  const known = variants.get(content);
  if (known) known.set(encoding, variant);
  else variants.set(content, new Map([[encoding, variant]]));
  return variant;
}

function sendVariant(exchange: Exchange, content: Content, { etag, headers, body }: Variant): void {
  const { request, response } = exchange;
  if (response.destroyed) return;
  // Written into the shared list and not a copy of it: Node turns the list into text before anything else can run.
  headers[INTERACTION_ID_AT] = exchange.interactionId;
  if (isNotModified(request.headers, etag, content.lastModified)) {
    response.writeHead(304, closing(exchange, withoutBody(headers)));
    response.end();
    return;
  }
  response.writeHead(200, exchange.isDraining ? closing(exchange, [...headers]) : headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

const BODY_HEADERS = new Set(['content-type', 'content-encoding', 'content-length']);

/** A 304 describes what the caller has, not a body that is not there. */
function withoutBody(list: HeaderList): HeaderList {
  const kept: HeaderList = [];
  for (let index = 0; index < list.length; index += 2) {
    if (!BODY_HEADERS.has(list[index] as string)) kept.push(list[index] as string, list[index + 1] as string);
  }
  return kept;
}

function writeJson(exchange: Exchange, answer: Extract<Answer, { kind: 'json' }>): void {
  const { request, response } = exchange;
  if (response.destroyed) return;
  const body = jsonBytes(answer.body);
  const extra = Object.entries(answer.headers ?? {}).flat();
  const headers = [...commonHeaders(exchange), ...extra, 'content-length', String(body.length)];
  response.writeHead(answer.status, closing(exchange, headers));
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Computed answers that are given again for a moment are written out once. */
const written = new WeakMap<object, Buffer>();

function jsonBytes(value: unknown): Buffer {
  const known = typeof value === 'object' && value !== null ? written.get(value) : undefined;
  if (known) return known;
  const bytes = Buffer.from(JSON.stringify(value));
  if (typeof value === 'object' && value !== null) written.set(value, bytes);
  return bytes;
}

function writeEmpty(exchange: Exchange, status: number): void {
  if (exchange.response.destroyed) return;
  const headers = withoutBody(commonHeaders(exchange));
  if (status !== 204) headers.push('content-length', '0');
  exchange.response.writeHead(status, closing(exchange, headers));
  exchange.response.end();
}

/** Writes a problem in the shape of the operation's own contract. */
export function writeProblem(exchange: Exchange, problem: Problem, extra: HeaderList = []): void {
  const { request, response } = exchange;
  exchange.problem = problem.code;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = renderProblem(problem, exchange.operation, exchange.now());
  const headers = [...commonHeaders(exchange), ...extra, 'content-length', String(body.length)];
  response.writeHead(problem.status, closing(exchange, headers));
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The body of a problem: the members that the operation's contract gives its errors, or all where there is none. */
export function renderProblem(problem: Problem, operation: Operation | undefined, at: number): Buffer {
  const shape = operation?.errorShape(problem.status) ?? GENERAL_ERROR_SHAPE;
  const code = problem.wireCode ?? problem.code;
  return Buffer.from(JSON.stringify(renderErrorBody(shape, { ...problem, code, at })));
}

function commonHeaders({ interactionId, operation }: Exchange): HeaderList {
  const version = operation ? ['x-v', operation.version] : [];
  return [...SECURITY_HEADERS.flat(), ...NO_STORE, ...version, 'x-fapi-interaction-id', interactionId];
}

function closing({ isDraining }: Exchange, headers: HeaderList): HeaderList {
  if (isDraining) headers.push('connection', 'close');
  return headers;
}

function fail({ response }: Exchange, error: unknown): void {
  response.destroy(error instanceof Error ? error : undefined);
}
