import { askedOwner } from '../asked-owner.ts';
import { checkFoundCustomer, checkFoundResources } from '../check-found.ts';
import type {
  ChildrenRequest,
  Connector,
  CustomerKey,
  DataRequest,
  FoundData,
  Json,
  RecordRequest,
} from '../connector.ts';
import type { Customer, CustomerDocuments, OfferedResource } from '../customer.ts';
import { Decimal, type Row } from './column-value.ts';
import { convertColumn } from './convert-column.ts';
import { QueryFailure } from './database-failure.ts';
import {
  type Answer,
  createReadOnlyDatabase,
  type ParameterValues,
  type ReadOnlyDatabaseSettings,
  type RunQuery,
} from './read-only-database.ts';
import { AmbiguousColumn, columnsOf, fillTemplate } from './record-template.ts';
import { operationKey, type SqlMapping, type SqlOperation, type SqlQuery } from './sql-mapping.ts';

export interface SqlConnectorSettings extends ReadOnlyDatabaseSettings {
  readonly mapping: SqlMapping;
}

/** The rows for an operation, and how many there are in all where they are only a page. */
interface Read extends Answer {
  readonly total: number | undefined;
}

const NOT_FOUND = Object.freeze({ status: 'notFound' });
const EMPTY = Object.freeze({ status: 'empty' });

/**
 * An institution whose data is in a PostgreSQL database, read by the queries of a mapping. Nobody logs in with it. Every
 * answer sees one state of the data, in a transaction that can only read and that ends with the asker's deadline or
 * signal. Rejections name a line of the mapping, and no statement, value or address.
 */
