/**
 * Makes a catalog document from a regulator's OpenAPI 3.0 document: the facts stay, the prose goes.
 *
 *     node tools/import-contract.ts SOURCE.yaml --title "Open Insurance: channels" --out catalog/.../1.0.0.yaml
 *
 * With `--add FILE` the source is first patched with what guiche serves beyond it.
 * Run again over an existing target, it keeps that file's operation summaries, so a summary tuned by hand survives.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { dirname } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { load } from 'js-yaml';
import { stringify } from 'yaml';

type Json = null | boolean | number | string | Json[] | JsonObject;
type JsonObject = { [name: string]: Json };
type Carry = (value: Json, where: string) => Json;

export interface ImportedContract {
  /** The catalog document, ready to be written. */
  readonly text: string;
  /** What a person should look at: permissions in the prose that belong to no operation. */
  readonly warnings: readonly string[];
}

/**
 * Turns the text of a regulator's document into the text of a catalog document.
 *
 * `title` has the form `<ecosystem>: <api>`. `earlier` is the text of the present catalog document, if any; its
 * operation summaries are kept. `additions` is the text of a JSON merge patch (RFC 7396) in YAML: what guiche serves
 * beyond the source. Throws an `Error` that names the place when the source is not OpenAPI 3.0 or holds
 * a member that this tool does not know: a fact is never dropped in silence.
 */
export function importContract(
  source: string,
  title: string,
  earlier?: string,
  additions = '{}',
): ImportedContract {
  // Invisible characters sit inside format names and titles of some sources, where they break comparisons.
  const published = load(source.replace(/[\u200b-\u200d\u2060\ufeff]/g, '')) as Json;
  const parsed = object(mergePatch(published, load(additions) as Json), 'document');
  if (!String(parsed.openapi).startsWith('3.0.'))
    throw new Error(`openapi: expected 3.0.x, found ${parsed.openapi}`);

  const info = object(parsed.info ?? null, 'info');
  const version = String(info.version).trim();
  const document = object(carryDocument({ ...parsed, info: { title, version } }, ''), 'document');
  const paths = object(document.paths ?? null, 'paths');

  describeResponses(paths, object(document.components ?? {}, 'components'));
  const warnings = addPermissions(paths, typeof info.description === 'string' ? info.description : '');
  addSummaries(paths, earlier);
  document.components = reachableComponents(document);

  const comment = `# Facts of ${title.replace(/: (.+)$/, ' "$1"')} ${version}: paths, names, types, limits. Written by guiche; prose left out.`;
  const text = `${comment}\n${yamlBlock(document, 0)}`;
  if (!isDeepStrictEqual(load(text), document))
    throw new Error('the written document does not read back as it was');
  return { text, warnings };
}

// What is carried, member by member. Output order is table order; a member in no table stops the import.

const PROSE = 'prose';

function members(table: Record<string, Carry | typeof PROSE>): Carry {
  return (value, where) => {
    const source = object(value, where);
    if (source.$ref !== undefined) return { $ref: source.$ref };
    for (const name of Object.keys(source)) {
      if (!Object.hasOwn(table, name))
        throw new Error(`${where}/${name}: this member is not known to the import`);
    }
    const carried: JsonObject = {};
    for (const [name, carry] of Object.entries(table)) {
      const member = source[name];
      if (member !== undefined && carry !== PROSE) carried[name] = carry(member, `${where}/${name}`);
    }
    return carried;
  };
}

function mapOf(carry: Carry): Carry {
  return (value, where) =>
    mapValues(object(value, where), (member, name) => carry(member, `${where}/${name}`));
}

function listOf(carry: Carry): Carry {
  return (value, where) => {
    if (!Array.isArray(value)) throw new Error(`${where}: expected a list`);
    return value.map((item, index) => carry(item, `${where}/${index}`));
  };
}

const asIs: Carry = (value) => value;

const SCHEMA_PROSE = new Set([
  'title',
  'description',
  'example',
  'examples',
  'externalDocs',
  'x-required-message',
  'x-pattern-message',
]);

