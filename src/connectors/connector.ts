import type { Customer, CustomerDocuments, OfferedResource } from './customer.ts';

/** A JSON value, as it goes over the wire. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** On whose behalf a connector is asked, and how long it has. */
export interface Asking {
  /** The institution's name, for connectors that serve several. */
  readonly brand: string;
  readonly ecosystem: string;
  /** The API that is being answered, by the segments of its path that name it; undefined for the customer's pages. */
  readonly api: string | undefined;
  /** Version of the contract that the answer will be held to, such as `1.3.0`; undefined for the customer's pages. */
  readonly version: string | undefined;
  /** The permissions that are being used, all of them granted. */
  readonly permissions: readonly string[];
  /** `x-fapi-interaction-id` of the receiver's call. */
  readonly interactionId: string | undefined;
  /** When the answer must be there, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Aborted at the deadline: work for an answer that nobody waits for should end. */
  readonly signal: AbortSignal;
}

/** One read of a customer's data, in the institution's own terms. */
export interface DataRequest extends Asking {
  /** Full path template of the operation, which tells operations apart whatever their API is called. */
  readonly operationPath: string;
  /** Types of the resources that the operation is about; none where it is about the customer. */
  readonly types: readonly string[];
  /** By name of a path parameter, the institution's own reference: never the public id that the receiver sent. */
  readonly refs: Readonly<Record<string, string>>;
  readonly documents: CustomerDocuments;
  /** Whether the contract answers with a list or with one record. */
  readonly shape: 'list' | 'record';
  /**
   * Query parameters that the contract declares, without those of paging; ends of a span of dates that the caller leaves
   * out are given where the ecosystem says what they stand for.
   */
  readonly query: Readonly<Record<string, string>>;
  /**
   * What of a list is asked for. Undefined where all there is must be answered at once: for a record, for a list without
   * pages, and for a list of resources, of which guiche picks those that are shared.
   */
  readonly page: PageAsked | undefined;
}

/** A page of a list. */
export interface PageAsked {
  /** Records before it. */
  readonly offset: number;
  readonly size: number;
  /** What the connector gave with the page before; undefined for the first page and for one that is reached by its number. */
  readonly cursor?: string;
}

/** A read of one resource, or of what is known by an id of its own. */
export interface RecordRequest extends DataRequest {
  /** Type of the resource that `ref` is of; undefined for something that is known by an id of its own. */
  readonly type: string | undefined;
  /** Reference that the path ends with. */
  readonly ref: string;
}

/** A read of what hangs on a resource, such as the transactions of an account. */
export interface ChildrenRequest extends RecordRequest {
  /** The rest of the operation's path template after the resource, such as `balances` or `bills/{billId}/transactions`. */
  readonly name: string;
}

/**
 * What a connector found. `empty`: there is none. `notReady`: it is being prepared, ask again later. `notFound`: no such
 * thing. `refused`: the institution does not hand it out.
 */
export type Found<Data> =
  | {
      readonly status: 'ok';
      readonly data: Data;
      /** How old the data is: when it was true, in milliseconds since the epoch. */
      readonly asOf: number;
      /** Whose data it is; {@link FoundData} tells how that is said. */
      readonly owner?: string;
      /** Given where `data` is only the page that was asked for: how many records the whole list has. */
      readonly total?: number;
      /**
       * Given where `data` is only the page that was asked for: what to ask the next page with, at most 512 printable
       * ASCII characters; null when there is none.
       */
      readonly cursor?: string | null;
    }
  | { readonly status: 'empty' | 'notReady' | 'notFound' | 'refused' };

/**
 * What a connector found of a customer's data, with its word on whose it is: data that is another's, or nobody's, is not
 * handed out. `owner` is the reference of the resource that the data belongs to, also of what is asked for by an id of its
 * own; of what starts from no resource, such as a list of resources or data about the customer, it is the CNPJ that was
 * asked with, or the CPF where there was none. It should come from where the data does, and not from the request.
 */
export type FoundData =
  | (Extract<Found<Json>, { status: 'ok' }> & { readonly owner: string })
  | Exclude<Found<Json>, { status: 'ok' }>;

/** How a customer is looked for: by what a consent names, or by the institution's own key. */
export type CustomerKey = { readonly cpf: string } | { readonly id: string };

/** What a connector can do. */
export interface Capabilities {
  /** APIs that it has data for, by the segments of their paths that name them; undefined where it may have any. */
  readonly apis: readonly string[] | undefined;
  /** Whether customers can log in with it. */
  readonly authenticates: boolean;
}

/** How the systems behind a connector are. */
export interface ConnectorHealth {
  readonly isUp: boolean;
  /** What is wrong, for the operator; never personal, no address, no secret. */
  readonly reason?: string;
}

/** Things of which the institution says that they have changed. */
export interface ChangedResource {
  readonly type: string;
  readonly ref: string;
}

/**
 * The institution's own systems. A connector knows nothing of consents, tokens or public ids; what it answers is the
 * content of the contract's answer, with its own references where the contract has ids. Ids of things below a resource
 * (the second path parameter and those after it) are handed on as they are, in both directions: they must be opaque, and
 * are only looked for below their resource.
 *
 * Every method obeys `signal`, and rejects when the systems are away, with errors that have no personal data in them. A
 * list may be answered whole, and is then filtered and paged by guiche; a connector that answers only the page that was
 * asked for gives `total`, `cursor` or both, and has applied the filters of `query` itself. One that hands out the same
 * object again freezes it, with all that is in it: it is then checked once.
 */
export interface Connector {
  capabilities(): Capabilities | Promise<Capabilities>;
  health(signal: AbortSignal): Promise<ConnectorHealth>;
  /** The customer; `notFound` when the institution does not know them. */
  customer(key: CustomerKey, asking: Asking): Promise<Found<Customer>>;
  /** The customer behind a login, or `notFound`, in the same time for an unknown login as for a wrong password. */
  authenticate?(login: string, password: string, asking: Asking): Promise<Found<Customer>>;
  /** What the customer has of these types, or the company when one is named; `notFound` when the customer is unknown. */
  discover(
    documents: CustomerDocuments,
    types: readonly string[],
    asking: Asking,
  ): Promise<Found<readonly OfferedResource[]>>;
  /** What an operation without a path parameter answers. */
  list(request: DataRequest): Promise<FoundData>;
  /** What an operation answers whose path ends with a reference. */
  get(request: RecordRequest): Promise<FoundData>;
  /** What an operation answers whose path goes on after a resource's reference. */
  children(request: ChildrenRequest): Promise<FoundData>;
  /** Ends connections and timers. */
  close?(): Promise<void>;
}
