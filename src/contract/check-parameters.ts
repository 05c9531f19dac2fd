import { createProblem } from '../kernel/problem.ts';
import { type Answer, answerProblem, type Call } from './call.ts';
import { describeMismatch } from './describe-mismatch.ts';

/** Checks path and query parameters against what the contract says of them: 400 for the first that does not fit. */
export function checkParameters({ operation, path, query }: Call): Answer | undefined {
  for (const parameter of operation.parameters) {
    if (parameter.in === 'header') continue;
    const value = parameter.in === 'path' ? path[parameter.name] : query[parameter.name];
    if ((value === undefined || value === '') && parameter.in === 'query' && !parameter.required) continue;
    const expected = describeMismatch(parameter, value);
    if (expected !== undefined) {
      const detail = `O parâmetro ${parameter.name} é inválido: ${expected}.`;
      return answerProblem(createProblem('PARAMETRO_INVALIDO', { detail }));
    }
  }
  return undefined;
}