/** Keywords in the order in which they read best; any other keyword follows as it stands in the source. */
const SCHEMA_ORDER =
  'type format nullable pattern enum default minLength maxLength minimum maximum minItems maxItems items required x-regulatory-required additionalProperties properties'.split(
    ' ',
  );

const SCHEMA_CARRIES: Record<string, Carry> = {
  properties: (value, where) => mapOf(schema)(value, where),
  additionalProperties: (value, where) => (typeof value === 'boolean' ? value : schema(value, where)),
  items: (value, where) => schema(value, where),
  not: (value, where) => schema(value, where),
  allOf: (value, where) => listOf(schema)(value, where),
  oneOf: (value, where) => listOf(schema)(value, where),
  anyOf: (value, where) => listOf(schema)(value, where),
  enum: (value) => (Array.isArray(value) ? [...new Set(value)] : value),
};

function schema(value: Json, where: string): Json {
  const source = object(value, where);
  // OpenAPI 3.0 ignores whatever stands beside a reference.
  if (source.$ref !== undefined) return { $ref: source.$ref };
  const keywords = Object.keys(source).filter((keyword) => !SCHEMA_PROSE.has(keyword));
  const carried: JsonObject = {};
  for (const keyword of [...SCHEMA_ORDER, ...keywords]) {
    const fact = source[keyword];
    if (fact === undefined || Object.hasOwn(carried, keyword)) continue;
    carried[keyword] = (SCHEMA_CARRIES[keyword] ?? asIs)(fact, `${where}/${keyword}`);
  }
  // Sources wrap a reference in an allOf of one only to hang a description on it.
  const only = Array.isArray(carried.allOf) && carried.allOf.length === 1 ? carried.allOf[0] : undefined;
  return only !== undefined && Object.keys(carried).length === 1 ? only : carried;
}

const mediaType = members({ schema, example: PROSE, examples: PROSE, encoding: asIs });

const header = members({
  description: PROSE,
  required: asIs,
  deprecated: asIs,
  schema,
  example: PROSE,
  examples: PROSE,
});

const parameter = members({
  name: asIs,
  in: asIs,
  description: PROSE,
  required: asIs,
  deprecated: asIs,
  allowEmptyValue: asIs,
  style: asIs,
  explode: asIs,
  allowReserved: asIs,
  schema,
  content: mapOf(mediaType),
  example: PROSE,
  examples: PROSE,
});

const requestBody = members({ description: PROSE, required: asIs, content: mapOf(mediaType) });

const declaredResponse = members({ description: PROSE, headers: mapOf(header), content: mapOf(mediaType) });

/** Some sources reference a schema where a response belongs; such a response declares no content. */
const response: Carry = (value, where) =>
  String(object(value, where).$ref).startsWith('#/components/schemas/') ? {} : declaredResponse(value, where);

const operation = members({
  tags: PROSE,
  summary: PROSE,
  description: PROSE,
  externalDocs: PROSE,
  operationId: asIs,
  deprecated: asIs,
  security: asIs,
  'x-permissions': asIs,
  parameters: listOf(parameter),
  requestBody,
  responses: mapOf(response),
});

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

const pathItem = members({
  summary: PROSE,
  description: PROSE,
  parameters: listOf(parameter),
  ...Object.fromEntries(METHODS.map((method) => [method, operation])),
});

/** Sources name the authorization server of a mock; ours is an address that belongs to nobody. */
const exampleAuthorizationServer: Carry = (value) =>
  String(value).replace(/^https?:\/\/[^/]+/, 'https://authserver.example');

const flow = members({
  authorizationUrl: exampleAuthorizationServer,
  tokenUrl: exampleAuthorizationServer,
  refreshUrl: exampleAuthorizationServer,
  scopes: mapOf(() => ''),
});

const securityScheme = members({
  type: asIs,
  description: PROSE,
  name: asIs,
  in: asIs,
  scheme: asIs,
  bearerFormat: asIs,
  openIdConnectUrl: exampleAuthorizationServer,
  // How one provider's gateway finds its authorizer: nothing that a caller sees.
  'x-amazon-apigateway-authorizer': PROSE,
  'x-amazon-apigateway-authtype': PROSE,
  flows: mapOf(flow),
});

