import { type ClientConfig, types } from 'pg';

/** Two thirds of what a port's method may take before it rejects. */
const CONNECTION_TIMEOUT_MS = 1500;

const BIGINT = 20;
const BIGINT_ARRAY = 1016;
const DATE = 1082;

/** How each connection is opened and read. Counts stay far below 2^53, so bigint is read as a number. */
export function connectionSettings(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: 'guiche',
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format?: 'text') => parserOf(oid, format)) as typeof types.getTypeParser,
    },
  };
}

function parserOf(oid: number, format: 'text' | undefined): (text: string) => unknown {
  if (oid === BIGINT) return Number;
  if (oid === BIGINT_ARRAY) return (text) => JSON.parse(`[${text.slice(1, -1)}]`) as number[];
  // A calendar day is not an instant of any time zone.
  if (oid === DATE) return (text) => text;
  return types.getTypeParser(oid, format);
}
