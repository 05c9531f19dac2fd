import { parse } from 'yaml';
import { type OfferedResource, SITUATIONS, type Situation } from './customer.ts';

/** A customer as a `customer.yaml` tells it. */
export interface CustomerFile {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly cpf: string;
  /** CNPJs of the companies the customer may act for. */
  readonly companies: readonly string[];
  readonly resources: readonly OfferedResource[];
}

/** A company as a `company.yaml` tells it. */
export interface CompanyFile {
  readonly cnpj: string;
  readonly name: string;
  readonly resources: readonly OfferedResource[];
}

/** The parser's own messages quote the file, which is personal. */
const QUIETLY = { prettyErrors: false } as const;

const CPF = /^\d{11}$/;
const CNPJ = /^[0-9A-Z]{12}\d{2}$/;
const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const TYPE = /^[A-Z][A-Z_]{0,79}$/;
const REF = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,59}$/;

/** Reads a `customer.yaml`. Throws an error that says which member is wrong, without repeating what is in it. */
export function readCustomerFile(text: string): CustomerFile {
  const content = mapping(parse(text, QUIETLY), 'the file', [
    'id',
    'login',
    'name',
    'cpf',
    'companies',
    'resources',
  ]);
  return {
    id: matching(content.id, 'id', REF),
    login: string(content.login, 'login').toLowerCase(),
    name: string(content.name, 'name'),
    cpf: matching(content.cpf, 'cpf', CPF),
    companies: list(content.companies, 'companies').map((cnpj, index) =>
      matching(cnpj, `companies[${index}]`, CNPJ),
    ),
    resources: readResources(content.resources),
  };
}

/** Reads a `company.yaml`. Throws as {@link readCustomerFile} does. */
export function readCompanyFile(text: string): CompanyFile {
  const content = mapping(parse(text, QUIETLY), 'the file', ['cnpj', 'name', 'resources']);
  return {
    cnpj: matching(content.cnpj, 'cnpj', CNPJ),
    name: string(content.name, 'name'),
    resources: readResources(content.resources),
  };
}

function readResources(value: unknown): OfferedResource[] {
  const resources = list(value, 'resources').map((entry, index) =>
    readResource(entry, `resources[${index}]`),
  );
  const refs = new Set(resources.map(({ type, ref }) => `${type} ${ref}`));
  if (refs.size < resources.length) throw new Error('resources: two have the same type and ref');
  return resources;
}

function readResource(value: unknown, at: string): OfferedResource {
  const content = mapping(value, at, [
    'type',
    'ref',
    'label',
    'approvers',
    'situation',
    'closedOn',
    'isVisible',
  ]);
  return {
    type: matching(content.type, `${at}.type`, TYPE),
    ref: matching(content.ref, `${at}.ref`, REF),
    label: string(content.label, `${at}.label`),
    approvers: list(content.approvers, `${at}.approvers`).map((cpf, index) =>
      matching(cpf, `${at}.approvers[${index}]`, CPF),
    ),
    ...readSituation(content, at),
  };
}

function readSituation(
  { situation, closedOn, isVisible }: Record<string, unknown>,
  at: string,
): Pick<OfferedResource, 'situation' | 'closedOn' | 'isVisible'> {
  if (situation !== undefined && !SITUATIONS.includes(situation as Situation))
    throw new Error(`${at}.situation must be one of ${SITUATIONS.join(', ')}`);
  if (isVisible !== undefined && typeof isVisible !== 'boolean')
    throw new Error(`${at}.isVisible must be true or false`);
  return {
    ...(situation === undefined ? {} : { situation: situation as Situation }),
    ...(closedOn === undefined ? {} : { closedOn: matching(closedOn, `${at}.closedOn`, DAY) }),
    ...(isVisible === undefined ? {} : { isVisible }),
  };
}

function mapping(value: unknown, at: string, members: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${at} must be a mapping`);
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) throw new Error(`${at} has no member called ${unknown}`);
  return value as Record<string, unknown>;
}

/** Documents and references must be quoted: YAML would drop the leading zeros of a number. */
function string(value: unknown, at: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw new Error(`${at} must be a string in quotes`);
  return value;
}

function matching(value: unknown, at: string, pattern: RegExp): string {
  const text = string(value, at);
  if (!pattern.test(text)) throw new Error(`${at} must match ${pattern.source}`);
  return text;
}

function list(value: unknown, at: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${at} must be a list`);
  return value;
}
