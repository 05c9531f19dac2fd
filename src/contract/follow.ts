import { isObject, type JsonObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';

/** A site whose node is known to be an object. */
export interface ObjectSite extends Site {
  readonly node: JsonObject;
}

/**
 * Follows `$ref` and `allOf` of one element (which only attaches a description) until a real node is reached.
 * Undefined when a reference leads nowhere or in a circle, which {@link inspectDocument} has reported by then.
 */
export function follow(library: ContractLibrary, site: Site): ObjectSite | undefined {
  let current = site;
  for (let hops = 0; hops < 64; hops += 1) {
    const { node, document } = current;
    if (!isObject(node)) return undefined;
    if (typeof node.$ref === 'string') {
      const resolution = library.resolve(document, node.$ref);
      if (!resolution.found) return undefined;
      current = resolution.site;
    } else if (Array.isArray(node.allOf) && node.allOf.length === 1 && !('properties' in node)) {
      current = { document, node: node.allOf[0], pointer: `${current.pointer}/allOf/0` };
    } else {
      return { document, node, pointer: current.pointer };
    }
  }
  return undefined;
}

/** The site of a member of an object, followed; undefined when it is absent. */
export function child(library: ContractLibrary, site: Site, ...path: string[]): ObjectSite | undefined {
  let current = follow(library, site);
  for (const member of path) {
    if (!current || !Object.hasOwn(current.node, member)) return undefined;
    const pointer = `${current.pointer}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    current = follow(library, { document: current.document, node: current.node[member], pointer });
  }
  return current;
}

/** The declared properties of an object schema, those of its `allOf` branches too, each followed to its real node. */
export function properties(
  library: ContractLibrary,
  site: Site,
  seen = new Set<unknown>(),
): Map<string, ObjectSite> {
  const declared = new Map<string, ObjectSite>();
  const place = follow(library, site);
  // A schema that extends itself adds nothing the second time.
  if (!place || seen.has(place.node)) return declared;
  const { document, node, pointer } = place;
  seen.add(node);
  for (const [index, branch] of (Array.isArray(node.allOf) ? node.allOf : []).entries()) {
    const inherited = properties(
      library,
      { document, node: branch, pointer: `${pointer}/allOf/${index}` },
      seen,
    );
    for (const [name, property] of inherited) declared.set(name, property);
  }
  for (const name of isObject(node.properties) ? Object.keys(node.properties) : []) {
    const property = child(library, site, 'properties', name);
    if (property) declared.set(name, property);
  }
  return declared;
}
