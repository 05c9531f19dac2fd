import { askedOwner } from '../../src/connectors/asked-owner.ts';
import type {
  Connector,
  DataRequest,
  Found,
  FoundData,
  Json,
  RecordRequest,
} from '../../src/connectors/connector.ts';
import type { Customer, CustomerDocuments, OfferedResource } from '../../src/connectors/customer.ts';

/** What an institution knows, for tests. */
export interface CoreData {
  readonly customers: readonly CoreCustomer[];
  /** By CPF or CNPJ. */
  readonly owned: Readonly<Record<string, Owned>>;
  /** Whether lists are paged and counted where they are; handed out whole otherwise. */
  readonly isPaging?: boolean;
}

export interface CoreCustomer extends Customer {
  readonly login?: string;
  readonly password?: string;
}

/** What one person or company has. */
export interface Owned {
  readonly resources: readonly OfferedResource[];
  /** By the path of the operation, with references in place of its parameters. */
  readonly data: Readonly<Record<string, Json>>;
  /** By the same path, whose something is that is known by an id of its own. */
  readonly owners?: Readonly<Record<string, string>>;
}

const NOTHING: Owned = { resources: [], data: {} };

/** A correct connector over data in memory. Changes of the data count at once. */
export function createMemoryConnector({ customers, owned, isPaging = false }: CoreData): Connector {
  const ownedBy = ({ cpf, cnpj }: CustomerDocuments) => {
    const person = customers.find((customer) => customer.cpf === cpf);
    const mayAct = cnpj === undefined || person?.companies.some((company) => company.cnpj === cnpj);
    return person && mayAct ? (owned[cnpj ?? cpf] ?? NOTHING) : undefined;
  };

  async function read(request: DataRequest, record?: RecordRequest): Promise<FoundData> {
    request.signal.throwIfAborted();
    const theirs = ownedBy(request.documents);
    if (!theirs) return { status: 'notFound' };
    const path = request.operationPath.replace(/\{([^}]*)\}/g, (whole, name) => request.refs[name] ?? whole);
    const data = theirs.data[path];
    if (data === undefined) return { status: request.shape === 'list' ? 'empty' : 'notFound' };
    const owner = theirs.owners?.[path] ?? askedOwner(request, record);
    if (owner === undefined) throw new Error(`the data of the test does not say whose ${path} is`);
    const found = { status: 'ok', data, asOf: Date.now(), owner } as const;
    return isPaging && Array.isArray(data) && request.page ? pageOf(found, data, request.page) : found;
  }

  async function readOf(request: RecordRequest): Promise<FoundData> {
    const resources = ownedBy(request.documents)?.resources ?? [];
    const isTheirs =
      request.type === undefined ||
      resources.some(({ type, ref }) => type === request.type && ref === request.ref);
    return isTheirs ? read(request, request) : { status: 'notFound' };
  }

  return {
    capabilities: () => ({
      apis: undefined,
      authenticates: customers.some(({ login }) => login !== undefined),
    }),
    health: async () => ({ isUp: true }),
    async customer(key, { signal }) {
      signal.throwIfAborted();
      return tell(customers.find((one) => ('cpf' in key ? one.cpf === key.cpf : one.id === key.id)));
    },
    async authenticate(login, password, { signal }) {
      signal.throwIfAborted();
      return tell(customers.find((one) => one.login === login && one.password === password));
    },
    async discover(documents, types, { signal }) {
      signal.throwIfAborted();
      const theirs = ownedBy(documents);
      if (!theirs) return { status: 'notFound' };
      const data = theirs.resources.filter(({ type }) => types.includes(type));
      return data.length === 0 ? { status: 'empty' } : { status: 'ok', data, asOf: Date.now() };
    },
    list: (request) => read(request),
    get: readOf,
    children: readOf,
  };
}

function tell(found: CoreCustomer | undefined): Found<Customer> {
  if (!found) return { status: 'notFound' };
  const { id, name, cpf, companies } = found;
  return { status: 'ok', data: { id, name, cpf, companies }, asOf: Date.now() };
}

/** The cursor is where the next page starts. */
function pageOf<Whole extends Extract<FoundData, { status: 'ok' }>>(
  found: Whole,
  records: readonly Json[],
  { offset, size, cursor }: NonNullable<DataRequest['page']>,
): Whole {
  const start = cursor === undefined ? offset : Number(cursor);
  const end = start + size;
  return {
    ...found,
    data: records.slice(start, end),
    total: records.length,
    cursor: end < records.length ? String(end) : null,
  };
}
