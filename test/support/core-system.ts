import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { type SignatureAgreement, verifyRequest } from '../../connectors/http/verify-request.ts';
import type {
  Asking,
  ChildrenRequest,
  Connector,
  CustomerKey,
  DataRequest,
  Json,
  RecordRequest,
} from '../../src/connectors/connector.ts';
import { createSchemaCompiler } from '../../src/contract/schema-compiler.ts';
import { type CoreData, createMemoryConnector } from './memory-connector.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'connectors', 'http', 'openapi.yaml');

export interface CoreSystemOptions {
  /** What it answers from: data in memory, or any connector, such as the folder's. */
  readonly over: CoreData | Connector;
  /** Speaks HTTPS; with `clientAuthorities` it wants a certificate of theirs. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientAuthorities?: string };
  /** One that is free; by default the system chooses. */
  readonly port?: number;
  /** Demands signed requests. */
  readonly agreement?: Omit<SignatureAgreement, 'takeOnce'>;
}

/** What it does other than to answer well. */
export interface Misbehaviour {
  /** Waits before it answers. */
  readonly delayMs?: number;
  /** Never answers. */
  readonly hangs?: boolean;
  /** Ends the connection: before it answers, or in the middle of the body. */
  readonly drops?: 'before' | 'within';
  /** Answers with another status, and a problem. */
  readonly status?: number;
  /** Answers with this text, as JSON unless a type is given. */
  readonly text?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Answers with so many bytes of valid JSON, without saying how many. */
  readonly bytes?: number;
  /** Changes a good answer. */
  readonly change?: (answer: Json) => Json;
  /** Answers as if this had been asked, such as another customer's documents and references. */
  readonly asIf?: Partial<RecordRequest>;
  /** Only so many times, and then as if nothing had been set. */
  readonly times?: number;
}

/** Which calls misbehave; all of them when empty. */
export interface Which {
  /** `operationId` of the document. */
  readonly operation?: string;
  readonly api?: string;
}

/** A call that has arrived. */
export interface CoreCall {
  readonly operation: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Json;
  /** Subject of the certificate that was presented. */
  readonly presented: string | undefined;
  /** Where the request breaks the document. */
  readonly fault: string | undefined;
  /** Whether the caller closed the connection before there was an answer. */
  isGivenUp: boolean;
}

/** An institution's own systems, as the published document wants them. */
export interface CoreSystem {
  readonly url: string;
  readonly calls: readonly CoreCall[];
  /** Replaces how these calls misbehave; without arguments all behave again. */
  set(misbehaviour?: Misbehaviour, which?: Which): void;
  /** Calls under way. */
  underWay(which?: Which): number;
  close(): Promise<void>;
}

/** Starts the systems on a port of their own, on 127.0.0.1. */
export async function startCoreSystem(options: CoreSystemOptions): Promise<CoreSystem> {
  const connector = 'customers' in options.over ? createMemoryConnector(options.over) : options.over;
  const calls: CoreCall[] = [];
  const underWay = new Set<CoreCall>();
  const seen = new Set<string>();
  const rules: { readonly which: Which; readonly misbehaviour: Misbehaviour; left: number }[] = [];

  function misbehaviourOf(call: CoreCall): Misbehaviour {
    const rule = rules.find(({ which, left }) => left > 0 && isMeant(which, call));
    if (!rule) return {};
    rule.left -= 1;
    return rule.misbehaviour;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBytes(request);
    const operation = ROUTES.get(`${request.method} ${request.url}`);
    if (!operation) return answer(response, 404, { title: 'no such path', status: 404 });
    const call = record(operation, request, bytes);
    calls.push(call);
    underWay.add(call);
    response.on('close', () => {
      underWay.delete(call);
      call.isGivenUp = !response.writableEnded;
    });
    const refusal = call.fault ?? (await faultOfSignature(request, bytes));
    if (refusal !== undefined) return answer(response, 400, { title: refusal, status: 400 });
    await reply(response, call, misbehaviourOf(call));
  }

  async function faultOfSignature(request: IncomingMessage, body: Uint8Array): Promise<string | undefined> {
    if (!options.agreement) return undefined;
    const agreement = {
      ...options.agreement,
      takeOnce: (jti: string) => seen.size < seen.add(jti).size,
    };
    const signature = String(request.headers['x-guiche-signature'] ?? '');
    const arrived = { signature, method: String(request.method), url: `${url}${request.url}`, body };
    return verifyRequest(arrived, agreement).then(
      () => undefined,
      (error: Error) => error.message,
    );
  }

  async function reply(response: ServerResponse, call: CoreCall, how: Misbehaviour): Promise<void> {
    if (how.hangs) return;
    if (how.delayMs !== undefined) await pause(how.delayMs, undefined, { ref: false });
    if (response.destroyed) return;
    if (how.drops === 'before') return void response.destroy();
    if (how.status !== undefined)
      return answer(response, how.status, { title: 'set by the test', status: how.status });
    const good = tellFound(await ask(connector, call, response, how));
    const text = how.text ?? JSON.stringify(how.change ? how.change(good as Json) : good);
    response.writeHead(200, {
      'content-type': how.contentType ?? 'application/json',
      ...(how.contentEncoding !== undefined && { 'content-encoding': how.contentEncoding }),
    });
    if (how.bytes !== undefined) return writeMuch(response, how.bytes);
    if (how.drops === 'within') return void response.write(text.slice(0, 5), () => response.destroy());
    response.end(text);
  }

  const handler = (request: IncomingMessage, response: ServerResponse) =>
    void serve(request, response).catch(() => response.destroy());
  const { tls } = options;
  const server = tls
    ? createTlsServer(
        {
          cert: tls.certificate,
          key: tls.key,
          ...(tls.clientAuthorities !== undefined && { ca: tls.clientAuthorities, requestCert: true }),
        },
        handler,
      )
    : createServer(handler);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    calls,
    set(misbehaviour, which = {}) {
      const kept = misbehaviour ? rules.filter((rule) => !isSameWhich(rule.which, which)) : [];
      const added = misbehaviour
        ? [{ which, misbehaviour, left: misbehaviour.times ?? Number.POSITIVE_INFINITY }]
        : [];
      rules.splice(0, rules.length, ...added, ...kept);
    },
    underWay: (which = {}) => [...underWay].filter((call) => isMeant(which, call)).length,
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const document = parse(readFileSync(DOCUMENT, 'utf8'));
const compiler = createSchemaCompiler({ talkative: false }).addSchema(document, 'core', undefined, false);

/** `operationId` by method and path, as the document has them. */
const ROUTES: ReadonlyMap<string, string> = new Map(
  Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId }]): [string, string] => [
      `${method.toUpperCase()} ${path}`,
      operationId,
    ]),
  ),
);

