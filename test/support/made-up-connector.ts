import { describeConnectorReads } from '../../src/app/consent-side/connector-reads.ts';
import type { ConnectorRead } from '../../src/connectors/conformance/connector-read.ts';
import type {
  ChildrenRequest,
  Connector,
  DataRequest,
  FoundData,
  Json,
  RecordRequest,
} from '../../src/connectors/connector.ts';
import type { Customer, CustomerDocuments, OfferedResource } from '../../src/connectors/customer.ts';
import { openFinance } from './consent-profiles.ts';
import { jsonAnswer, loadDocument } from './contract-folder.ts';

/** Customers of the made-up institution. */
export const MADE_UP_CUSTOMERS = {
  customer: { cpf: '52998224725', cnpj: '11222333000181' },
  other: { cpf: '11144477735' },
  empty: { cpf: '12345678909' },
  unknownCpf: '99999999999',
} as const;

/** How the made-up institution answers lists. */
export interface MadeUpInstitution {
  /** `cursor`: after the record that a cursor names; `total`: by place; `whole`: never in pages. */
  readonly pages: 'cursor' | 'total' | 'whole';
  /** Whether a movement is booked each time somebody reads the first page of them. */
  readonly isBusy?: boolean;
}

const MOVEMENTS = 60;
const AS_OF = Date.UTC(2026, 0, 31);
const PERMISSION = { 'x-permissions': ['ACCOUNTS_READ'] };

/** Reads of an API that no regulator has, with everything in it that the contracts of the regulators have. */
export const madeUpReads: readonly ConnectorRead[] = describeConnectorReads(
  loadDocument({
    openapi: '3.0.0',
    info: { title: 'Made-up customer data', version: '1.0.0' },
    servers: [{ url: 'https://api.made-up.example/open-banking/made-up/v1' }],
    security: [{ oauth: ['made-up'] }],
    paths: {
      '/things': read(
        listOf({ thingId: text(), kind: kind() }),
        [...paging(), query('kind', kind())],
        PERMISSION,
      ),
      '/things/{thingId}': read(objectOf({ thingId: text(), kind: kind() }), [path('thingId')], PERMISSION),
      '/things/{thingId}/movements': read(
        listOf({ movementId: text(), movementDate: date(), amount: text(), noteId: text() }),
        [path('thingId'), query('fromMovementDate', date()), query('toMovementDate', date()), ...paging()],
        PERMISSION,
      ),
      '/things/{thingId}/movements/{movementId}/parts': read(
        listOf({ partId: text() }),
        [path('thingId'), path('movementId'), ...paging()],
        PERMISSION,
      ),
      '/profile': read(objectOf({ nickname: text() }), [], {
        'x-permissions': ['CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ'],
      }),
      '/notes/{noteId}': read(objectOf({ noteId: text(), text: text() }), [path('noteId')], PERMISSION),
    },
    components: {
      securitySchemes: { oauth: { type: 'oauth2', flows: {} } },
    },
  }).operations,
  openFinance,
);

/** Resource types that the institution knows: of the second it has no API. */
export const MADE_UP_TYPES = ['ACCOUNT', 'LOAN'] as const;

