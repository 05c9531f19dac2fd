import type { Template } from './record-template.ts';

/** One query of a mapping. */
export interface SqlQuery {
  /** With `$1`, `$2` … for its parameters. */
  readonly text: string;
  /** What `$1`, `$2` … are, by name. */
  readonly parameters: readonly string[];
  /** Of the mapping, where it is written: messages name queries by it. */
  readonly line: number;
}

/** Where an institution keeps what the port asks for, as queries of its PostgreSQL database. */
export interface SqlMapping {
  readonly customer: { readonly byCpf: SqlQuery; readonly byId: SqlQuery };
  /** The companies that a person may act for; without it nobody acts for any. */
  readonly companies: SqlQuery | undefined;
  readonly resources: readonly ResourceQuery[];
  /** By what {@link operationKey} makes of their path and version. */
  readonly operations: ReadonlyMap<string, SqlOperation>;
}

/** What a customer has of some types. */
export interface ResourceQuery {
  readonly types: readonly string[];
  readonly query: SqlQuery;
}

/** How one operation is answered. */
export interface SqlOperation {
  /** Full path template. */
  readonly path: string;
  readonly query: SqlQuery;
  /** How many records the whole list has; without it lists are answered whole. */
  readonly total: SqlQuery | undefined;
  /** Query parameters that the queries apply. */
  readonly filters: readonly string[];
  /** `row`: each row is a record. `all`: the rows together are the answer's content. */
  readonly made: 'row' | 'all';
  readonly template: Template;
  /** Column that tells whose the row is; without it that is whom the query is asked of. */
  readonly owner: string | undefined;
  /** Column that tells when the row was true; without it that is when it was read. */
  readonly asOf: string | undefined;
}

/** Key of an operation, for one version of its contract or for all that have none of their own. */
export function operationKey(path: string, version?: string): string {
  return version === undefined ? path : `${path}@${version}`;
}
