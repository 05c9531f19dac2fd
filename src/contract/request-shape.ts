import { bundleSchema } from './bundle-schema.ts';
import { isObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { child } from './follow.ts';
import { findJsonType } from './json-body.ts';
import { once } from './once.ts';
import type { RequestShape } from './operation.ts';

/** Methods whose request has no body by HTTP, whatever a contract says (RFC 9110, 9.3). */
const BODILESS = new Set(['get', 'head', 'trace']);

/**
 * Describes the body that an operation takes; undefined when it takes none. The schema is that of JSON where the
 * contract takes JSON, else that of the first media type: bodies of other types are single texts. It is bundled when
 * first asked for.
 *
 * @param method in lower case, as the contract writes it
 */
export function createRequestShape(
  library: ContractLibrary,
  operation: Site,
  method: string,
): RequestShape | undefined {
  const body = BODILESS.has(method) ? undefined : child(library, operation, 'requestBody');
  const content = body && child(library, body, 'content');
  if (!body || !content) return undefined;
  const types = Object.keys(content.node).filter((type) => isObject(content.node[type]));
  const type = findJsonType(types) ?? types[0];
  if (type === undefined) return undefined;
  return Object.freeze({
    schema: once(() => {
      const schema = child(library, content, type, 'schema');
      return schema && bundleSchema(library, schema);
    }),
    required: body.node.required === true,
    mediaTypes: Object.freeze(types.map((name) => name.trim().toLowerCase())),
  });
}
