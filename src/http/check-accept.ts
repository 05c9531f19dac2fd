import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import { createProblem } from '../kernel/problem.ts';
import { acceptsJson } from './negotiate-content.ts';

/** Answers 406 to callers that take no JSON: no API of either ecosystem has another form. */
export function checkAccept({ headers }: Call): Answer | undefined {
  return acceptsJson(headers.accept as string | undefined)
    ? undefined
    : answerProblem(createProblem('FORMATO_NAO_ACEITO'));
}
