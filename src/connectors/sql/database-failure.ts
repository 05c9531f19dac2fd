import { AnswerTooLarge } from './column-value.ts';
import { AmbiguousColumn } from './record-template.ts';
import type { SqlQuery } from './sql-mapping.ts';

/** SQLSTATE of a statement that was cancelled, by its time limit or on request. */
const CANCELLED = '57014';
/** A value that the type it is compared as does not have: no number, out of range, no day, a character that no text has. */
const UNREADABLE_VALUE = new Set(['22P02', '22003', '22007', '22008', '22021']);

/**
 * A query of a mapping failed. The message tells the line of the mapping and why: never the statement, a value or an
 * address, for what PostgreSQL says often has them.
 */
export class QueryFailure extends Error {
  /** Name of the parameter whose value cannot be read as what it is compared with. */
  readonly unreadable: string | undefined;

  /** `failure` is what the driver rejected with, or the reason itself as text. */
  constructor(query: SqlQuery, failure: unknown) {
    super(`the query at line ${query.line} of the mapping failed: ${reasonOf(failure)}`);
    this.name = 'QueryFailure';
    this.unreadable = unreadableParameter(query, failure);
  }
}

/** What to reject with when a connection cannot be had or breaks, without what the driver says of the database. */
export function describeConnectionFailure(failure: unknown): Error {
  const code = codeOf(failure);
  return new Error(`the database cannot be reached${code === undefined ? '' : ` (${code})`}`);
}

function reasonOf(failure: unknown): string {
  if (typeof failure === 'string') return failure;
  if (failure instanceof AnswerTooLarge) return 'its answer is too large';
  if (failure instanceof AmbiguousColumn)
    return `rows that make one value differ in the column ${failure.column}`;
  const code = codeOf(failure);
  if (code === CANCELLED) return 'it took longer than it had';
  return code === undefined ? 'the connection broke' : `database error ${code}`;
}

/** SQLSTATE, or the operating system's name of what went wrong. Both are made of capitals and digits. */
function codeOf(failure: unknown): string | undefined {
  const code =
    typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{3,30}$/.test(code) ? code : undefined;
}

/** From version 14 on the server says which parameter it could not read. */
function unreadableParameter({ parameters }: SqlQuery, failure: unknown): string | undefined {
  const code = codeOf(failure);
  if (code === undefined || !UNREADABLE_VALUE.has(code)) return undefined;
  const { where } = failure as { readonly where?: unknown };
  const number = typeof where === 'string' ? /parameter \$(\d+)/.exec(where)?.[1] : undefined;
  return number === undefined ? undefined : parameters[Number(number) - 1];
}
