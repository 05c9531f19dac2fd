import { toPointer } from '../kernel/json-pointer.ts';
import type { Found, FoundData, Json } from './connector.ts';
import { type Company, type Customer, type OfferedResource, SITUATIONS, type Situation } from './customer.ts';

/** What somebody else's connector answered is not of the port's form. The message says where, never what stands there. */
export class MalformedAnswer extends Error {
  /** `pointer` is a JSON pointer (RFC 6901) into the answer. */
  constructor(pointer: string, expected: string) {
    super(`the answer is not of the connector's port: ${pointer === '' ? '/' : pointer} must be ${expected}`);
    this.name = 'MalformedAnswer';
  }
}

type Path = readonly (string | number)[];
type Members = Readonly<Record<string, unknown>>;

const OTHER_STATUSES = ['empty', 'notReady', 'notFound', 'refused'] as const;

const CPF = /^\d{11}$/;
const CNPJ = /^[0-9A-Z]{12}\d{2}$/;
const TYPE = /^[A-Z][A-Z0-9_]{0,79}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Up to 200 characters of which none is a control character. */
const KEY = /^[^\p{Cc}]{1,200}$/u;
const CURSOR = /^[\x20-\x7e]{0,512}$/;
const NAME = /^\P{Cc}{1,500}$/u;
/** Names of members as contracts have them. Any other could be personal and is not repeated in a message. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z_0-9-]{0,59}$/;

const MOST_COMPANIES = 1_000;
const MOST_RESOURCES = 10_000;
const MOST_APPROVERS = 1_000;
/** Of a JSON value; the deepest answer of a published contract has 12 levels. */
const MOST_LEVELS = 64;
const MOST_VALUES = 2_000_000;

/** Returns an answer about a customer as it is, or throws {@link MalformedAnswer}. */
export function checkFoundCustomer(answer: unknown): Found<Customer> {
  return checkFound(answer, readCustomer);
}

/**
 * Returns an answer of `discover` as it is. Throws {@link MalformedAnswer}, also for a type that was not asked for and
 * for a reference that comes twice.
 */
export function checkFoundResources(
  answer: unknown,
  types: readonly string[],
): Found<readonly OfferedResource[]> {
  return checkFound(answer, (data, at) => readResources(data, at, types));
}

/**
 * Makes the function that returns content as it is or throws {@link MalformedAnswer}, also where it does not say whose it
 * is. What is frozen is walked once.
 */
export function createContentCheck(): (answer: unknown) => FoundData {
  const known = new WeakSet<object>();
  return (answer) => {
    const found = checkFound(answer, (data, at) => {
      walk(data, at, known);
      return data as Json;
    });
    if (found.status !== 'ok') return found;
    if (!isOwned(found)) throw new MalformedAnswer('/owner', 'given: whose it is');
    return found;
  };
}

function isOwned(
  found: Extract<Found<Json>, { status: 'ok' }>,
): found is Extract<FoundData, { status: 'ok' }> {
  return found.owner !== undefined;
}

function checkFound<Data>(answer: unknown, read: (data: unknown, at: Path) => Data): Found<Data> {
  const found = membersOf(answer, [], ['status', 'data', 'asOf', 'owner', 'total', 'cursor']);
  const { status } = found;
  if (OTHER_STATUSES.some((other) => other === status)) return answer as Found<Data>;
  if (status !== 'ok') throw new MalformedAnswer('/status', `ok, ${OTHER_STATUSES.join(', ')}`);
  read(found.data, ['data']);
  if (!Number.isFinite(found.asOf) || (found.asOf as number) < 0)
    throw new MalformedAnswer('/asOf', 'milliseconds since the epoch');
  if (found.owner !== undefined) text(found.owner, ['owner'], KEY, 'a reference');
  if (found.total !== undefined && !(Number.isSafeInteger(found.total) && (found.total as number) >= 0))
    throw new MalformedAnswer('/total', 'a count');
  if (found.cursor !== undefined && found.cursor !== null)
    text(found.cursor, ['cursor'], CURSOR, 'at most 512 printable ASCII characters, or null');
  return answer as Found<Data>;
}

function readCustomer(value: unknown, at: Path): Customer {
  const { id, name, cpf, companies } = membersOf(value, at, ['id', 'name', 'cpf', 'companies']);
  const known = list(companies, [...at, 'companies'], MOST_COMPANIES).map((company, index) =>
    readCompany(company, [...at, 'companies', index]),
  );
  return {
    id: text(id, [...at, 'id'], KEY, 'the customer’s key'),
    name: text(name, [...at, 'name'], NAME, 'a name'),
    cpf: text(cpf, [...at, 'cpf'], CPF, 'eleven digits'),
    companies: known,
  };
}