/** Schemas of the bodies that the document wants, by `operationId`. */
const BODIES: ReadonlyMap<string, ValidateFunction> = new Map(
  Object.entries<{ post?: { operationId: string } }>(document.paths).flatMap(([path, { post }]) => {
    const pointer = `/paths/${path.replaceAll('/', '~1')}/post/requestBody/content/application~1json/schema`;
    return post ? [[post.operationId, compiler.compile({ $ref: `core#${pointer}` })] as const] : [];
  }),
);

function record(operation: string, request: IncomingMessage, bytes: Buffer): CoreCall {
  const { headers, url = '' } = request;
  const body: Json = bytes.length === 0 ? null : JSON.parse(bytes.toString());
  const peer = (request.socket as Partial<TLSSocket>).getPeerCertificate?.();
  return {
    operation,
    url,
    headers,
    body,
    presented: peer?.subject ? String(peer.subject.CN) : undefined,
    fault: faultOfHeaders(headers) ?? faultOfBody(operation, headers, body),
    isGivenUp: false,
  };
}

function faultOfHeaders(headers: IncomingMessage['headers']): string | undefined {
  const deadline = String(headers['x-guiche-deadline'] ?? '');
  if (new Date(Date.parse(deadline)).toJSON() !== deadline) return 'x-guiche-deadline is no instant in UTC';
  if (!/^\d+$/.test(String(headers['x-guiche-timeout-ms']))) return 'x-guiche-timeout-ms is no number';
  return undefined;
}

function faultOfBody(operation: string, headers: IncomingMessage['headers'], body: Json): string | undefined {
  const validate = BODIES.get(operation);
  if (!validate) return body === null ? undefined : 'there is a body';
  if (headers['content-type'] !== 'application/json') return 'the body is not said to be JSON';
  if (validate(body)) return undefined;
  return `${validate.errors?.[0]?.instancePath} ${validate.errors?.[0]?.message}`;
}

type Question = Asking &
  ChildrenRequest & {
    readonly key: CustomerKey;
    readonly login: string;
    readonly password: string;
  };

/** Asks the connector as the request says. */
async function ask(
  connector: Connector,
  call: CoreCall,
  response: ServerResponse,
  { asIf }: Misbehaviour,
): Promise<unknown> {
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  const { signal } = controller;
  if (call.operation === 'checkHealth') return connector.health(signal);
  if (call.operation === 'readCapabilities') return connector.capabilities();
  const { asking, ...question } = call.body as unknown as { asking: Asking };
  const interactionId = call.headers['x-fapi-interaction-id'] as string | undefined;
  const deadline = Date.parse(String(call.headers['x-guiche-deadline']));
  const absent = { page: undefined, type: undefined, api: undefined, version: undefined };
  const request = { ...absent, ...question, ...asking, interactionId, deadline, signal, ...asIf };
  return askAs(connector, call.operation, request as unknown as Question);
}

function askAs(connector: Connector, operation: string, question: Question): Promise<unknown> {
  switch (operation) {
    case 'findCustomer':
      return connector.customer(question.key, question);
    case 'authenticateCustomer':
      return (
        connector.authenticate?.(question.login, question.password, question) ??
        Promise.resolve({ status: 'refused' })
      );
    case 'discoverResources':
      return connector.discover(question.documents, question.types, question);
    case 'listRecords':
      return connector.list(question as DataRequest);
    case 'getRecord':
      return connector.get(question as RecordRequest);
    default:
      return connector.children(question);
  }
}

/** Instants are milliseconds inside, and text on the wire. */
function tellFound(found: unknown): unknown {
  if (typeof found !== 'object' || found === null || !('asOf' in found)) return found;
  return { ...found, asOf: new Date(Number(found.asOf)).toISOString() };
}

function isMeant({ operation, api }: Which, call: CoreCall): boolean {
  const asked = (call.body as { asking?: { api?: string } } | null)?.asking?.api;
  return (operation === undefined || operation === call.operation) && (api === undefined || api === asked);
}

function isSameWhich(one: Which, other: Which): boolean {
  return one.operation === other.operation && one.api === other.api;
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, problem: object): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
}

/** Blanks at a time, as a server would that reads from a table without end. */
async function writeMuch(response: ServerResponse, bytes: number): Promise<void> {
  const blanks = Buffer.alloc(64 * 1024, ' ');
  function* chunks() {
    for (let written = 0; written < bytes; written += blanks.length) yield blanks;
    yield '{"status":"empty"}';
  }
  await pipeline(Readable.from(chunks()), response).catch(() => undefined);
}
