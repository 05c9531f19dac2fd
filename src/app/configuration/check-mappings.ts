import { readFileSync } from 'node:fs';
import { readSqlMapping } from '../../connectors/sql/read-sql-mapping.ts';
import type { Operation } from '../../contract/operation.ts';
import type { Diagnostic } from '../../kernel/diagnostic.ts';
import type { Configuration } from './settings.ts';

/**
 * What is wrong with the mappings of connectors that read a database, and with what they and the institutions say of
 * APIs. Files that cannot be read are somebody else's finding.
 *
 * @param operations that are served: a mapping of another path answers nothing
 */
export function checkMappings(configuration: Configuration, operations: readonly Operation[]): Diagnostic[] {
  const paths = new Set(operations.map(({ path }) => path));
  const apis = new Set(operations.filter(({ kind }) => kind === 'customer-data').map(({ api }) => api));
  return [
    ...Object.values(configuration.connectors).flatMap((connector) =>
      connector.kind === 'sql' ? checkMapping(connector.mapping, paths) : [],
    ),
    ...Object.entries(configuration.institutions).flatMap(([ecosystem, institution]) =>
      Object.keys(institution.apis)
        .filter((api) => !apis.has(api))
        .map((api) => unknownApi(`institutions.${ecosystem}.apis.${api}`, api)),
    ),
  ];
}

function checkMapping(file: string, paths: ReadonlySet<string>): Diagnostic[] {
  const text = readIfPossible(file);
  if (text === undefined) return [];
  const read = readSqlMapping(text, file);
  if ('diagnostics' in read) return [...read.diagnostics];
  return [...read.mapping.operations.values()]
    .filter(({ path }) => !paths.has(path))
    .map(({ path, query }) => ({
      file,
      line: query.line,
      column: 1,
      severity: 'warning',
      code: 'config-institution',
      pointer: '',
      message: `no contract has ${path}: this query is never run`,
    }));
}

function readIfPossible(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function unknownApi(key: string, api: string): Diagnostic {
  return {
    file: key,
    line: 0,
    column: 0,
    severity: 'warning',
    code: 'config-institution',
    pointer: `/${key.replaceAll('.', '/')}`,
    message: `no contract of customer data is of an API called ${api}`,
  };
}
