import { createProblem } from '../kernel/problem.ts';
import { type Answer, answerProblem, type Call } from './call.ts';
import { negotiateVersion } from './negotiate-version.ts';

/** Where the contract takes `x-v` and `x-min-v`, answers 406 unless the version in use lies between them. */
export function checkVersion({ operation, headers }: Call): Answer | undefined {
  if (!operation.negotiatesVersion) return undefined;
  const chosen = negotiateVersion([operation.version], textOf(headers['x-v']), textOf(headers['x-min-v']));
  return chosen === undefined ? answerProblem(createProblem('VERSAO_NAO_SUPORTADA')) : undefined;
}

function textOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : header;
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
