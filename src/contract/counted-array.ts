import type { JsonObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { child, follow, properties } from './follow.ts';

/** Members that group records by who reports them; the official paging rule never counts those. */
const GROUPING = new Set(['brand', 'company', 'companies', 'society']);

/**
 * Finds the array that paging counts by walking the answer schema: the regulators count the main object of an API, and
 * not the brands, companies or participants that wrap it.
 *
 * @returns the path to it, `*` standing for every element of an array on the way; undefined where one record answers.
 */
export function findCountedArray(library: ContractLibrary, answer: Site): string[] | undefined {
  const root = follow(library, answer);
  if (!root) return undefined;
  if (isArray(library, root)) return countRootArray(library, root);

  const members = properties(library, root);
  const data = members.get('data');
  const start = data && !isEmptyObject(library, data) ? 'data' : members.has('brand') ? 'brand' : 'content';
  const site = members.get(start);
  return site ? walk(library, site, [start], start === 'data' || GROUPING.has(start)) : undefined;
}

function countRootArray(library: ContractLibrary, root: Site): string[] | undefined {
  const element = child(library, root, 'items');
  const members = element ? properties(library, element) : new Map<string, Site>();
  const isEnvelope = members.has('links') || members.has('meta');
  if (!element || !isEnvelope) return [];
  return walk(library, element, ['*'], true) ?? [];
}

function walk(
  library: ContractLibrary,
  start: Site,
  path: string[],
  arrivedThroughGrouping: boolean,
): string[] | undefined {
  let site: Site = start;
  let at = path;
  let grouping = arrivedThroughGrouping;
  let counted: string[] | undefined;
  for (let depth = 0; depth < 32; depth += 1) {
    if (isArray(library, site)) {
      counted = at;
      const element = child(library, site, 'items');
      if (!element) return counted;
      site = element;
      at = [...at, '*'];
      // Only `data` itself and grouping members lead into a list of any name; an element of a list does not.
      grouping = grouping && counted.at(-1) !== 'data';
    }
    const next = step(library, site, grouping);
    if (!next) return counted;
    site = next.site;
    at = [...at, next.name];
    grouping = GROUPING.has(next.name);
  }
  return counted;
}

function step(
  library: ContractLibrary,
  site: Site,
  grouping: boolean,
): { name: string; site: Site } | undefined {
  const members = [...properties(library, site)].map(([name, member]) => ({ name, site: member }));
  const groups = members.filter(
    ({ name, site: member }) =>
      GROUPING.has(name) && (isObjectLike(library, member) || isArrayOfObjects(library, member)),
  );
  if (groups.length === 1) return groups[0];
  const lists = members.filter(({ site: member }) => isArrayOfObjects(library, member));
  if (lists.length !== 1) return undefined;
  if (grouping) return lists[0];
  const onlyParticipant = members.length === 2 && members.some(({ name }) => name === 'participant');
  return onlyParticipant ? lists[0] : undefined;
}

function isArray(library: ContractLibrary, site: Site): boolean {
  const node = follow(library, site)?.node;
  return node !== undefined && (hasType(node, 'array') || (node.type === undefined && 'items' in node));
}

function isObjectLike(library: ContractLibrary, site: Site): boolean {
  const node = follow(library, site)?.node;
  return node !== undefined && (hasType(node, 'object') || properties(library, site).size > 0);
}

/** Newer contracts may list several types, of which `null` is the usual second. */
function hasType(node: JsonObject, type: string): boolean {
  return Array.isArray(node.type) ? node.type.includes(type) : node.type === type;
}

function isArrayOfObjects(library: ContractLibrary, site: Site): boolean {
  if (!isArray(library, site)) return false;
  const element = child(library, site, 'items');
  return element !== undefined && isObjectLike(library, element);
}

function isEmptyObject(library: ContractLibrary, site: Site): boolean {
  return !isArray(library, site) && properties(library, site).size === 0;
}
