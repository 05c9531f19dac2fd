import type { Diagnostic, DiagnosticCode, Severity } from '../kernel/diagnostic.ts';
import { toPointer } from '../kernel/json-pointer.ts';
import { createAnswerShape } from './answer-shape.ts';
import { type ContractDocument, isObject, type JsonObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { classify, type EcosystemProfile, findProfile, isHeaderLenient } from './ecosystem-profile.ts';
import { type ErrorShape, readErrorShape } from './error-shape.ts';
import { child, follow } from './follow.ts';
import { jsonBody } from './json-body.ts';
import type { Operation } from './operation.ts';
import { readParameters } from './operation-parameters.ts';
import { type ProsePermissions, permissionsOf, readProsePermissions } from './prose-permissions.ts';
import { createRequestShape } from './request-shape.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** What compiling needs besides the document. */
export interface CompileContext {
  readonly library: ContractLibrary;
  readonly profiles: readonly EcosystemProfile[];
  readonly origin: 'catalog' | 'operator';
  /** Counted arrays that the operator names, by operation key, in place of the one found by the rule. */
  readonly countedArrays: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compiles a document into frozen operations by generic rules: nothing here names an API.
 * What cannot be compiled is reported and left out; the rest of the document still serves.
 */
export function compileOperations(
  context: CompileContext,
  document: ContractDocument,
): { operations: Operation[]; diagnostics: Diagnostic[] } {
  const { content } = document;
  const diagnostics: Diagnostic[] = [];
  const operations: Operation[] = [];
  const report: Report = (severity, code, path, message) =>
    diagnostics.push({
      file: document.file,
      line: 0,
      column: 0,
      severity,
      code,
      pointer: toPointer(path),
      message,
    });

  if (!isOpenApi3(content)) {
    const named =
      content.openapi === undefined ? 'no "openapi" version' : `"openapi: ${String(content.openapi)}"`;
    const found = content.swagger ? `Swagger ${String(content.swagger)}` : named;
    report('error', 'contract-not-openapi', [], `expected an OpenAPI 3 document, found ${found}`);
    return { operations, diagnostics };
  }
  const root: Site = { document, node: content, pointer: '' };
  const info = isObject(content.info) ? content.info : {};
  const version = readVersion(info, report);
  const prose = readProsePermissions(typeof info.description === 'string' ? info.description : '');
  let serverless = false;
  const reportNoServer = () => {
    const message = 'no server URL gives the path to serve under; serving at the root';
    if (!serverless) report('warning', 'contract-no-server', ['servers'], message);
    serverless = true;
  };

  for (const path of Object.keys(isObject(content.paths) ? content.paths : {})) {
    if (!path.startsWith('/')) continue;
    const item = child(context.library, root, 'paths', path);
    for (const method of METHODS) {
      const operation = item && child(context.library, item, method);
      if (!operation) continue;
      try {
        operations.push(
          compile(context, { root, path, item, method, operation, version, prose, report, reportNoServer }),
        );
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        report(
          'error',
          'contract-operation',
          ['paths', path, method],
          `this operation cannot be compiled: ${reason}`,
        );
      }
    }
  }
  if (operations.length === 0)
    report('warning', 'contract-no-operations', ['paths'], 'the document declares no operation');
  return { operations, diagnostics };
}

type Report = (severity: Severity, code: DiagnosticCode, path: (string | number)[], message: string) => void;

interface Source {
  readonly root: Site;
  readonly path: string;
  readonly item: Site & { readonly node: JsonObject };
  readonly method: string;
  readonly operation: Site;
  readonly version: string;
  readonly prose: ProsePermissions;
  readonly report: Report;
  /** Once for a document is enough. */
  readonly reportNoServer: () => void;
}

function compile(context: CompileContext, source: Source): Operation {
  const { library, profiles } = context;
  const node = source.operation.node as JsonObject;
  const content = source.root.node as JsonObject;
  const where = ['paths', source.path, source.method];

  const mount = mountPath(node.servers) ?? mountPath(source.item.node.servers) ?? mountPath(content.servers);
  if (mount === undefined) source.reportNoServer();
  const path = cleanPath(`${mount ?? ''}${source.path}`);
  const method = source.method.toUpperCase();
  const key = `${method} ${path}`;
  const security = node.security ?? content.security ?? [];
  // Reading a malformed requirement as none would publish what the contract protects.
  if (!Array.isArray(security)) throw new Error('"security" is not a list');
  const open =
    security.length === 0 ||
    security.some((requirement) => isObject(requirement) && Object.keys(requirement).length === 0);
  const profile = findProfile(profiles, path);
  if (!profile) throw new Error('no ecosystem profile covers its path');
  const { parameters, paging, negotiatesVersion, responseHeaders } = readParameters(
    library,
    source.operation,
    source.item,
    mount ?? '',
    source.path,
  );
  if (responseHeaders.length > 0) {
    source.report(
      'info',
      'contract-response-headers',
      where,
      `${responseHeaders.join(', ')} declared as request headers describe the response; never demanded`,
    );
  }
  const responses = readResponses(library, source.operation);
  if (jsonBody(library, responses.get('204'))) {
    source.report(
      'info',
      'contract-body-on-204',
      [...where, 'responses', '204'],
      '204 declares a body, which HTTP forbids; sent without one',
    );
  }

  return Object.freeze({
    key,
    method,
    path,
    ecosystem: profile.ecosystem,
    ...pickKind(classify(profile, path, open)),
    api: apiName(profile, mount ?? ''),
    version: source.version,
    open,
    scopes: scopesOf(security),
    permissions: readPermissions(node, source.prose, method, source.path),
    parameters: parameters.map((parameter) =>
      parameter.in === 'header' && isHeaderLenient(profile, path, parameter.name)
        ? { ...parameter, required: false }
        : parameter,
    ),
    paging,
    negotiatesVersion,
    request: createRequestShape(library, source.operation, source.method),
    statuses: new Set([...responses.keys()].filter((status) => /^\d{3}$/.test(status)).map(Number)),
    answer: createAnswerShape(
      library,
      successBody(library, responses),
      paging,
      context.countedArrays.get(key),
    ),
    errorShape: createErrorShapes(library, responses),
    source: { file: source.root.document.file, origin: context.origin, pointer: toPointer(where) },
  });
}

function pickKind({ kind, tier }: Pick<Operation, 'kind' | 'tier'>): Pick<Operation, 'kind' | 'tier'> {
  return { kind, tier };
}

function isOpenApi3(content: JsonObject): boolean {
  return typeof content.openapi === 'string' && /^3\.\d/.test(content.openapi.trim());
}

function readVersion(info: JsonObject, report: Report): string {
  const text = String(info.version ?? '')
    .replace(/[\u200B-\u200D\u2060\uFEFF]/g, '')
    .trim();
  if (/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(text)) return text;
  const number = /\d+(\.\d+)*/.exec(text)?.[0] ?? '0.0.0';
  const version = [...number.split('.'), '0', '0'].slice(0, 3).join('.');
  report(
    'warning',
    'contract-version',
    ['info', 'version'],
    `expected a version such as 1.0.0, found "${text}"; announced as ${version} in x-v`,
  );
  return version;
}

/** The path of the first server's URL, variables replaced by their defaults. */
function mountPath(servers: unknown): string | undefined {
  const server = Array.isArray(servers)
    ? servers.find((entry) => isObject(entry) && typeof entry.url === 'string')
    : undefined;
  if (!isObject(server)) return undefined;
  const variables = isObject(server.variables) ? server.variables : {};
  const url = String(server.url)
    .trim()
    .replace(/\{([^}]+)\}/g, (_, name) => {
      const variable = variables[name];
      return isObject(variable) ? String(variable.default ?? name) : name;
    });
  return url
    .replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i, '')
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '');
}

