import type { Diagnostic } from '../../kernel/diagnostic.ts';
import { nearMiss } from '../../kernel/near-miss.ts';
import { bindParameters } from './bind-parameters.ts';
import { type MappingDocument, openMappingDocument, type Place } from './mapping-document.ts';
import { readTemplate } from './read-template.ts';
import { columnsOf } from './record-template.ts';
import {
  operationKey,
  type ResourceQuery,
  type SqlMapping,
  type SqlOperation,
  type SqlQuery,
} from './sql-mapping.ts';

/** A mapping, or everything that is wrong with its text. */
export type ReadSqlMapping =
  | { readonly mapping: SqlMapping }
  | { readonly diagnostics: readonly Diagnostic[] };

/** What a query may ask for, what it must, and why. */
interface ParameterRule {
  readonly known: readonly string[];
  /** At least one of these. */
  readonly anyOf?: readonly string[];
  readonly all?: readonly string[];
}

/** Whose data it is: every query of customers' data says it, or it could answer with somebody else's. */
const WHOSE = ['owner', 'cpf', 'cnpj'];
const PAGING = ['offset', 'limit'];
const TYPE = /^[A-Z][A-Z0-9_]{0,79}$/;
const FILTER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const COLUMN = /^\$?([A-Za-z_][A-Za-z0-9_]*)$/;
const PATH = /^(\/[^@\s]+?)(?:@(\d+\.\d+\.\d+\S*))?$/;

const MEMBERS = {
  mapping: ['customer', 'companies', 'resources', 'operations'],
  customer: ['byCpf', 'byId'],
  resource: ['types', 'sql'],
  operation: ['sql', 'total', 'filters', 'record', 'answer', 'owner', 'asOf'],
} as const;

/**
 * Reads the YAML text of a mapping. Whatever is wrong with it is a diagnostic with the line it stands in; `file` is only
 * what diagnostics call it.
 */
export function readSqlMapping(text: string, file: string): ReadSqlMapping {
  const document = openMappingDocument(text, file);
  const mapping = document.root && readMapping(document, document.root);
  return mapping && document.diagnostics.length === 0 ? { mapping } : { diagnostics: document.diagnostics };
}

function readMapping(document: MappingDocument, root: Place): SqlMapping | undefined {
  const members = document.members(root, MEMBERS.mapping);
  if (!members) return undefined;
  const customer = need(document, root, members, 'customer');
  const resources = need(document, root, members, 'resources');
  const companies = members.get('companies');
  const operations = members.get('operations');
  return {
    customer: readCustomer(document, customer),
    companies: companies && readQuery(document, companies, { known: ['cpf', 'brand'], all: ['cpf'] }),
    resources: resources
      ? (document.elements(resources) ?? []).map((resource) => readResource(document, resource))
      : [],
    operations: new Map(operations ? readOperations(document, operations) : []),
  };
}

function readCustomer(document: MappingDocument, place: Place | undefined): SqlMapping['customer'] {
  const members = place && document.members(place, MEMBERS.customer);
  const query = (name: 'byCpf' | 'byId', parameter: string): SqlQuery => {
    const found = place && members && need(document, place, members, name);
    return found ? readQuery(document, found, { known: [parameter, 'brand'], all: [parameter] }) : NO_QUERY;
  };
  return { byCpf: query('byCpf', 'cpf'), byId: query('byId', 'id') };
}

function readResource(document: MappingDocument, place: Place): ResourceQuery {
  const members = document.members(place, MEMBERS.resource);
  const types = members && need(document, place, members, 'types');
  const sql = members && need(document, place, members, 'sql');
  return {
    types: types ? readNames(document, types, TYPE, 'a resource type, in capitals') : [],
    query: sql ? readQuery(document, sql, { known: [...WHOSE, 'brand'], anyOf: WHOSE }) : NO_QUERY,
  };
}

function readOperations(document: MappingDocument, place: Place): [string, SqlOperation][] {
  return [...(document.members(place) ?? [])].flatMap(([key, member]): [string, SqlOperation][] => {
    const [, path, version] = PATH.exec(key) ?? [];
    if (path === undefined) {
      document.report(
        member,
        'expected the full path of an operation, perhaps with a version, such as /a/v1/b@1.2.0',
      );
      return [];
    }
    const operation = readOperation(document, member, path);
    return operation ? [[operationKey(path, version), operation]] : [];
  });
}