export function createSqlConnector(settings: SqlConnectorSettings): Connector {
  const { mapping, clock } = settings;
  const database = createReadOnlyDatabase(settings);

  async function findCustomer(run: RunQuery, key: CustomerKey, brand: string): Promise<Customer | undefined> {
    const [query, name, value] =
      'cpf' in key
        ? ([mapping.customer.byCpf, 'cpf', key.cpf] as const)
        : ([mapping.customer.byId, 'id', key.id] as const);
    const { rows } = await runChecked(run, query, { [name]: value, brand }, ['id', 'name', 'cpf']);
    const [row, ...others] = rows;
    if (others.length > 0) throw new QueryFailure(query, 'more than one customer');
    if (!row) return undefined;
    // A query that finds somebody else must not let one customer see another's data.
    if (textOf(row, name) !== value) throw new QueryFailure(query, 'it answered with another customer');
    const cpf = textOf(row, 'cpf') ?? '';
    return {
      id: textOf(row, 'id') ?? '',
      name: textOf(row, 'name') ?? '',
      cpf,
      companies: await findCompanies(run, cpf, brand),
    };
  }

  async function findCompanies(run: RunQuery, cpf: string, brand: string): Promise<Customer['companies']> {
    const { companies } = mapping;
    if (!companies) return [];
    const { rows } = await runChecked(run, companies, { cpf, brand }, ['cnpj', 'name']);
    return rows.map((row) => ({ cnpj: textOf(row, 'cnpj') ?? '', name: textOf(row, 'name') ?? '' }));
  }

  /** Undefined when the customer is not known, or does not act for the company. */
  async function findResources(
    run: RunQuery,
    documents: CustomerDocuments,
    types: readonly string[],
    brand: string,
  ): Promise<readonly OfferedResource[] | undefined> {
    const customer = await findCustomer(run, { cpf: documents.cpf }, brand);
    if (!customer) return undefined;
    const { cnpj } = documents;
    if (cnpj !== undefined && !customer.companies.some((company) => company.cnpj === cnpj)) return undefined;
    const resources: OfferedResource[] = [];
    for (const asked of mapping.resources) {
      const wanted = asked.types.filter((type) => types.includes(type));
      if (wanted.length === 0 || !concerns(asked.query, documents)) continue;
      const columns = asked.types.length === 1 ? ['ref', 'label'] : ['ref', 'label', 'type'];
      const { rows } = await runChecked(run, asked.query, valuesOfDocuments(documents, brand), columns);
      for (const row of rows) {
        const resource = toResource(row, asked.types);
        if (!asked.types.includes(resource.type))
          throw new QueryFailure(asked.query, 'a type that it does not declare');
        if (wanted.includes(resource.type)) resources.push(resource);
      }
    }
    return resources;
  }

  /** Undefined where the mapping has nothing for the operation, or for whose data it is. */
  async function readOperation(
    run: RunQuery,
    request: DataRequest,
  ): Promise<(Read & { operation: SqlOperation }) | undefined> {
    const operation = operationOf(mapping, request);
    if (!operation || !concerns(operation.query, request.documents)) return undefined;
    const page = pageOf(operation, request);
    const values = {
      ...request.query,
      ...request.refs,
      ...valuesOfDocuments(request.documents, request.brand),
      ref: Object.values(request.refs)[0] ?? null,
      offset: page?.offset ?? null,
      limit: page?.size ?? null,
    };
    const { template, owner, asOf } = operation;
    const needed = [...columnsOf(template), ...(owner ? [owner] : []), ...(asOf ? [asOf] : [])];
    const answer = await runChecked(run, operation.query, values, needed);
    const total = page && operation.total ? await count(run, operation.total, values) : undefined;
    return { ...answer, total, operation };
  }

  function toFound(
    read: Read & { operation: SqlOperation },
    { shape }: DataRequest,
    owner: string | undefined,
  ): FoundData | undefined {
    const { rows, total, operation } = read;
    const isPage = total !== undefined && total > 0 && operation.made === 'row';
    if (rows.length === 0 && !(isPage && shape === 'list')) return undefined;
    return {
      status: 'ok',
      data: toContent(operation, rows, shape),
      asOf: instantOf(operation, rows) ?? clock.now(),
      owner: ownerOf(operation, rows, owner),
      ...(total !== undefined && { total }),
    };
  }

  /** `owner` is whose data the query was bound to. */
  async function answer(
    request: DataRequest,
    owner: string | undefined,
    otherwise: (run: RunQuery) => Promise<FoundData>,
  ): Promise<FoundData> {
    try {
      return await database.read(request, async (run) => {
        const read = await readOperation(run, request);
        return (read && toFound(read, request, owner)) ?? (await otherwise(run));
      });
    } catch (failure) {
      // What the database cannot even compare with the references it has, it does not have.
      if (failure instanceof QueryFailure && isAskersValue(failure.unreadable, request)) return NOT_FOUND;
      throw failure;
    }
  }

  async function isTheirs(run: RunQuery, request: ChildrenRequest): Promise<boolean> {
    const { type, ref, documents, brand } = request;
    if (type === undefined || !mapping.resources.some(({ types }) => types.includes(type))) return false;
    const resources = await findResources(run, documents, [type], brand);
    return resources?.some((resource) => resource.ref === ref) ?? false;
  }

  return {
    capabilities: () => ({ apis: apisOf(mapping), authenticates: false }),

    async health(signal) {
      try {
        await database.ping(signal);
        return { isUp: true };
      } catch (failure) {
        return {
          isUp: false,
          reason: signal.aborted ? 'the database did not answer in time' : (failure as Error).message,
        };
      }
    },

    async customer(key, asking) {
      const customer = await database.read(asking, (run) => findCustomer(run, key, asking.brand));
      return customer ? checkFoundCustomer({ status: 'ok', data: customer, asOf: clock.now() }) : NOT_FOUND;
    },

    async discover(documents, types, asking) {
      const data = await database.read(asking, (run) => findResources(run, documents, types, asking.brand));
      if (!data) return NOT_FOUND;
      return data.length === 0
        ? EMPTY
        : checkFoundResources({ status: 'ok', data, asOf: clock.now() }, types);
    },

    list: (request) =>
      answer(request, askedOwner(request), async () => (request.shape === 'list' ? EMPTY : NOT_FOUND)),

    get: (request: RecordRequest) => answer(request, askedOwner(request, request), async () => NOT_FOUND),

    children: (request) =>
      answer(request, askedOwner(request, request), async (run) => {
        // What hangs on a thing that is not there is not an empty list of it.
        const mayBeEmpty = request.shape === 'list' && Object.keys(request.refs).length === 1;
        return mayBeEmpty && (await isTheirs(run, request)) ? EMPTY : NOT_FOUND;
      }),

    close: () => database.close(),
  };
}

function operationOf(
  { operations }: SqlMapping,
  { operationPath, version }: DataRequest,
): SqlOperation | undefined {
  return operations.get(operationKey(operationPath, version)) ?? operations.get(operationKey(operationPath));
}

/** A page is only answered where all that filters the list is applied before it is cut. */
function pageOf({ total, filters }: SqlOperation, { shape, page, query }: DataRequest): DataRequest['page'] {
  const isFiltered = Object.keys(query).every((name) => filters.includes(name));
  return total && shape === 'list' && isFiltered ? page : undefined;
}

