import type { Operation } from '../contract/operation.ts';
import { datasetPath } from '../open-data/find-datasets.ts';
import type { Configuration } from './configuration/settings.ts';
import { CONSENTED_KINDS, NO_INSTITUTION, NOT_SERVED } from './pipelines.ts';

/** Open data is what a file can answer: reads without a token. */
export function isFromFile({ kind, method }: Operation): boolean {
  return kind === 'open-data' && method === 'GET';
}

/** Institutions by ecosystem; only whether there is one counts. */
type Institutions = Readonly<Record<string, unknown>> | Configuration['institutions'];

/** Why an operation is not served; undefined when it is. */
export function whyNotServed({ kind, ecosystem }: Operation, institutions: Institutions): string | undefined {
  if (CONSENTED_KINDS.has(kind) && !(ecosystem in institutions)) return NO_INSTITUTION.reason;
  return kind in NOT_SERVED ? NOT_SERVED[kind as keyof typeof NOT_SERVED].reason : undefined;
}

/** Dataset paths for which a file would not be read, with the reason. */
export function unservedPaths(
  operations: readonly Operation[],
  institutions: Institutions,
): Map<string, string> {
  const others = operations.filter((operation) => !isFromFile(operation));
  return new Map(
    others.map((operation) => [
      datasetPath(operation),
      whyNotServed(operation, institutions) ?? notFromFile(operation),
    ]),
  );
}

function notFromFile({ kind }: Operation): string {
  return kind === 'open-data'
    ? 'open data is read with GET only'
    : 'guiche computes what this endpoint answers';
}
