import { type Answer, answerProblem, type Call } from '../../contract/call.ts';
import { projectOnSchema } from '../../contract/project-on-schema.ts';
import { createProblem } from '../../kernel/problem.ts';
import type { Area, Verb } from './access.ts';
import type { RecordFault } from './directory-records.ts';
import type { RecordBody } from './directory-store.ts';
import type { Principal } from './principals.ts';

/** What an operation of the directory does, and what right it takes. */
export interface Route {
  readonly verb: Verb;
  readonly area: Area;
  readonly serve: (call: Call, principal: Principal) => Promise<Answer>;
}

/** Routes by method and path template. */
export type Routes = ReadonlyMap<string, Route>;

/** An answer with the members that the contract declares; what the directory keeps beside them stays inside. */
export function answerJson({ operation }: Call, body: unknown, status = 200): Answer {
  const schema = operation.answer.schema();
  return { kind: 'json', status, body: schema === undefined ? body : projectOnSchema(schema, body) };
}

/** The members of a request that its contract declares: nobody sets others by naming them. */
export function requestOf({ operation, body }: Call): RecordBody {
  const schema = operation.request?.schema();
  if (schema === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return {};
  return projectOnSchema(schema, body) as RecordBody;
}

/** 404 for a record that is not there. */
export function answerMissing(): Answer {
  return answerProblem(createProblem('REGISTRO_INEXISTENTE'));
}

/** 400 with what is wrong, in Portuguese. */
export function answerUnfit(detail: string): Answer {
  return answerProblem(createProblem('REGISTRO_INVALIDO', { detail: sentence(detail) }));
}

/** The answer to a change that was refused. */
export function answerFault({ operation }: Call, { reason, detail }: RecordFault): Answer {
  if (reason === 'missing') return answerMissing();
  if (reason === 'unfit') return answerUnfit(detail);
  if (reason === 'reserved') return answerProblem(createProblem('ACESSO_AO_DIRETORIO_NEGADO'));
  const status = operation.statuses.has(409) ? 409 : 400;
  return answerProblem(createProblem('REGISTRO_EM_CONFLITO', { status, detail: sentence(detail) }));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
