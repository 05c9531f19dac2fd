import { bundleSchema } from './bundle-schema.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { findCountedArray } from './counted-array.ts';
import { findEnvelopePlaces } from './envelope-places.ts';
import { properties } from './follow.ts';
import { once } from './once.ts';
import type { AnswerShape } from './operation.ts';
import type { PagingRule } from './paging.ts';
import { splitSchema } from './split-schema.ts';

/**
 * Describes the success answer of an operation. Schemas are bundled when first asked for, so that operations nobody
 * offers cost nothing.
 *
 * @param override the counted array that the operator's configuration names for this operation
 */
export function createAnswerShape(
  library: ContractLibrary,
  body: Site | undefined,
  paging: PagingRule | undefined,
  override: readonly string[] | undefined,
): AnswerShape {
  if (!body) {
    return Object.freeze({
      schema: () => undefined,
      countedArray: undefined,
      underData: false,
      places: [],
      split: () => undefined,
    });
  }
  const countedArray = override ?? countedArrayOf(library, body, paging);
  const schema = once(() => bundleSchema(library, body));
  return Object.freeze({
    schema,
    countedArray,
    underData: (countedArray ?? ['data'])[0] === 'data',
    places: findEnvelopePlaces(library, body, countedArray),
    split: once(() => (countedArray ? splitSchema(schema(), countedArray) : undefined)),
  });
}

/** Without paging parameters only a list that is the whole of `data` counts its records. */
function countedArrayOf(
  library: ContractLibrary,
  body: Site,
  paging: PagingRule | undefined,
): readonly string[] | undefined {
  if (paging) return findCountedArray(library, body);
  return properties(library, body).get('data')?.node.type === 'array' ? ['data'] : undefined;
}
