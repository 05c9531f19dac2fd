import { Pool, type PoolConfig } from 'pg';
import { keepStatements } from './kept-statements.ts';
import { tellLostConnections } from './lost-connection.ts';

/**
 * Creates a pool of connections whose breaking never ends the process: a connection reports its end as an event too,
 * beside the rejection of the query under way, and an event of that name that nobody hears is thrown.
 */
export function createPool(config: PoolConfig): Pool {
  const pool = new Pool(config);
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
    keepStatements(client);
  });
  tellLostConnections(pool);
  return pool;
}
