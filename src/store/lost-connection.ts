import type { Pool, PoolClient } from 'pg';
import { StoreAway } from './store-away.ts';

/** Errors of the system, of the driver, and of the server: the connection has gone, or it is of no use any more. */
const CODES = /^(E(CONNRESET|CONNREFUSED|PIPE|TIMEDOUT|HOSTUNREACH|NOTFOUND)|08...|57P0[1-5]|57014)$/;
const MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/**
 * Has a pool tell that the database is away, with {@link StoreAway}, where its driver tells how a connection ended or
 * that a statement took all the time there is. What was under way then may or may not have taken place.
 */
export function tellLostConnections(pool: Pool): void {
  const connect = pool.connect.bind(pool) as (...given: unknown[]) => unknown;
  pool.connect = ((...given: unknown[]) => rejectingAsAway(connect(...given))) as Pool['connect'];
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    client.query = ((...given: unknown[]) => rejectingAsAway(query(...given))) as PoolClient['query'];
  });
}

function rejectingAsAway(result: unknown): unknown {
  return result instanceof Promise ? result.catch(throwAsAway) : result;
}

function throwAsAway(error: Error & { readonly code?: unknown }): never {
  throw CODES.test(String(error.code)) || MESSAGES.test(error.message)
    ? new StoreAway(`the database is away: ${error.message}`, { cause: error })
    : error;
}