function readCompany(value: unknown, at: Path): Company {
  const { cnpj, name } = membersOf(value, at, ['cnpj', 'name']);
  return {
    cnpj: text(cnpj, [...at, 'cnpj'], CNPJ, 'a CNPJ of 14 characters'),
    name: text(name, [...at, 'name'], NAME, 'a name'),
  };
}

function readResources(value: unknown, at: Path, types: readonly string[]): readonly OfferedResource[] {
  const resources = list(value, at, MOST_RESOURCES).map((resource, index) =>
    readResource(resource, [...at, index], types),
  );
  const seen = new Set<string>();
  for (const [index, { type, ref }] of resources.entries()) {
    if (seen.has(`${type} ${ref}`)) throw new MalformedAnswer(toPointer([...at, index, 'ref']), 'told once');
    seen.add(`${type} ${ref}`);
  }
  return resources;
}

function readResource(value: unknown, at: Path, types: readonly string[]): OfferedResource {
  const members = membersOf(value, at, [
    'ref',
    'type',
    'label',
    'approvers',
    'situation',
    'closedOn',
    'isVisible',
  ]);
  const { situation, closedOn, isVisible } = members;
  const type = text(members.type, [...at, 'type'], TYPE, 'a resource type');
  if (!types.includes(type))
    throw new MalformedAnswer(toPointer([...at, 'type']), 'a type that was asked for');
  if (situation !== undefined && !SITUATIONS.includes(situation as Situation))
    throw new MalformedAnswer(toPointer([...at, 'situation']), `one of ${SITUATIONS.join(', ')}`);
  if (isVisible !== undefined && typeof isVisible !== 'boolean')
    throw new MalformedAnswer(toPointer([...at, 'isVisible']), 'true or false');
  return {
    ref: text(members.ref, [...at, 'ref'], KEY, 'a reference of 1 to 200 characters'),
    type,
    label: text(members.label, [...at, 'label'], NAME, 'a label'),
    approvers: list(members.approvers, [...at, 'approvers'], MOST_APPROVERS).map((cpf, index) =>
      text(cpf, [...at, 'approvers', index], CPF, 'eleven digits'),
    ),
    ...(situation !== undefined && { situation: situation as Situation }),
    ...(closedOn !== undefined && {
      closedOn: text(closedOn, [...at, 'closedOn'], DAY, 'a day such as 2026-01-31'),
    }),
    ...(isVisible !== undefined && { isVisible }),
  };
}

function membersOf(value: unknown, at: Path, names: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedAnswer(toPointer(at), 'an object');
  if (Object.keys(value).some((name) => !names.includes(name)))
    throw new MalformedAnswer(toPointer(at), `without members besides ${names.join(', ')}`);
  return value as Members;
}

function list(value: unknown, at: Path, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most)
    throw new MalformedAnswer(toPointer(at), `a list of at most ${most}`);
  return value;
}

function text(value: unknown, at: Path, pattern: RegExp, expected: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw new MalformedAnswer(toPointer(at), expected);
  return value;
}

/** Throws unless the value is JSON within bounds. Circles end at the greatest depth. */
function walk(root: unknown, rootPath: Path, known: WeakSet<object>): void {
  let values = 0;
  /** Whether the value is frozen with all that is in it. */
  function visit(value: unknown, at: Path): boolean {
    values += 1;
    if (values > MOST_VALUES || at.length > MOST_LEVELS)
      throw new MalformedAnswer(
        toPointer(rootPath),
        `of at most ${MOST_VALUES} values and ${MOST_LEVELS} levels`,
      );
    if (typeof value !== 'object' || value === null) {
      if (!isScalar(value)) throw new MalformedAnswer(toPointer(at), 'a JSON value');
      return true;
    }
    if (known.has(value)) return true;
    if (!isPlain(value)) throw new MalformedAnswer(toPointer(at), 'a plain object or list');
    let isFrozen = Object.isFrozen(value);
    for (const [name, inner] of Array.isArray(value) ? value.entries() : Object.entries(value))
      isFrozen = visit(inner, [...at, nameable(name)]) && isFrozen;
    if (isFrozen) known.add(value);
    return isFrozen;
  }
  visit(root, rootPath);
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** What another context or the parser made without a prototype counts too; dates, maps and the like do not. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameable(name: string | number): string | number {
  return typeof name === 'number' || PLAIN_NAME.test(name) ? name : '…';
}
