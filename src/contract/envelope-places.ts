import { isObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { child, follow, properties } from './follow.ts';

/** An object on the way to the records that carries links or meta, with the members its contract declares. */
export interface EnvelopePlace {
  /** Path from the root of the answer, `*` standing for every element. */
  readonly path: readonly string[];
  readonly links: EnvelopeMember | undefined;
  readonly meta: EnvelopeMember | undefined;
}

export interface EnvelopeMember {
  /** What the contract calls it, which is not always `links` or `meta`. */
  readonly name: string;
  readonly members: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
}

/**
 * Finds every object between the root of an answer and its records that declares links or meta, because contracts do
 * not agree on where they stand. A root that requires them without declaring them gets them with the members that the
 * contract declares further in.
 */
export function findEnvelopePlaces(
  library: ContractLibrary,
  answer: Site,
  countedArray: readonly string[] | undefined,
): EnvelopePlace[] {
  const steps = countedArray ?? ['data'];
  const places: (EnvelopePlace & { required: ReadonlySet<string> })[] = [];
  let site: Site | undefined = answer;
  for (let depth = 0; site && depth <= steps.length; depth += 1) {
    places.push(placeAt(library, site, steps.slice(0, depth)));
    const segment: string | undefined = steps[depth];
    if (segment === undefined) break;
    site = segment === '*' ? child(library, site, 'items') : properties(library, site).get(segment);
  }
  const links = places.find((place) => place.links)?.links;
  const meta = places.find((place) => place.meta)?.meta;
  return places
    .map(({ path, required, ...place }) => ({
      path,
      links: place.links ?? (required.has('links') ? links : undefined),
      meta: place.meta ?? (required.has('meta') ? meta : undefined),
    }))
    .filter((place) => place.links || place.meta);
}

/** Which of the two a member name stands for: some contracts write `linksPaginated` and `metaPaginated`. */
export function envelopeMember(name: string): 'links' | 'meta' | undefined {
  return /^(links|meta)(?![a-z])/.exec(name)?.[1] as 'links' | 'meta' | undefined;
}

function placeAt(library: ContractLibrary, site: Site, path: string[]) {
  const node = follow(library, site)?.node;
  const required = new Set(Array.isArray(node?.required) ? (node.required as string[]) : []);
  let links: EnvelopeMember | undefined;
  let meta: EnvelopeMember | undefined;
  for (const [name, member] of properties(library, site)) {
    const members = properties(library, member);
    if (envelopeMember(name) === 'links' && members.has('self')) links = describe(name, member, members);
    if (envelopeMember(name) === 'meta' && members.size > 0) meta = describe(name, member, members);
  }
  return { path, links, meta, required };
}

function describe(name: string, site: Site, members: Map<string, Site>): EnvelopeMember {
  const required = isObject(site.node) && Array.isArray(site.node.required) ? site.node.required : [];
  return { name, members: new Set(members.keys()), required: new Set(required as string[]) };
}
