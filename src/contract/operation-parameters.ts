import { bundleSchema } from './bundle-schema.ts';
import { isObject, type JsonObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { child, follow } from './follow.ts';
import type { Parameter } from './operation.ts';
import { type PagingRule, REGULATORY_MAX_PAGE_SIZE } from './paging.ts';

/**
 * Headers that contracts list among the request's parameters while describing protections of the response, and those
 * that OpenAPI itself says to ignore there.
 */
const RESPONSE_HEADERS = new Set([
  'cache-control',
  'content-security-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
]);
const IGNORED_HEADERS = new Set(['accept', 'content-type', 'authorization']);
const PAGE_PARAMETERS = ['page'];
const SIZE_PARAMETERS = ['page-size', 'size'];
const KEY_PARAMETERS = ['pagination-key'];
const DEFAULT_PAGE_SIZE = 25;

/** What an operation's parameters say, sorted by what guiche does with them. */
export interface OperationParameters {
  readonly parameters: readonly Parameter[];
  readonly paging: PagingRule | undefined;
  readonly negotiatesVersion: boolean;
  /** Names of request headers that are really response headers. */
  readonly responseHeaders: readonly string[];
}

/**
 * Reads the parameters of an operation and of its path item, the operation's own first, each name once; path
 * parameters that stand in the path but are declared nowhere are added as plain text.
 */
export function readParameters(
  library: ContractLibrary,
  operation: Site,
  item: Site,
  mount: string,
  path: string,
): OperationParameters {
  const declared = new Map<string, DeclaredParameter>();
  const responseHeaders: string[] = [];
  for (const site of [...parameterSites(library, operation), ...parameterSites(library, item)]) {
    const found = readParameter(library, site);
    if (!found) continue;
    const { parameter } = found;
    const name = parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name;
    if (parameter.in === 'header' && IGNORED_HEADERS.has(name)) continue;
    if (parameter.in === 'header' && RESPONSE_HEADERS.has(name)) responseHeaders.push(name);
    else if (!declared.has(`${parameter.in} ${name}`)) declared.set(`${parameter.in} ${name}`, found);
  }
  for (const [, name = ''] of `${mount}${path}`.matchAll(/\{([^}]+)\}/g)) {
    if (declared.has(`path ${name}`)) continue;
    const parameter: Parameter = { name, in: 'path', required: true, schema: { type: 'string' } };
    declared.set(`path ${name}`, { parameter, stated: {} });
  }

  const find = (names: readonly string[]) =>
    names.map((name) => declared.get(`query ${name}`)).find((found) => found);
  const page = find(PAGE_PARAMETERS);
  // A size without a page is a filter like any other.
  const size = page && find(SIZE_PARAMETERS);
  const onPath = (parameter: Parameter) =>
    parameter.in !== 'path' || `${mount}${path}`.includes(`{${parameter.name}}`);
  return {
    parameters: [...declared.values()]
      .filter((found) => found !== page && found !== size && onPath(found.parameter))
      .map(({ parameter }) => parameter),
    paging: page && pagingRule(page, size, find(KEY_PARAMETERS)),
    negotiatesVersion: declared.has('header x-v'),
    responseHeaders,
  };
}

/** A parameter and its schema as the contract states it: bundling drops the default, which paging needs. */
interface DeclaredParameter {
  readonly parameter: Parameter;
  readonly stated: JsonObject;
}

function parameterSites(library: ContractLibrary, owner: Site): Site[] {
  const list = isObject(owner.node) ? owner.node.parameters : undefined;
  return (Array.isArray(list) ? list : []).flatMap((node, index) => {
    const pointer = `${owner.pointer}/parameters/${index}`;
    const site = follow(library, { document: owner.document, node, pointer });
    return site ? [site] : [];
  });
}

function readParameter(library: ContractLibrary, site: Site): DeclaredParameter | undefined {
  const node = site.node as JsonObject;
  const place = node.in;
  if (typeof node.name !== 'string' || (place !== 'path' && place !== 'query' && place !== 'header'))
    return undefined;
  const schema = child(library, site, 'schema');
  const bundled = schema ? bundleSchema(library, schema) : {};
  const parameter = {
    name: node.name,
    in: place,
    required: node.required === true,
    schema: bundled,
  } as const;
  // From 3.1 on, what stands beside a reference counts too.
  const beside = site.document.modern && isObject(node.schema) ? node.schema : {};
  return { parameter, stated: { ...schema?.node, ...beside } };
}

function pagingRule(
  page: DeclaredParameter,
  size: DeclaredParameter | undefined,
  key: DeclaredParameter | undefined,
): PagingRule {
  const stated = size?.stated ?? {};
  const maxSize = numberOr(stated.maximum, REGULATORY_MAX_PAGE_SIZE);
  return Object.freeze({
    pageParameter: page.parameter.name,
    sizeParameter: size?.parameter.name ?? 'page-size',
    ...(key && { keyParameter: key.parameter.name }),
    firstPage: page.stated.minimum === 0 ? 0 : 1,
    defaultSize: Math.min(numberOr(stated.default, DEFAULT_PAGE_SIZE), maxSize),
    minSize: Math.min(numberOr(stated.minimum, 1), maxSize),
    maxSize,
  });
}

/** A positive whole number, or the fallback for anything else. */
function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : fallback;
}
