import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Operation } from '../contract/operation.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import { readInteractionId } from './interaction-id.ts';
import { createPathTable } from './path-table.ts';
import type { ListenerContext } from './serve-operation.ts';
import { writeProblem } from './write-answer.ts';

/** Answers for what no operation answers, in the shape that the path's operations give their errors. */
export interface Refusals {
  /** 405 with the methods that the path has, or 404. */
  answerUnrouted(request: FastifyRequest, reply: FastifyReply): void;
  /** 400 for what the router cannot read. */
  refuseMalformed(request: FastifyRequest, reply: FastifyReply): void;
  /** For what Fastify threw. */
  answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void;
}

export interface RefusalSettings {
  readonly operations: readonly Operation[];
  readonly context: Pick<ListenerContext, 'logger' | 'now' | 'isDraining'>;
}

/** Creates the answers of a listener for what no operation answers. */
export function createRefusals({ operations, context }: RefusalSettings): Refusals {
  const methodsOf = createPathTable(operations.map((operation) => ({ ...operation, value: operation })));

  function answerUnrouted(request: FastifyRequest, reply: FastifyReply): void {
    const entry = methodsOf(pathOf(request));
    if (!entry) {
      refuse(request, reply, createProblem('ROTA_DESCONHECIDA'));
      return;
    }
    const allowed = [...entry.methods.keys()].flatMap((method) =>
      method === 'GET' ? ['GET', 'HEAD'] : [method],
    );
    refuse(request, reply, createProblem('METODO_NAO_PERMITIDO'), ['allow', allowed.join(', ')]);
  }

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) context.logger.error({ err: error }, 'unexpected error');
    // What is wrong with a body does not matter where none is taken.
    if (status < 500 && request.is404) answerUnrouted(request, reply);
    else refuse(request, reply, createProblem(status >= 500 ? 'ERRO_INTERNO' : 'REQUISICAO_MALFORMADA'));
  }

  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    problem: Problem,
    headers: string[] = [],
  ): void {
    reply.hijack();
    const exchange = {
      request: request.raw,
      response: reply.raw,
      interactionId: readInteractionId(request.headers['x-fapi-interaction-id']),
      // Any operation of the path, for the shape of errors.
      operation: methodsOf(pathOf(request))?.methods.values().next().value,
      now: context.now,
      isDraining: context.isDraining(),
    };
    writeProblem(exchange, problem, headers);
  }

  return {
    answerUnrouted,
    answerError,
    refuseMalformed: (request, reply) => refuse(request, reply, createProblem('REQUISICAO_MALFORMADA')),
  };
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
