/** A JSON value, as it goes over the wire. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** One read of a customer's data, in the institution's own terms. */
export interface DataRequest {
  readonly ecosystem: string;
  /** The API by the segments of its path that name it. */
  readonly api: string;
  /** Version of the contract that the answer will be held to, such as `1.3.0`. */
  readonly version: string;
  /** Full path template of the operation. It tells lists, items and their children apart: there is no other name for them. */
  readonly operationPath: string;
  /** By name of a path parameter, the institution's own reference: never the public id that the receiver sent. */
  readonly refs: Readonly<Record<string, string>>;
  /** Whose data it is: the company's where `cnpj` is given, and the person's who acts for it otherwise. */
  readonly documents: { readonly cpf: string; readonly cnpj?: string };
  /** The permissions that the operation asks for, all of them granted. */
  readonly permissions: readonly string[];
  readonly interactionId: string | undefined;
  /** When the answer must be there, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Aborted at the deadline: work for an answer that nobody waits for should end. */
  readonly signal: AbortSignal;
  /** Query parameters that the contract declares, without those of paging. Applying them is welcome, not required. */
  readonly query: Readonly<Record<string, string>>;
}

/**
 * What a connector found. `empty`: the customer has none. `notReady`: the data is being prepared, ask again later.
 * `notFound`: no such thing. `refused`: the institution does not hand it out.
 */
export type Found<Data> =
  | {
      readonly status: 'ok';
      readonly data: Data;
      /** How old the data is: when it was true, in milliseconds since the epoch. */
      readonly asOf: number;
      /**
       * Reference of the resource that it belongs to. Needed only of what is asked for by an id of its own, without that
       * of a resource before it in the path: without the owner it is not handed out.
       */
      readonly owner?: string;
    }
  | { readonly status: 'empty' | 'notReady' | 'notFound' | 'refused' };

/**
 * Where customers' data comes from. It knows nothing of consents, tokens or paging; what it answers is the content of the
 * contract's answer, with its own references where the contract has ids. Ids of things below a resource (the second path
 * parameter and those after it) are handed on as they are, in both directions: they must be opaque, and are only looked
 * for below their resource.
 *
 * A connector that hands out the same object again freezes it, with all that is in it: it is then checked once.
 * Methods reject when the institution's systems are away, with errors that have no personal data in them.
 */
export interface DataConnector {
  /** The records of an operation that answers with a list: an array, or what the contract wraps around it. */
  list(request: DataRequest): Promise<Found<Json>>;
  /** The record of an operation that answers with one. */
  get(request: DataRequest): Promise<Found<Json>>;
}