function valuesOfDocuments({ cpf, cnpj }: CustomerDocuments, brand: string): ParameterValues {
  return { cpf, cnpj: cnpj ?? null, owner: cnpj ?? cpf, brand };
}

/** A query that looks only at the person says nothing of a company's data, and the other way round. */
function concerns({ parameters }: SqlQuery, { cnpj }: CustomerDocuments): boolean {
  if (parameters.includes('owner')) return true;
  return parameters.includes(cnpj === undefined ? 'cpf' : 'cnpj');
}

async function runChecked(
  run: RunQuery,
  query: SqlQuery,
  values: ParameterValues,
  needed: readonly string[],
): Promise<Answer> {
  const answer = await run(query, values);
  const missing = needed.find((column) => !answer.columns.has(column));
  if (missing !== undefined) throw new QueryFailure(query, `it has no column ${missing}`);
  return answer;
}

async function count(run: RunQuery, query: SqlQuery, values: ParameterValues): Promise<number> {
  const { rows, columns } = await run(query, values);
  const [column = ''] = columns;
  const total = Number(rows.length === 1 && columns.size === 1 ? textOf(rows[0] as Row, column) : Number.NaN);
  if (!Number.isSafeInteger(total) || total < 0)
    throw new QueryFailure(query, 'it must answer with one count');
  return total;
}

function toContent(
  { made, template, query }: SqlOperation,
  rows: readonly Row[],
  shape: DataRequest['shape'],
): Json {
  try {
    if (made === 'all') return fillTemplate(template, rows);
    if (shape === 'list') return rows.map((row) => fillTemplate(template, [row]));
    if (rows.length > 1) throw new QueryFailure(query, 'more than one row for one record');
    return fillTemplate(template, rows);
  } catch (failure) {
    throw failure instanceof AmbiguousColumn ? new QueryFailure(query, failure) : failure;
  }
}

function toResource(row: Row, types: readonly string[]): OfferedResource {
  const situation = textOf(row, 'situation');
  const closedOn = textOf(row, 'closed_on')?.slice(0, 10);
  const { is_visible: isVisible, approvers } = row;
  return {
    ref: textOf(row, 'ref') ?? '',
    type: textOf(row, 'type') ?? types[0] ?? '',
    label: textOf(row, 'label') ?? '',
    approvers: (approvers ?? []) as readonly string[],
    ...(situation !== undefined && { situation: situation as NonNullable<OfferedResource['situation']> }),
    ...(closedOn !== undefined && { closedOn }),
    ...(typeof isVisible === 'boolean' && { isVisible }),
  };
}

/** What the database says of whose the rows are, or else whom they were asked of. */
function ownerOf(
  { owner: column, query }: SqlOperation,
  rows: readonly Row[],
  asked: string | undefined,
): string {
  const isTold = column !== undefined && rows.length > 0;
  const owners = new Set(isTold ? rows.map((row) => textOf(row, column)) : [asked]);
  if (column !== undefined && owners.size > 1) throw new QueryFailure(query, new AmbiguousColumn(column));
  const [owner] = owners;
  if (owner === undefined) throw new QueryFailure(query, 'it does not say whose its rows are');
  return owner;
}

/** When the oldest of the rows was true. */
function instantOf({ asOf, query }: SqlOperation, rows: readonly Row[]): number | undefined {
  if (asOf === undefined || rows.length === 0) return undefined;
  const instants = rows.map((row) => Date.parse(textOf(row, asOf) ?? ''));
  if (instants.some(Number.isNaN)) throw new QueryFailure(query, `the column ${asOf} must be an instant`);
  return instants.reduce((oldest, at) => Math.min(oldest, at));
}

function textOf(row: Row, column: string): string | undefined {
  const value = row[column] ?? null;
  return value === null
    ? undefined
    : String(value instanceof Decimal ? value.text : convertColumn(value, 'text'));
}

function isAskersValue(parameter: string | undefined, { refs, query }: DataRequest): boolean {
  return parameter !== undefined && (parameter === 'ref' || parameter in refs || parameter in query);
}

/** By the segments of the path after that of the ecosystem and before the version, as contracts are named. */
function apisOf({ operations }: SqlMapping): string[] {
  const names = [...operations.values()].map(({ path }) => /^\/[^/]+\/(.+?)\/v\d+(?:\/|$)/.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}
