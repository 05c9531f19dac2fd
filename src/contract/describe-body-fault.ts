import type { ErrorObject } from 'ajv';
import { toPointer } from '../kernel/json-pointer.ts';

/** Where the caller names the members, a pointer may be as long as the body. */
const LONGEST_POINTER = 256;

/** Says in a Portuguese sentence where in a body the fault lies and what was expected there; never what was found. */
export function describeBodyFault({ instancePath, keyword, params }: ErrorObject): string {
  if (keyword === 'required')
    return `${subject(instancePath + toPointer([params.missingProperty]))} é obrigatório.`;
  return `${subject(instancePath)} ${expectation(keyword, params)}.`;
}

function subject(pointer: string): string {
  if (pointer === '') return 'O corpo da requisição';
  const shown = pointer.length > LONGEST_POINTER ? `${pointer.slice(0, LONGEST_POINTER)}…` : pointer;
  return `O campo ${shown}`;
}

function expectation(keyword: string, params: ErrorObject['params']): string {
  switch (keyword) {
    case 'type':
      return `deve ser ${typeNames(params.type)}`;
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'só admite os membros definidos no contrato';
    case 'enum':
    case 'const':
      return 'não é um dos valores permitidos';
    case 'pattern':
      return 'não tem o formato definido no contrato';
    case 'format':
      return `deve ser ${FORMATS[params.format as string] ?? `um texto no formato ${params.format}`}`;
    case 'minLength':
      return `deve ter no mínimo ${params.limit} caracteres`;
    case 'maxLength':
      return `deve ter no máximo ${params.limit} caracteres`;
    case 'minItems':
      return `deve ter no mínimo ${params.limit} elementos`;
    case 'maxItems':
      return `deve ter no máximo ${params.limit} elementos`;
    case 'uniqueItems':
      return 'não deve ter elementos repetidos';
    case 'minimum':
      return `deve ser no mínimo ${params.limit}`;
    case 'maximum':
      return `deve ser no máximo ${params.limit}`;
    case 'exclusiveMinimum':
      return `deve ser maior que ${params.limit}`;
    case 'exclusiveMaximum':
      return `deve ser menor que ${params.limit}`;
    default:
      return 'não tem a forma definida no contrato';
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'um texto',
  number: 'um número',
  integer: 'um número inteiro',
  boolean: 'true ou false',
  array: 'uma lista',
  object: 'um objeto',
  null: 'null',
};

function typeNames(types: string | readonly string[]): string {
  return [types]
    .flat()
    .map((type) => TYPES[type] ?? type)
    .join(' ou ');
}

const FORMATS: Readonly<Record<string, string>> = {
  date: 'uma data como 2026-01-31',
  'date-time': 'uma data e hora como 2026-01-31T12:00:00Z',
  uri: 'uma URL absoluta',
  email: 'um endereço de e-mail',
  uuid: 'um UUID',
};
