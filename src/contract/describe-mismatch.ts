import { isObject } from './contract-document.ts';
import type { Parameter } from './operation.ts';

/** A value may be as long as its contract says, but not beyond the second; without a word of the contract, the first. */
const LONGEST_UNSTATED = 512;
const LONGEST_STATED = 2048;

/**
 * What the value of a path, query or header parameter should have been, as the rest of a Portuguese sentence about the
 * parameter; undefined when it fits. The value itself is never repeated.
 */
export function describeMismatch({ schema }: Parameter, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return 'é obrigatório';
  const rules = flatten(schema);
  const longest = longestValue(rules);
  if (value.length > longest) return `deve ter no máximo ${longest} caracteres`;
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

/** Enforced before any pattern runs: patterns are other people's, and some take long over long texts. */
function longestValue({ maxLength }: Record<string, unknown>): number {
  return typeof maxLength === 'number' ? Math.min(maxLength, LONGEST_STATED) : LONGEST_UNSTATED;
}

function describeText(rules: Record<string, unknown>, value: string): string | undefined {
  if (typeof rules.minLength === 'number' && value.length < rules.minLength)
    return `deve ter no mínimo ${rules.minLength} caracteres`;
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
