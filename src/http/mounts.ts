import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { Answer } from '../contract/call.ts';
import { createProblem } from '../kernel/problem.ts';
import { letBodyCome } from './continue.ts';
import { readInteractionId } from './interaction-id.ts';
import type { CallerGuard } from './limits/check-limits.ts';
import { NO_STORE, SECURITY_HEADERS } from './security-headers.ts';
import { type Exchange, writeAnswer, writeProblem } from './write-answer.ts';

/** A part of a listener that is no API: an authorization server, the customer's pages. */
export interface Mount {
  /**
   * Such as `/banco`: it takes that path and all below it, as they are written in the request. Empty for every path whose
   * first segment no operation has.
   */
  readonly path: string;
  /** Answers in full, and bounds the body itself. The URL is in origin form, the path in it complete. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

export interface MountSettings {
  readonly mounts: readonly Mount[];
  /** Paths of the listener's operations, which no mount may cover. */
  readonly operationPaths: readonly string[];
  /** Holds the traffic limits. */
  readonly guard: CallerGuard | undefined;
  readonly clientOf: (request: IncomingMessage) => string;
  readonly logger: FastifyBaseLogger;
  readonly now: () => number;
  readonly isDraining: () => boolean;
}

/** Answers a request that belongs to a mount; false leaves it to the router. */
export type MountHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Creates what sends requests to the mounts: with the protections of every other answer, under the same limits, and with
 * an opaque answer to what goes wrong.
 *
 * @throws Error for a path of another form, for two mounts of one path, and for a mount that would hide an operation
 */
export function createMountHandler(settings: MountSettings): MountHandler {
  const { mounts, guard, clientOf, logger, now, isDraining } = settings;
  const mountOf = createMountTable(mounts, settings.operationPaths);

  function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
    return {
      request,
      response,
      interactionId: readInteractionId(request.headers['x-fapi-interaction-id']),
      operation: undefined,
      now,
      isDraining: isDraining(),
    };
  }

  async function answer(mount: Mount, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = await refuse(request);
      if (refusal) writeAnswer(exchangeOf(request, response), refusal);
      else await handOver(mount, request, response);
    } catch (error) {
      // Handlers that wait for a body fail when its sender goes away: nobody is left to answer, and nothing is wrong.
      if (response.destroyed) return;
      const exchange = exchangeOf(request, response);
      logger.error({ err: error, interactionId: exchange.interactionId }, 'unexpected error');
      // What was prepared for another answer, such as a cookie, is not for this one.
      if (!response.headersSent) for (const name of response.getHeaderNames()) response.removeHeader(name);
      writeProblem(exchange, createProblem('ERRO_INTERNO'));
    }
  }

  function refuse(request: IncomingMessage): Answer | undefined | Promise<Answer | undefined> {
    if (request.headers.host === undefined && request.httpVersion === '1.1')
      return { kind: 'problem', problem: createProblem('REQUISICAO_MALFORMADA') };
    return guard?.(clientOf(request));
  }

  function handOver(mount: Mount, request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    if (response.destroyed) return undefined;
    for (const [name, value] of DEFAULT_HEADERS) response.setHeader(name, value);
    if (isDraining()) response.setHeader('connection', 'close');
    letBodyCome(request, response);
    return mount.handle(request, response);
  }

  return (request, response) => {
    const url = originForm(request.url as string);
    const mount = mountOf(withoutQuery(url));
    if (!mount) return false;
    request.url = url;
    void answer(mount, request, response);
    return true;
  };
}

/** What a mount's answer has unless the mount says otherwise. The type of its content it must say. */
const DEFAULT_HEADERS = [...SECURITY_HEADERS.filter(([name]) => name !== 'content-type'), NO_STORE];

function createMountTable(
  mounts: readonly Mount[],
  operationPaths: readonly string[],
): (path: string) => Mount | undefined {
  const below = new Map<string, Mount>();
  for (const mount of mounts) {
    const path = mount.path === '/' ? '' : mount.path;
    if (path !== '' && !/^(?:\/[\w.~-]+)+$/.test(path))
      throw new Error(`not the path of a mount: ${mount.path}`);
    if (below.has(path)) throw new Error(`two mounts at ${mount.path}`);
    const hidden = operationPaths.find((operation) => path !== '' && `${operation}/`.startsWith(`${path}/`));
    if (hidden !== undefined) throw new Error(`the mount ${path} would hide ${hidden}`);
    below.set(path, mount);
  }
  const root = below.get('');
  below.delete('');
  // The deeper of two that fit is the one that is meant.
  const prefixes = [...below].sort(([a], [b]) => b.length - a.length);
  const apiRoots = new Set(operationPaths.map(firstSegment));

  return (path) => {
    for (const [prefix, mount] of prefixes)
      if (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/'))
        return mount;
    // A path that begins with two slashes is read as a host by whoever resolves it against a URL.
    return root && path.startsWith('/') && !path.startsWith('//') && !apiRoots.has(firstSegment(path))
      ? root
      : undefined;
  };
}

/** The first segment of a path, decoded as the router would. */
function firstSegment(path: string): string {
  const segment = path.split('/', 2)[1] ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Proxies ask with the whole URL (RFC 9112 §3.2.2), whose host decides nothing here. */
function originForm(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return path === url || path.startsWith('/') ? path : `/${path}`;
}

function withoutQuery(url: string): string {
  const mark = url.search(/[?#]/);
  return mark === -1 ? url : url.slice(0, mark);
}
