import type { ErrorObject } from 'ajv';
import type { DiagnosticCode } from '../kernel/diagnostic.ts';
import { fromPointer } from '../kernel/json-pointer.ts';
import { nearMiss } from '../kernel/near-miss.ts';

/** A broken rule in words, and the place it is about. */
export interface Violation {
  readonly code: DiagnosticCode;
  readonly path: readonly string[];
  readonly what: 'value' | 'key';
  readonly message: string;
}

const MOST_CHOICES = 8;

/** Says what the contract expected, what was found and, where a name or a choice was nearly right, what was meant. */
export function describeViolation(error: ErrorObject): Violation {
  const path = fromPointer(error.instancePath);
  const { params, data } = error;
  const value = (code: DiagnosticCode, message: string): Violation => ({
    code,
    path,
    what: 'value',
    message,
  });
  switch (error.keyword) {
    case 'type':
      return value('data-type', `expected ${expectedType(params.type)}, found ${foundType(data)}`);
    case 'required':
      return value('data-required', missingField(params.missingProperty, error));
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownField(error, path);
    case 'enum':
      return value('data-enum', wrongChoice(params.allowedValues, data));
    case 'const':
      return value('data-enum', wrongChoice([params.allowedValue], data));
    case 'pattern':
      return value('data-pattern', `expected text of the form ${params.pattern}, found ${shorten(data)}`);
    case 'format':
      return value('data-format', `expected ${formatName(params.format)}, found ${shorten(data)}`);
    case 'minLength':
      return value(
        'data-length',
        `expected at least ${params.limit} characters, found ${shorten(data)} with ${length(data)}`,
      );
    case 'maxLength':
      return value(
        'data-length',
        `expected at most ${params.limit} characters, found ${shorten(data)} with ${length(data)}`,
      );
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return value(
        'data-range',
        `expected a number ${params.comparison} ${params.limit}, found ${shorten(data)}`,
      );
    case 'minItems':
      return value('data-count', `expected at least ${params.limit} elements, found ${count(data)}`);
    case 'maxItems':
      return value('data-count', `expected at most ${params.limit} elements, found ${count(data)}`);
    default:
      return value('data-shape', `${error.message ?? 'breaks a rule of the contract'} (${error.keyword})`);
  }
}

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

function expectedType(type: string | string[]): string {
  return [type]
    .flat()
    .map((name) => TYPES[name] ?? name)
    .join(' or ');
}

function foundType(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'an object';
  if (typeof data === 'string') return `the text ${shorten(data)}`;
  return typeof data === 'number' ? `the number ${shorten(data)}` : shorten(data);
}

function missingField(name: string, error: ErrorObject): string {
  const declared = declaredNames(error.parentSchema);
  const strangers = Object.keys(error.data ?? {}).filter((key) => !declared.includes(key));
  const near = nearMiss(name, strangers);
  return near === undefined
    ? `the field "${name}" is missing`
    : `the field "${name}" is missing; is "${near}" meant to be it?`;
}

function unknownField(error: ErrorObject, path: string[]): Violation {
  const name: string = error.params.additionalProperty ?? error.params.unevaluatedProperty;
  const near = nearMiss(name, declaredNames(error.parentSchema));
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return {
    code: 'data-unknown-field',
    path: [...path, name],
    what: 'key',
    message: `the contract has no field "${name}" here${hint}`,
  };
}

function declaredNames(schema: ErrorObject['parentSchema']): string[] {
  return Object.keys(schema?.properties ?? {});
}

function wrongChoice(allowed: readonly unknown[], data: unknown): string {
  const texts = allowed.map(String);
  const shown = texts.slice(0, MOST_CHOICES).join(', ');
  const rest = texts.length > MOST_CHOICES ? ` and ${texts.length - MOST_CHOICES} more` : '';
  const near = typeof data === 'string' ? nearMiss(data, texts) : undefined;
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return `expected ${texts.length === 1 ? '' : 'one of '}${shown}${rest}, found ${shorten(data)}${hint}`;
}

const FORMATS: Record<string, string> = {
  date: 'a date such as 2026-01-31',
  'date-time': 'a date and time such as 2026-01-31T12:00:00Z',
  uri: 'an absolute URL such as https://banco.example/',
  email: 'an e-mail address',
  uuid: 'a UUID',
};

function formatName(format: string): string {
  return FORMATS[format] ?? `text in the format "${format}"`;
}

function shorten(data: unknown): string {
  const text = JSON.stringify(data) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function length(data: unknown): number {
  return [...String(data)].length;
}

function count(data: unknown): number {
  return Array.isArray(data) ? data.length : 0;
}