/** One server is enough: sources list the same path for several environments. */
const servers: Carry = (value, where) => {
  const list = Array.isArray(value) ? value : [];
  const urls = list.map((entry) => String(object(entry, where).url).replace(/^http:/, 'https:'));
  const mountPaths = new Set(urls.map((url) => new URL(url).pathname));
  if (mountPaths.size !== 1)
    throw new Error(`${where}: expected one path, found ${[...mountPaths].join(', ') || 'none'}`);
  return [{ url: urls[0] ?? '' }];
};

const carryDocument = members({
  openapi: asIs,
  info: asIs,
  tags: PROSE,
  externalDocs: PROSE,
  servers,
  security: asIs,
  paths: mapOf(pathItem),
  components: members({
    parameters: mapOf(parameter),
    requestBodies: mapOf(requestBody),
    responses: mapOf(response),
    headers: mapOf(header),
    schemas: mapOf(schema),
    securitySchemes: mapOf(securityScheme),
    examples: PROSE,
  }),
});

/** RFC 7396: objects are merged member by member, null removes a member, everything else takes the old value's place. */
function mergePatch(target: Json, patch: Json): Json {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const merged: JsonObject =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...target } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete merged[name];
    else merged[name] = mergePatch(merged[name] ?? null, change);
  }
  return merged;
}

// What guiche adds in words of its own, and what it takes from the source's prose.

function operationsOf(paths: JsonObject): { path: string; method: string; operation: JsonObject }[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const found = object(item, path)[method];
      return found === undefined ? [] : [{ path, method, operation: object(found, `${path}/${method}`) }];
    }),
  );
}

/** OpenAPI wants a description on every response: the status's own name, the exact status before `default`. */
function describeResponses(paths: JsonObject, components: JsonObject): void {
  const shared = object(components.responses ?? {}, 'components/responses');
  const all = operationsOf(paths).flatMap(({ operation }) =>
    Object.entries(object(operation.responses ?? {}, 'responses')),
  );
  all.sort(([left], [right]) => Number(left === 'default') - Number(right === 'default'));
  const described = new Set<JsonObject>();
  for (const [status, value] of all) {
    const direct = object(value, status);
    const target =
      direct.$ref === undefined
        ? direct
        : object(shared[componentName(direct.$ref)] ?? null, String(direct.$ref));
    if (described.has(target)) continue;
    described.add(target);
    insertBefore(target, Object.keys(target)[0], 'description', reasonPhrase(status));
  }
}

function reasonPhrase(status: string): string {
  if (status === 'default') return 'Any other status';
  // 529 is in no register: Brazil uses it when the ceiling of the whole institution is reached.
  return STATUS_CODES[status] ?? (status === '529' ? 'Site Is Overloaded' : `Status ${status}`);
}

/**
 * Writes the permissions that the source only lists in Markdown as `x-permissions` of their operations, after those
 * that an operation already has. A heading names either the whole path or, in insurance, what follows its first
 * segment.
 */
function addPermissions(paths: JsonObject, prose: string): string[] {
  const blank = (path: string) => path.replace(/\{[^}]*\}/g, '{}');
  const stated = new Set(operationsOf(paths).flatMap(({ operation }) => operation['x-permissions'] ?? []));
  const warnings: string[] = [];
  for (const { path, method, permission } of permissionsIn(prose)) {
    const owners = operationsOf(paths).filter((candidate) => {
      const whole = blank(candidate.path);
      const relative = whole.replace(/^\/[^/]+/, '') || '/';
      return candidate.method === method && [whole, relative].includes(blank(path));
    });
    // A misspelt heading needs no more looking at once additions say where its permission belongs.
    if (owners.length === 0 && !stated.has(permission))
      warnings.push(`${permission}: no operation ${method.toUpperCase()} ${path}`);
    for (const { operation } of owners) {
      const known = Array.isArray(operation['x-permissions']) ? operation['x-permissions'] : [];
      if (known.length === 0) insertBefore(operation, 'parameters', 'x-permissions', known);
      if (!known.includes(permission)) known.push(permission);
    }
  }
  return warnings;
}

