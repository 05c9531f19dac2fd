import { createProblem } from '../kernel/problem.ts';
import { type Answer, answerProblem, type Call } from './call.ts';
import { isObject } from './contract-document.ts';
import type { Parameter } from './operation.ts';

const LONGEST_VALUE = 512;

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

/** What a value should have been, in Portuguese; undefined when it fits. The value itself is never repeated. */
function describeMismatch({ schema }: Parameter, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return 'é obrigatório';
  if (value.length > LONGEST_VALUE) return `deve ter no máximo ${LONGEST_VALUE} caracteres`;
  const rules = flatten(schema);
  if (rules.type === 'integer' && !/^-?\d+$/.test(value)) return 'deve ser um número inteiro';
  if (rules.type === 'number' && !/^-?\d+(\.\d+)?$/.test(value)) return 'deve ser um número';
  if (rules.type === 'boolean' && !/^(true|false)$/.test(value)) return 'deve ser true ou false';
  if (Array.isArray(rules.enum) && !rules.enum.map(String).includes(value))
    return 'não é um dos valores permitidos';
  if (rules.type === 'string' || rules.type === undefined) return describeText(rules, value);
  const number = Number(value);
  if (typeof rules.minimum === 'number' && number < rules.minimum)
    return `deve ser no mínimo ${rules.minimum}`;
  if (typeof rules.maximum === 'number' && number > rules.maximum)
    return `deve ser no máximo ${rules.maximum}`;
  return undefined;
}

function describeText(rules: Record<string, unknown>, value: string): string | undefined {
  if (typeof rules.minLength === 'number' && value.length < rules.minLength)
    return `deve ter no mínimo ${rules.minLength} caracteres`;
  if (typeof rules.maxLength === 'number' && value.length > rules.maxLength)
    return `deve ter no máximo ${rules.maxLength} caracteres`;
  if (typeof rules.pattern === 'string' && !new RegExp(rules.pattern).test(value))
    return 'não tem o formato definido pelo contrato';
  return undefined;
}

/** Parameter schemas are flat or one reference deep. */
function flatten(schema: unknown): Record<string, unknown> {
  if (!isObject(schema)) return {};
  if (typeof schema.$ref !== 'string' || !isObject(schema.$defs)) return schema;
  const target = schema.$defs[schema.$ref.slice('#/$defs/'.length)];
  return isObject(target) ? target : {};
}
