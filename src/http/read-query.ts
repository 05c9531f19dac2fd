import { createProblem, type Problem } from '../kernel/problem.ts';

/** More pairs than any contract declares; the rest of a longer query is not looked at. */
const MOST_PAIRS = 100;

/**
 * Reads the declared parameters of a query. Others are ignored; a declared one that stands twice, or a badly encoded
 * one, is refused.
 */
export function readQuery(
  query: string,
  declared: ReadonlySet<string>,
): { values: Record<string, string> } | { problem: Problem } {
  const values: Record<string, string> = {};
  for (const pair of query.split('&', MOST_PAIRS)) {
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    if (name === undefined) return { problem: createProblem('REQUISICAO_MALFORMADA') };
    if (!declared.has(name)) continue;
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    if (value === undefined) return { problem: createProblem('REQUISICAO_MALFORMADA') };
    if (Object.hasOwn(values, name)) {
      return {
        problem: createProblem('PARAMETRO_REPETIDO', {
          detail: `O parâmetro ${name} foi informado mais de uma vez.`,
        }),
      };
    }
    values[name] = value;
  }
  return { values };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