function permissionsIn(prose: string): { path: string; method: string; permission: string }[] {
  const found: { path: string; method: string; permission: string }[] = [];
  let heading: { path: string; method: string } | undefined;
  for (const line of prose.split('\n')) {
    if (/^\s*#/.test(line)) {
      const match = /^\s*#{2,4}\s+`?(?:(GET|POST|PUT|PATCH|DELETE)\s+)?(\/[^`\s]*)`?/.exec(line);
      heading = match === null ? undefined : { path: match[2] ?? '', method: match[1] ?? 'GET' };
      continue;
    }
    const match = /(?:\b(GET|POST|PUT|PATCH|DELETE)\s*:\s*)?\*{0,2}\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/.exec(
      line,
    );
    if (heading === undefined || match === null) continue;
    found.push({
      path: heading.path,
      method: (match[1] ?? heading.method).toLowerCase(),
      permission: match[2] ?? '',
    });
  }
  return found;
}

/** Gives every operation a summary: the earlier document's, else the last literal segment of its path. */
function addSummaries(paths: JsonObject, earlier: string | undefined): void {
  const before =
    earlier === undefined ? {} : object(object(load(earlier) as Json, 'earlier').paths ?? {}, 'earlier');
  for (const { path, method, operation } of operationsOf(paths)) {
    const kept = object(object(before[path] ?? {}, path)[method] ?? {}, path).summary;
    const words = path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{'));
    const derived = (words.at(-1) ?? '').replaceAll('-', ' ');
    insertBefore(
      operation,
      'operationId',
      'summary',
      kept ?? derived.charAt(0).toUpperCase() + derived.slice(1),
    );
  }
}

function insertBefore(target: JsonObject, next: string | undefined, name: string, value: Json): void {
  const entries = Object.entries(target);
  const at = entries.findIndex(([existing]) => existing === next);
  entries.splice(at < 0 ? entries.length : at, 0, [name, value]);
  for (const existing of Object.keys(target)) delete target[existing];
  Object.assign(target, Object.fromEntries(entries));
}

/** The components that an operation reaches, in source order. Throws on a reference to nothing. */
function reachableComponents(document: JsonObject): JsonObject {
  const components = object(document.components ?? {}, 'components');
  const reached = new Set<string>();
  const visit = (value: Json): void => {
    if (typeof value === 'string' && value.startsWith('#/')) {
      if (reached.has(value)) return;
      reached.add(value);
      const [, kind = '', name = ''] = value.slice(2).split('/');
      const target = value.startsWith('#/components/')
        ? object(components[kind] ?? {}, kind)[name]
        : undefined;
      if (target === undefined) throw new Error(`${value}: this reference leads nowhere`);
      visit(target);
    } else if (value !== null && typeof value === 'object') {
      Object.values(value).forEach(visit);
    }
  };
  visit(document.paths ?? {});
  const requirements = [
    document,
    ...operationsOf(object(document.paths ?? {}, 'paths')).map(({ operation }) => operation),
  ];
  for (const { security } of requirements) {
    for (const requirement of Array.isArray(security) ? security : []) {
      for (const name of Object.keys(object(requirement, 'security')))
        visit(`#/components/securitySchemes/${name}`);
    }
  }
  const kept: JsonObject = {};
  for (const [kind, entries] of Object.entries(components)) {
    const used = Object.entries(object(entries, kind)).filter(([name]) =>
      reached.has(`#/components/${kind}/${name}`),
    );
    if (used.length > 0) kept[kind] = Object.fromEntries(used);
  }
  return kept;
}

function componentName(reference: Json): string {
  return String(reference).split('/').at(-1) ?? '';
}

function mapValues(source: JsonObject, change: (value: Json, name: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(source).map(([name, value]) => [name, change(value, name)]));
}

function object(value: Json, where: string): JsonObject {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw new Error(`${where}: expected an object`);
}

// Layout: objects in blocks, a short leaf on one line, a long list of values filled like a paragraph.

const LINE_WIDTH = 160;
const LEAF_WIDTH = 120;

/** Renders a non-empty object or list as lines that start `indent` blanks in. */
function yamlBlock(value: JsonObject | Json[], indent: number): string {
  const margin = ' '.repeat(indent);
  if (Array.isArray(value))
    return value.map((item) => `${margin}- ${yamlBeside(item, indent + 2, '').trimStart()}`).join('');
  return Object.entries(value)
    .map(([name, member]) => {
      const key = `${margin}${yamlScalar(name)}:`;
      return `${key}${yamlBeside(member, indent + 2, key)}`;
    })
    .join('');
}

/** Renders what follows a key or a dash: the rest of the line, or a line end and a block. */
function yamlBeside(value: Json, indent: number, key: string): string {
  const flat = yamlFlow(value);
  if (value === null || typeof value !== 'object' || flat === '[]' || flat === '{}') return ` ${flat}\n`;
  const room = LEAF_WIDTH - Math.max(key.length, indent);
  if (key.trim() !== 'properties:' && isLeaf(value) && flat.length <= room) return ` ${flat}\n`;
  if (!Array.isArray(value) || !value.every(isScalar)) return `\n${yamlBlock(value, indent)}`;
  const margin = ' '.repeat(indent);
  const lines = [''];
  for (const item of value.map((scalar) => `${yamlScalar(scalar)},`)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && margin.length + line.length + 1 + item.length > LINE_WIDTH) lines.push(item);
    else lines[lines.length - 1] = line === '' ? item : `${line} ${item}`;
  }
  return `\n${margin}[\n${lines.map((line) => `${margin}  ${line}\n`).join('')}${margin}]\n`;
}