function cleanPath(path: string): string {
  const clean = path.replace(/\/{2,}/g, '/').replace(/\/+$/, '');
  return clean === '' ? '/' : clean.startsWith('/') ? clean : `/${clean}`;
}

function apiName(profile: EcosystemProfile, mount: string): string {
  const below = profile.basePath === '/' ? mount : mount.slice(profile.basePath.length);
  const segments = below.split('/').filter((segment) => segment !== '' && !/^v\d+$/.test(segment));
  return segments.join('/') || profile.ecosystem;
}

function scopesOf(security: readonly unknown[]): string[] {
  const scopes = security.flatMap((requirement) =>
    isObject(requirement) ? Object.values(requirement).flat() : [],
  );
  return [...new Set(scopes.filter((scope): scope is string => typeof scope === 'string'))];
}

function readPermissions(
  node: JsonObject,
  prose: ProsePermissions,
  method: string,
  path: string,
): readonly string[] {
  const stated = node['x-permissions'];
  return Array.isArray(stated)
    ? stated.filter((name) => typeof name === 'string')
    : permissionsOf(prose, method, path);
}

function readResponses(library: ContractLibrary, operation: Site): Map<string, Site> {
  const responses = child(library, operation, 'responses');
  const found = new Map<string, Site>();
  for (const status of Object.keys(responses?.node ?? {})) {
    const response = responses && child(library, responses, status);
    if (response) found.set(status, response);
  }
  return found;
}

function successBody(library: ContractLibrary, responses: Map<string, Site>): Site | undefined {
  const statuses = [
    '200',
    '201',
    '202',
    ...[...responses.keys()].filter((status) => /^2(\d\d|XX)$/i.test(status)),
  ];
  return statuses
    .map((status) => jsonBody(library, responses.get(status)))
    .find((body) => body !== undefined);
}

/**
 * Error shapes by status: the exact one, else that of the nearest other error status. `default` is left out on
 * purpose, because many contracts point it at the success answer.
 */
function createErrorShapes(
  library: ContractLibrary,
  responses: Map<string, Site>,
): (status: number) => ErrorShape | undefined {
  const shapes = new Map<number, ErrorShape | undefined>();
  return (status) => {
    if (!shapes.has(status)) shapes.set(status, findErrorShape(library, responses, status));
    return shapes.get(status);
  };
}

function findErrorShape(
  library: ContractLibrary,
  responses: Map<string, Site>,
  status: number,
): ErrorShape | undefined {
  const sameClass = (candidate: string) => (candidate[0] === String(status)[0] ? 0 : 1);
  const others = [...responses.keys()]
    .filter((candidate) => /^[45](\d\d|XX)$/i.test(candidate))
    .sort((a, b) => sameClass(a) - sameClass(b) || a.localeCompare(b));
  for (const candidate of [String(status), `${String(status)[0]}XX`, ...others]) {
    const body = jsonBody(library, responses.get(candidate));
    const shape = body && follow(library, body) && readErrorShape(library, body);
    if (shape) return shape;
  }
  return undefined;
}
