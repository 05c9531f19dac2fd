import type { Call } from '../contract/call.ts';

/** Tells the answers of discovery apart: nothing in a request but its page makes them differ. */
export function pageKey({ operation, query }: Call): string {
  const { paging } = operation;
  const page = paging ? `${query[paging.pageParameter] ?? ''} ${query[paging.sizeParameter] ?? ''}` : '';
  return `${operation.key} ${operation.version} ${page}`;
}