/** A connector that gets everything right. */
export function createMadeUpConnector({ pages, isBusy = false }: MadeUpInstitution): Connector {
  const customers: readonly Customer[] = [
    customerOf('c-1', MADE_UP_CUSTOMERS.customer.cpf, [
      { cnpj: MADE_UP_CUSTOMERS.customer.cnpj, name: 'Empresa' },
    ]),
    customerOf('c-2', MADE_UP_CUSTOMERS.other.cpf, []),
    customerOf('c-3', MADE_UP_CUSTOMERS.empty.cpf, []),
  ];
  const things = new Map<string, readonly OfferedResource[]>([
    [MADE_UP_CUSTOMERS.customer.cnpj, [thing('t-1'), thing('t-2'), thing('t-3'), thing('l-1', 'LOAN')]],
    [MADE_UP_CUSTOMERS.other.cpf, [thing('t-8'), thing('t-9')]],
  ]);
  const movements = new Map(
    ['t-1', 't-2', 't-8'].map((ref, at) => [ref, movementsOf(ref, at === 0 ? MOVEMENTS : 3)]),
  );
  let booked = 0;

  const thingsOf = (documents: CustomerDocuments) => {
    const known = customers.find(({ cpf }) => cpf === documents.cpf);
    if (!known) return undefined;
    if (documents.cnpj === undefined) return things.get(documents.cpf) ?? [];
    return known.companies.some(({ cnpj }) => cnpj === documents.cnpj)
      ? (things.get(documents.cnpj) ?? [])
      : undefined;
  };
  const has = (documents: CustomerDocuments, ref: string) =>
    thingsOf(documents)?.some((resource) => resource.ref === ref && resource.type === 'ACCOUNT') ?? false;

  function page(
    records: readonly Json[],
    idName: string,
    { page: asked, query }: DataRequest,
    owner: string,
  ): FoundData {
    const wanted = records.filter((record) => isWanted(record as Members, query));
    if (pages === 'whole' || !asked) return found(records, owner);
    const total = wanted.length;
    if (pages === 'total')
      return { ...found(wanted.slice(asked.offset, asked.offset + asked.size), owner), total };
    const after = asked.cursor?.replace(/^after /, '');
    const at = wanted.findIndex((record) => (record as Members)[idName] === after);
    if (after !== undefined && at < 0) return { status: 'refused' };
    const from = after === undefined ? asked.offset : at + 1;
    const part = wanted.slice(from, from + asked.size);
    const last = (part.at(-1) as Members | undefined)?.[idName];
    const cursor = from + asked.size < total ? `after ${last}` : null;
    return { ...found(part, owner), total, cursor };
  }

  function book(ref: string, { page: asked }: DataRequest): void {
    if (!isBusy || asked?.offset !== 0 || asked.cursor !== undefined) return;
    booked += 1;
    movements.get(ref)?.unshift(movement(ref, 1000 + booked));
  }

  function children(request: ChildrenRequest): FoundData {
    const { ref, name, refs, documents } = request;
    if (!has(documents, ref)) return { status: 'notFound' };
    const own = movements.get(ref) ?? [];
    if (name === 'movements') {
      book(ref, request);
      return own.length === 0 ? { status: 'empty' } : page(own, 'movementId', request, ref);
    }
    const isKnown = own.some((record) => (record as Members).movementId === refs.movementId);
    return isKnown
      ? page([{ partId: `${refs.movementId}-a` }, { partId: `${refs.movementId}-b` }], 'partId', request, ref)
      : { status: 'notFound' };
  }

  function get({ ref, type, documents }: RecordRequest): FoundData {
    if (type === undefined) {
      const owner = ref.replace(/-\d+-n$/, '');
      const isKnown = movements.get(owner)?.some((record) => (record as Members).noteId === ref);
      return isKnown && has(documents, owner)
        ? found({ noteId: ref, text: 'paid' }, owner)
        : { status: 'notFound' };
    }
    return has(documents, ref) ? found({ thingId: ref, kind: kindOf(ref) }, ref) : { status: 'notFound' };
  }

  return {
    capabilities: () => ({ apis: ['made-up'], authenticates: true }),
    health: async () => ({ isUp: true }),
    async customer(key, { signal }) {
      signal.throwIfAborted();
      const data = customers.find((each) => ('cpf' in key ? each.cpf === key.cpf : each.id === key.id));
      return data ? { status: 'ok', data, asOf: AS_OF } : { status: 'notFound' };
    },
    async authenticate(_login, _password, { signal }) {
      signal.throwIfAborted();
      return { status: 'notFound' };
    },
    async discover(documents, types, { signal }) {
      signal.throwIfAborted();
      const data = thingsOf(documents)?.filter(({ type }) => types.includes(type));
      return data ? { status: 'ok', data, asOf: AS_OF } : { status: 'notFound' };
    },
    async list(request) {
      request.signal.throwIfAborted();
      const { operationPath, documents } = request;
      const owner = documents.cnpj ?? documents.cpf;
      if (operationPath.endsWith('/profile')) return found({ nickname: `of ${owner}` }, owner);
      if (!operationPath.endsWith('/things') || !operationPath.includes('made-up'))
        return { status: 'notFound' };
      const own = thingsOf(documents)?.filter(({ type }) => type === 'ACCOUNT') ?? [];
      const records = own.map(({ ref }) => ({ thingId: ref, kind: kindOf(ref) }));
      return records.length === 0 ? { status: 'empty' } : page(records, 'thingId', request, owner);
    },
    async get(request) {
      request.signal.throwIfAborted();
      return get(request);
    },
    async children(request) {
      request.signal.throwIfAborted();
      return children(request);
    },
  };
}

type Members = { readonly [member: string]: string };

function found(data: Json, owner: string) {
  return { status: 'ok', data, asOf: AS_OF, owner } as const;
}

function isWanted(record: Members, query: Readonly<Record<string, string>>): boolean {
  const { fromMovementDate: from, toMovementDate: to, kind } = query;
  const day = record.movementDate;
  if (kind !== undefined && record.kind !== kind) return false;
  return day === undefined || ((from === undefined || day >= from) && (to === undefined || day <= to));
}

function customerOf(id: string, cpf: string, companies: Customer['companies']): Customer {
  return { id, name: 'Cliente', cpf, companies };
}

function thing(ref: string, type = 'ACCOUNT'): OfferedResource {
  return { ref, type, label: `Conta ${ref}`, approvers: [] };
}

function kindOf(ref: string): string {
  return ref.endsWith('1') ? 'RED' : 'BLUE';
}

function movementsOf(ref: string, count: number): Json[] {
  return Array.from({ length: count }, (_, at) => movement(ref, count - at));
}

/** Ten movements a day. */
function movement(ref: string, number: number): Json {
  const day = 1 + (Math.floor(number / 10) % 28);
  return {
    movementId: `${ref}-${number}`,
    movementDate: `2025-03-${String(day).padStart(2, '0')}`,
    amount: '10.00',
    noteId: `${ref}-${number}-n`,
  };
}

type Schema = { readonly [keyword: string]: unknown };

function read(data: Schema, parameters: readonly Schema[], members: Schema) {
  const links = { type: 'object', required: ['self'], properties: { self: text() } };
  const meta = { type: 'object', properties: { totalRecords: { type: 'integer' } } };
  const body = objectOf({ data, links, meta });
  return { get: { parameters, responses: { 200: jsonAnswer(body as never) }, ...members } };
}

function listOf(properties: Schema): Schema {
  return { type: 'array', items: objectOf(properties) };
}

function objectOf(properties: Schema): Schema {
  return { type: 'object', required: Object.keys(properties), additionalProperties: false, properties };
}

function path(name: string): Schema {
  return { name, in: 'path', required: true, schema: text() };
}

function query(name: string, schema: Schema): Schema {
  return { name, in: 'query', schema };
}

function paging(): Schema[] {
  return [
    query('page', { type: 'integer', default: 1, minimum: 1 }),
    query('page-size', { type: 'integer', default: 25, minimum: 1, maximum: 1000 }),
  ];
}

function text(): Schema {
  return { type: 'string' };
}

function kind(): Schema {
  return { type: 'string', enum: ['RED', 'BLUE'] };
}

function date(): Schema {
  return { type: 'string', format: 'date' };
}
