import type { Operation } from '../../contract/operation.ts';
import type { Asking, Connector, Found, Json, PageAsked } from '../connector.ts';
import type { CustomerDocuments, OfferedResource } from '../customer.ts';

/** Where data breaks its contract, and which rule; never what was found there. */
export interface Breach {
  /** JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly reason: string;
}

/** One read of customer data: an operation, and what guiche makes of it when it asks a connector. */
export interface ConnectorRead {
  readonly operation: Operation;
  /** Types of the resources that it is about; none where it is about the customer. */
  readonly types: readonly string[];
  /** All permissions that it needs. */
  readonly permissions: readonly string[];
  /** Whose data it is: of natural persons, of companies, or of either. */
  readonly person: 'natural' | 'legal' | 'any';
  readonly addressing: {
    /** Names of the path parameters, in their order. */
    readonly parameters: readonly string[];
    /** Member of records that has the reference of a resource; undefined where the API has none. */
    readonly idName: string | undefined;
    /** Whether the first path parameter is that reference. */
    readonly isBelowResource: boolean;
    /** Which method reads it. */
    readonly method: 'list' | 'get' | 'children';
    /** What the path goes on with after its first parameter; empty where it ends. */
    readonly rest: string;
  };
  /** Holds a record of a list, and a composed answer, to the contract. */
  readonly check: {
    readonly record: (record: Json) => Breach | undefined;
    readonly whole: (body: unknown) => Breach | undefined;
  };
  /** The records in the content of a list; undefined when it has another form than the contract's. */
  readonly recordsOf: (content: Json) => readonly Json[] | undefined;
  /** Which records a query wants; undefined where it wants all of them. */
  readonly filterOf: (query: Query) => ((record: Json) => boolean) | undefined;
}

export type Query = Readonly<Record<string, string>>;

/** What a read is asked about. */
export interface Target {
  readonly read: ConnectorRead;
  readonly documents: CustomerDocuments;
  /** By name of a path parameter. */
  readonly refs: Readonly<Record<string, string>>;
  /** The resource at the start of the path; undefined where none is named. */
  readonly resource: Pick<OfferedResource, 'type' | 'ref'> | undefined;
}

/** Whether the contract answers with a list. */
export function isList({ operation }: ConnectorRead): boolean {
  return operation.answer.countedArray !== undefined;
}

/** Reads of one API and major version, which share lists and references. */
export function apiOf({ operation: { api, version } }: ConnectorRead): string {
  return `${api} ${Number.parseInt(version, 10)}`;
}

/** Documents that a read is asked with; undefined where it is about companies and none is named. */
export function documentsFor(
  { person }: ConnectorRead,
  documents: CustomerDocuments,
): CustomerDocuments | undefined {
  if (person === 'legal' && documents.cnpj === undefined) return undefined;
  return person === 'natural' && documents.cnpj !== undefined ? { cpf: documents.cpf } : documents;
}

/** Asks a connector for what a target names. */
export function askRead(
  connector: Connector,
  { read, documents, refs, resource }: Target,
  asking: Asking,
  query: Query = {},
  page?: PageAsked,
): Promise<Found<Json>> {
  const { operation, types, permissions, addressing } = read;
  const request = {
    ...asking,
    api: operation.api,
    version: operation.version,
    permissions,
    operationPath: operation.path,
    types,
    refs,
    documents,
    shape: isList(read) ? ('list' as const) : ('record' as const),
    query,
    page,
  };
  if (addressing.method === 'list') return connector.list(request);
  const ref = refs[addressing.parameters[0] ?? ''] ?? '';
  const record = { ...request, type: resource?.type, ref };
  return addressing.method === 'get'
    ? connector.get(record)
    : connector.children({ ...record, name: addressing.rest });
}
