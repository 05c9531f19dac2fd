import type { Call, Caller } from '../../src/contract/call.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { catalogOperations } from './catalog-operations.ts';

/** What a test wants of a call of the Consents APIs. */
export interface ConsentCall {
  readonly consentId?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly caller?: Partial<Caller>;
}

/** A call of one of the catalog's operations on consents, such as `POST /open-insurance/consents/v2/consents`. */
export function consentCall(key: string, wishes: ConsentCall = {}): Call {
  const operation = consentOperation(key);
  return {
    operation,
    path: wishes.consentId === undefined ? {} : { consentId: wishes.consentId },
    query: wishes.query ?? {},
    headers: wishes.headers ?? {},
    body: wishes.body,
    caller: {
      clientId: 'client-1',
      organisationId: 'organisation-1',
      scopes: new Set(['consents']),
      ...wishes.caller,
    },
  };
}

/** The newest version in the catalog of an operation. */
export function consentOperation(key: string): Operation {
  const found = catalogOperations.filter((operation) => operation.key === key);
  const newest = found.toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true })).at(-1);
  if (!newest) throw new Error(`the catalog has no operation ${key}`);
  return newest;
}