/** A list of values, a reference, or a schema or parameter that holds no named properties of its own. */
function isLeaf(value: Json[] | JsonObject): boolean {
  if (Array.isArray(value)) return value.every(isScalar);
  const nested = Object.values(value).filter((member) => !isScalar(member));
  const leaves = nested.every((member) => Array.isArray(member) || isLeaf(member as JsonObject));
  return (
    leaves && ['type', '$ref', 'schema', 'url'].some((name) => name in value) && !('properties' in value)
  );
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

function yamlFlow(value: Json): string {
  if (value === null || typeof value !== 'object') return yamlScalar(value);
  if (Array.isArray(value)) return `[${value.map(yamlFlow).join(', ')}]`;
  const entries = Object.entries(value).map(([name, member]) => `${yamlScalar(name)}: ${yamlFlow(member)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Quotes as needed inside a flow collection, and what only YAML 1.1 would misread (`NO` is Norway). */
function yamlScalar(value: Json): string {
  const layout = {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    singleQuote: true,
  } as const;
  return stringify([value], { ...layout, compat: 'yaml-1.1' })
    .trimEnd()
    .slice(1, -1);
}

const USAGE =
  'usage: node tools/import-contract.ts SOURCE.yaml --title "ECOSYSTEM: API" [--add ADDITIONS.yaml] --out TARGET.yaml';

interface Arguments {
  readonly source: string;
  readonly title: string;
  readonly out: string;
  readonly add?: string | undefined;
}

function readArguments(): Arguments | undefined {
  try {
    const options = { title: { type: 'string' }, add: { type: 'string' }, out: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    const [source, ...rest] = positionals;
    const { title, add, out } = values;
    if (source === undefined || rest.length > 0 || title === undefined || out === undefined) return undefined;
    return { source, title, add, out };
  } catch {
    return undefined;
  }
}

function run(): void {
  const given = readArguments();
  if (given === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const { source, title, add, out } = given;
  try {
    const earlier = existsSync(out) ? readFileSync(out, 'utf8') : undefined;
    const { text, warnings } = importContract(
      readFileSync(source, 'utf8'),
      title,
      earlier,
      add === undefined ? undefined : readFileSync(add, 'utf8'),
    );
    for (const warning of warnings) console.warn(`${source}: ${warning}`);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, text);
  } catch (error) {
    console.error(`${source}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

if (import.meta.main) run();
