import { createProblem } from '../kernel/problem.ts';
import { type Answer, answerProblem, type Call } from './call.ts';
import { describeMismatch } from './describe-mismatch.ts';
import type { Parameter } from './operation.ts';

/** Judged by a step of their own, which answers 406 and not 400. */
const NEGOTIATED = new Set(['x-v', 'x-min-v']);

/**
 * Checks the request headers that the contract declares: 400 for the first that is missing although required, stands
 * more than once, or does not have its form. Names are compared without regard to case (RFC 9110, 5.1). Headers that
 * HTTP itself defines, and those that contracts declare here by mistake, are no parameters of an {@link Operation}.
 */
export function checkHeaders({ operation, headers }: Call): Answer | undefined {
  for (const parameter of operation.parameters) {
    if (parameter.in !== 'header') continue;
    const name = parameter.name.toLowerCase();
    if (NEGOTIATED.has(name)) continue;
    const expected = describeFault(parameter, headers[name]);
    if (expected !== undefined) {
      const detail = `O cabeçalho ${name} é inválido: ${expected}.`;
      return answerProblem(createProblem('CABECALHO_INVALIDO', { detail }));
    }
  }
  return undefined;
}

function describeFault(parameter: Parameter, header: string | string[] | undefined): string | undefined {
  if (Array.isArray(header)) return 'deve ser informado uma única vez';
  // An empty header says nothing, which is what leaving it out says.
  if ((header === undefined || header === '') && !parameter.required) return undefined;
  return describeMismatch(parameter, header);
}
