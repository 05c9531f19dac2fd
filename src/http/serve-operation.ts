import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { AnsweredListener } from '../contract/answered.ts';
import { type Answer, answerProblem, type Call, type Step } from '../contract/call.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import type { Operation } from '../contract/operation.ts';
import { createProblem } from '../kernel/problem.ts';
import type { CertificateOf } from './client-certificate.ts';
import { createInteractionIdReader } from './interaction-id.ts';
import { keepBodySource, readBody } from './read-body.ts';
import { readQuery } from './read-query.ts';
import { type Exchange, writeAnswer, writeProblem } from './write-answer.ts';

/** An operation and the steps that its calls go through. */
export interface ServedOperation {
  readonly operation: Operation;
  /** Of an operation that takes a body, `readBody` comes first unless it stands among them. */
  readonly steps: readonly Step[];
  /** Whether what the steps find out is told with the answer. Requests of the service itself are left out. */
  readonly isRecorded?: boolean;
}

/** What answering an operation needs of the listener that it belongs to. */
export interface ListenerContext {
  readonly logger: FastifyBaseLogger;
  readonly now: () => number;
  readonly isDraining: () => boolean;
  /** The client's address, as far as trusted proxies tell it. */
  readonly clientOf: (request: IncomingMessage) => string;
  readonly certificateOf: CertificateOf;
  /** Hears of every answer of an operation once it has been delivered. */
  readonly onAnswered: AnsweredListener | undefined;
  /** Tells requests that the service sends itself to see how it is: they are no calls of anybody's. */
  readonly isOwnProbe: (request: IncomingMessage) => boolean;
}

/** Answers one request; `path` holds the values of path parameters in their order. */
export type OperationHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: readonly string[],
) => void;

/** Makes the handler of an operation: decode, run the steps, write the answer, tell of it. */
export function createOperationHandler(
  { operation, steps: given, isRecorded = false }: ServedOperation,
  context: ListenerContext,
): OperationHandler {
  const steps = operation.request && !given.includes(readBody) ? [readBody, ...given] : given;
  const names = [...operation.path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name as string);
  const declared = declaredQuery(operation);
  const readInteractionId = createInteractionIdReader(operation);

  function callOf(
    { request, response, interactionId }: Exchange,
    values: readonly string[],
    notes: CallNotes | undefined,
  ): Call | Answer {
    // RFC 9112 demands the refusal, although the host decides nothing here.
    if (request.headers.host === undefined && request.httpVersion === '1.1')
      return answerProblem(createProblem('REQUISICAO_MALFORMADA'));
    const url = request.url as string;
    const mark = url.indexOf('?');
    const query = mark === -1 ? NOTHING : readQuery(url.slice(mark + 1), declared);
    if ('problem' in query) return answerProblem(query.problem);
    const path =
      names.length === 0
        ? NOTHING.values
        : Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    const call: Call = {
      operation,
      path,
      query: query.values,
      headers: request.headers,
      client: context.clientOf(request),
      certificate: context.certificateOf(request),
      interactionId,
      ...(notes && { notes }),
    };
    if (operation.request) keepBodySource(call, { request, response });
    return call;
  }

  function fail(exchange: Exchange, error: unknown): void {
    context.logger.error(
      { err: error, interactionId: exchange.interactionId, operation: operation.key },
      'unexpected error',
    );
    writeProblem(exchange, createProblem('ERRO_INTERNO'));
  }

  return (request, response, values) => {
    const isOwnProbe = context.isOwnProbe(request);
    const arrived = performance.now();
    const notes: CallNotes | undefined = isRecorded && !isOwnProbe ? {} : undefined;
    const exchange: Exchange = {
      request,
      response,
      interactionId: readInteractionId(request.headers['x-fapi-interaction-id']),
      operation,
      now: context.now,
      isDraining: context.isDraining(),
    };
    try {
      const call = callOf(exchange, values, notes);
      const answer = 'kind' in call ? call : runSteps(isOwnProbe ? steps.slice(-1) : steps, call, 0);
      // Most answers are ready at once: waiting for a promise would cost each of them.
      if (answer instanceof Promise)
        answer.then((ready) => writeAnswer(exchange, ready)).catch((error) => fail(exchange, error));
      else writeAnswer(exchange, answer);
    } catch (error) {
      fail(exchange, error);
    }
    if (context.onAnswered && !isOwnProbe)
      tellWhenDelivered(operation, exchange, { arrived, notes }, context.onAnswered);
  };
}

const NOTHING: { values: Record<string, string> } = { values: Object.freeze({}) };

/** Most answers have left for the system by the time they are written; the others are waited for. */
function tellWhenDelivered(
  operation: Operation,
  exchange: Exchange,
  { arrived, notes }: { readonly arrived: number; readonly notes: CallNotes | undefined },
  onAnswered: AnsweredListener,
): void {
  const { request, response, now, interactionId } = exchange;
  const tell = () => {
    const { headers } = request;
    const { problem } = exchange;
    onAnswered({
      operation,
      status: response.statusCode,
      durationMs: performance.now() - arrived,
      at: now(),
      unattended: headers.authorization !== undefined && headers['x-fapi-customer-ip-address'] === undefined,
      interactionId,
      ...(problem && { problem }),
      ...(notes && { notes }),
    });
  };
  // An answer behind others of its connection has no socket yet.
  if (response.writableEnded && response.socket?.writableLength === 0) tell();
  else response.on('finish', tell);
}

function runSteps(steps: readonly Step[], call: Call, first: number): Answer | Promise<Answer> {
  for (let index = first; index < steps.length; index += 1) {
    const answer = steps[index]?.(call);
    if (answer instanceof Promise) return answer.then((ready) => ready ?? runSteps(steps, call, index + 1));
    if (answer) return answer;
  }
  throw new Error(`no step answered ${call.operation.key}`);
}

function declaredQuery({ parameters, paging }: Operation): ReadonlySet<string> {
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  return new Set(paging ? [...names, paging.pageParameter, paging.sizeParameter] : names);
}
