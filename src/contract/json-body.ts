import type { ContractLibrary, Site } from './contract-library.ts';
import { child } from './follow.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/** The first media type that is JSON, whichever parameters it carries. */
export function findJsonType(types: readonly string[]): string | undefined {
  return types.find((type) => JSON_TYPE.test(type.trim()));
}

/** The site of the JSON schema in the `content` of a response. */
export function jsonBody(library: ContractLibrary, response: Site | undefined): Site | undefined {
  const content = response && child(library, response, 'content');
  const type = findJsonType(Object.keys(content?.node ?? {}));
  return type === undefined || !content ? undefined : child(library, content, type, 'schema');
}