function readOperation(document: MappingDocument, place: Place, path: string): SqlOperation | undefined {
  const members = document.members(place, MEMBERS.operation);
  if (!members) return undefined;
  const sql = need(document, place, members, 'sql');
  const totalPlace = members.get('total');
  const filtersPlace = members.get('filters');
  const filters = filtersPlace
    ? readNames(document, filtersPlace, FILTER, 'the name of a query parameter')
    : [];
  const references = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  const rule = ruleOf(references, filters);
  const query = sql
    ? readQuery(
        document,
        sql,
        totalPlace
          ? { ...rule, known: [...rule.known, ...PAGING], all: [...(rule.all ?? []), ...PAGING] }
          : rule,
      )
    : NO_QUERY;
  const total = totalPlace && readQuery(document, totalPlace, rule);
  const made = readMade(document, place, members);
  return (
    made && {
      path,
      query,
      total,
      filters,
      ...made,
      owner: readColumn(document, members.get('owner')),
      asOf: readColumn(document, members.get('asOf')),
    }
  );
}

/** A query that leaves out a reference of its path would answer for any. */
function ruleOf(references: readonly string[], filters: readonly string[]): ParameterRule {
  const [only, ...further] = references;
  const isAlone = only !== undefined && further.length === 0;
  return {
    known: [...WHOSE, 'brand', ...references, ...(isAlone ? ['ref'] : []), ...filters],
    anyOf: WHOSE,
    all: references,
  };
}

function readMade(
  document: MappingDocument,
  place: Place,
  members: ReadonlyMap<string, Place>,
): Pick<SqlOperation, 'made' | 'template'> | undefined {
  const [record, answer] = [members.get('record'), members.get('answer')];
  const template = record ?? answer;
  if (!template || (record && answer)) {
    document.report(
      place,
      'expected either "record", which each row becomes, or "answer", which all rows become together',
    );
    return undefined;
  }
  const read = readTemplate(document, template);
  if (columnsOf(read).length === 0) document.report(template, 'expected at least one column of the query');
  return { made: record ? 'row' : 'all', template: read };
}

const NO_QUERY: SqlQuery = Object.freeze({ text: '', parameters: [], line: 0 });

function readQuery(document: MappingDocument, place: Place, rule: ParameterRule): SqlQuery {
  const statement = document.text(place);
  if (statement === undefined) return NO_QUERY;
  const bound = bindParameters(statement);
  if ('message' in bound) {
    document.report(place, bound.message, 'config-value', bound.offset);
    return NO_QUERY;
  }
  if (!/^\s*(?:--[^\n]*\n\s*)*(?:select|with|values)\b/i.test(statement))
    document.report(place, 'expected a query that begins with select, with or values');
  for (const name of bound.parameters.filter((parameter) => !rule.known.includes(parameter)))
    reportUnknown(document, place, statement, name, rule.known);
  checkRequired(document, place, bound.parameters, rule);
  return { ...bound, line: document.lineOf(place) };
}

function reportUnknown(
  document: MappingDocument,
  place: Place,
  statement: string,
  name: string,
  known: readonly string[],
): void {
  const near = nearMiss(name, known);
  const hint =
    near === undefined
      ? `there are ${known.map((other) => `:${other}`).join(', ')}`
      : `did you mean :${near}?`;
  const offset = statement.search(new RegExp(`(?<!:):${name}\\b`));
  document.report(place, `nothing is called :${name} here; ${hint}`, 'config-value', Math.max(offset, 0));
}

function checkRequired(
  document: MappingDocument,
  place: Place,
  given: readonly string[],
  { known, anyOf = [], all = [] }: ParameterRule,
): void {
  if (anyOf.length > 0 && !anyOf.some((name) => given.includes(name)))
    document.report(
      place,
      'the query asks for nobody’s data in particular: use :owner, :cpf or :cnpj, or it would answer with anybody’s',
    );
  const missing = all.filter(
    (name) =>
      !given.includes(name) && !(known.includes('ref') && !PAGING.includes(name) && given.includes('ref')),
  );
  for (const name of missing) document.report(place, `the query must use :${name}`);
}

function readNames(document: MappingDocument, place: Place, pattern: RegExp, expected: string): string[] {
  const names = (document.elements(place) ?? []).flatMap((element) => {
    const name = document.text(element);
    if (name !== undefined && !pattern.test(name)) document.report(element, `expected ${expected}`);
    return name === undefined ? [] : [name];
  });
  if (names.length === 0) document.report(place, `expected ${expected}, one at least`);
  return names;
}

function readColumn(document: MappingDocument, place: Place | undefined): string | undefined {
  const text = place && document.text(place);
  if (text === undefined) return undefined;
  const column = COLUMN.exec(text)?.[1];
  if (column === undefined) document.report(place as Place, 'expected the name of a column');
  return column;
}

function need(
  document: MappingDocument,
  place: Place,
  members: ReadonlyMap<string, Place>,
  name: string,
): Place | undefined {
  const found = members.get(name);
  if (!found) document.report(place, `"${name}" is missing`);
  return found;
}
