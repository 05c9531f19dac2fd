import { createProblem, type Problem } from '../kernel/problem.ts';
import type { Operation } from './operation.ts';
import type { PageRefusal, PagingRule } from './paging.ts';

/** Words a refused page: a size beyond the maximum is 422 where the contract declares it, everything else 400. */
export function pageProblem(refusal: PageRefusal, rule: PagingRule, operation: Operation): Problem {
  if (refusal === 'size-too-large') {
    const status = operation.statuses.has(422) ? 422 : 400;
    return createProblem('PAGINA_MUITO_GRANDE', {
      status,
      detail: `O parâmetro ${rule.sizeParameter} deve ser no máximo ${rule.maxSize}.`,
    });
  }
  const [name, least] =
    refusal === 'page-not-a-number' ? [rule.pageParameter, rule.firstPage] : [rule.sizeParameter, 1];
  return createProblem('PARAMETRO_INVALIDO', {
    detail: `O parâmetro ${name} deve ser um número inteiro maior ou igual a ${least}.`,
  });
}
