import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { importContract } from '../tools/import-contract.ts';
import { referenceContracts } from './support/reference-contracts.ts';

type Json = null | boolean | number | string | Json[] | JsonObject;
type JsonObject = { [name: string]: Json };

const catalog = resolve(import.meta.dirname, '../catalog');

/** Every document of the catalog (without `.yaml`) and the regulator's document whose facts it holds. */
const REFERENCES: Record<string, string> = {
  'directory/directory/1.3.7': 'directory/openapi.yaml',
  'directory/participants/1.1.0': 'directory/swagger_participants.yaml',
  'open-finance/accounts/2.4.2': 'ofb/accounts-2.4.2.yml',
  'open-finance/acquiring-services/1.0.1': 'ofb/acquiring-services-1.0.1.yml',
  'open-finance/admin/2.0.1': 'ofb/admin-2.0.1.yml',
  'open-finance/capitalization-bonds/2.0.0': 'ofb/capitalization-bonds-2.0.0.yml',
  'open-finance/channels/2.0.1': 'ofb/channels-2.0.1.yml',
  'open-finance/common/2.0.1': 'ofb/common-2.0.1.yml',
  'open-finance/consents/3.3.1': 'ofb/consents-3.3.1.yml',
  'open-finance/credit-fixed-incomes/1.1.0': 'ofb/credit-fixed-incomes-1.1.0.yml',
  'open-finance/exchange/1.0.1': 'ofb/exchange-1.0.1.yml',
  'open-finance/financings/2.4.0': 'ofb/financings-2.4.0.yml',
  'open-finance/funds/1.1.0': 'ofb/funds-1.1.0.yml',
  'open-finance/insurances/2.0.0': 'ofb/insurances-2.0.0.yml',
  'open-finance/investments/1.0.1': 'ofb/investments-1.0.1.yml',
  'open-finance/invoice-financings/2.4.0': 'ofb/invoice-financings-2.4.0.yml',
  'open-finance/opendata-accounts/1.0.1': 'ofb/opendata-accounts-1.0.1.yml',
  'open-finance/opendata-creditcards/1.0.1': 'ofb/opendata-creditcards-1.0.1.yml',
  'open-finance/opendata-financings/1.0.1': 'ofb/opendata-financings-1.0.1.yml',
  'open-finance/opendata-invoicefinancings/1.0.1': 'ofb/opendata-invoicefinancings-1.0.1.yml',
  'open-finance/opendata-loans/1.0.1': 'ofb/opendata-loans-1.0.1.yml',
  'open-finance/opendata-unarranged/1.0.1': 'ofb/opendata-unarranged-1.0.1.yml',
  'open-finance/pension/2.0.0': 'ofb/pension-2.0.0.yml',
  'open-finance/resources/3.1.0': 'ofb/resources-3.1.0.yml',
  'open-finance/treasure-titles/1.1.0': 'ofb/treasure-titles-1.1.0.yml',
  'open-finance/unarranged-accounts-overdraft/2.5.0': 'ofb/unarranged-accounts-overdraft-2.5.0.yml',
  'open-finance/variable-incomes/1.3.0': 'ofb/variable-incomes-1.3.0.yml',
  'open-insurance/admin/1.0.0': 'opin/v1/admin_metrics-v1.0.0.yaml',
  'open-insurance/admin/1.3.0': 'opin/admin_metrics.yaml',
  'open-insurance/auto-insurance/1.0.0': 'opin/v1/auto-insurance-v1.0.0.yaml',
  'open-insurance/auto-insurance/2.0.0': 'opin/auto-insurance.yaml',
  'open-insurance/capitalization-title/1.0.0': 'opin/v1/capitalization-title-v1.0.0.yaml',
  'open-insurance/capitalization-title/2.0.0': 'opin/capitalization-title.yaml',
  'open-insurance/channels/1.0.0': 'opin/v1/data_channels-v1.0.0.yaml',
  'open-insurance/channels/2.0.0': 'opin/data_channels.yaml',
  'open-insurance/consents/2.7.0': 'opin/consents_v2.yaml',
  'open-insurance/consents/3.0.0': 'opin/consents_v3.yaml',
  'open-insurance/customers/2.0.0': 'opin/customers.yaml',
  'open-insurance/discovery/1.0.0': 'opin/v1/discovery-v1.0.0.yaml',
  'open-insurance/discovery/1.3.0': 'opin/discovery.yaml',
  'open-insurance/home-insurance/1.0.0': 'opin/v1/home-insurance-v1.0.0.yaml',
  'open-insurance/home-insurance/2.0.0': 'opin/home-insurance.yaml',
  'open-insurance/insurance-acceptance-and-branches-abroad/2.0.0':
    'opin/insurance-acceptance-and-branches-abroad.yaml',
  'open-insurance/insurance-auto/1.4.0': 'opin/insurance-auto.yaml',
  'open-insurance/insurance-capitalization-title/1.5.0': 'opin/insurance-capitalization-title.yaml',
  'open-insurance/insurance-financial-assistance/1.0.0': 'opin/v1/insurance-financial-assistance-v1.0.0.yaml',
  'open-insurance/insurance-financial-assistance/1.3.0': 'opin/insurance-financial-assistance.yaml',
  'open-insurance/insurance-financial-risk/2.0.0': 'opin/insurance-financial-risk.yaml',
  'open-insurance/insurance-housing/1.4.0': 'opin/insurance-housing.yaml',
  'open-insurance/insurance-life-pension/1.5.0': 'opin/insurance-life-pension.yaml',
  'open-insurance/insurance-patrimonial/2.0.0': 'opin/insurance-patrimonial.yaml',
  'open-insurance/insurance-pension-plan/1.5.0': 'opin/insurance-pension-plan.yaml',
  'open-insurance/insurance-person/1.6.1': 'opin/insurance-person.yaml',
  'open-insurance/insurance-responsibility/2.0.0': 'opin/insurance-responsibility.yaml',
  'open-insurance/life-pension/1.0.0': 'opin/v1/life-pension-v1.0.0.yaml',
  'open-insurance/life-pension/2.0.0': 'opin/life-pension.yaml',
  'open-insurance/pension-plan/1.0.0': 'opin/v1/pension-plan-v1.0.0.yaml',
  'open-insurance/pension-plan/2.0.0': 'opin/pension-plan.yaml',
  'open-insurance/person/1.0.0': 'opin/v1/person-v1.0.0.yaml',
  'open-insurance/person/2.0.0': 'opin/person.yaml',
  'open-insurance/resources/2.5.0': 'opin/resources_v2.yaml',
  'open-insurance/resources/3.0.0': 'opin/resources_v3.yaml',
};

/**
 * Documents that hold more than their reference, and the merge patch below `tools/` that says what. Of the directory the
 * reference has the reads, three writes, and the bodies of the writes; ours are the other writes, the reads of what only
 * they make, and members that the insurance portal describes and the reference does not. Of the participants the
 * reference lacks contacts, webhooks and technical identifiers. The contracts of investments name no permission, and that
 * of pension plans misspells the path of one.
 */
const ADDITIONS: Record<string, string> = {
  'directory/directory/1.3.7': 'directory-additions.yaml',
  'directory/participants/1.1.0': 'participants-additions.yaml',
  'open-finance/credit-fixed-incomes/1.1.0': 'credit-fixed-incomes-additions.yaml',
  'open-finance/funds/1.1.0': 'funds-additions.yaml',
  'open-finance/treasure-titles/1.1.0': 'treasure-titles-additions.yaml',
  'open-finance/variable-incomes/1.3.0': 'variable-incomes-additions.yaml',
  'open-insurance/insurance-pension-plan/1.5.0': 'insurance-pension-plan-additions.yaml',
};

const ECOSYSTEMS: Record<string, string> = {
  directory: 'Directory',
  'open-finance': 'Open Finance',
  'open-insurance': 'Open Insurance',
};

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const SCHEMA_PROSE = ['title', 'description', 'example', 'examples', 'externalDocs'];
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]/;

const needsReferences =
  referenceContracts === undefined
    ? { skip: 'no reference contracts here: set GUICHE_REFERENCE_CONTRACTS to their folder to compare' }
    : {};

function catalogText(name: string): string {
  return readFileSync(join(catalog, `${name}.yaml`), 'utf8');
}

const parsed = new Map<string, JsonObject>();

/** Called inside each test, so that a file that is no YAML is a failed test and not a suite that never ran. */
function catalogDocument(name: string): JsonObject {
  const document = parsed.get(name) ?? (parse(catalogText(name)) as JsonObject);
  parsed.set(name, document);
  return document;
}

function referenceText(name: string): string {
  return readFileSync(join(referenceContracts ?? '', name), 'utf8');
}

function additionsText(name: string): string {
  const file = ADDITIONS[name];
  return file === undefined ? '{}' : readFileSync(resolve(import.meta.dirname, '../tools', file), 'utf8');
}

/** RFC 7396, written again: the import has its own. */
function patched(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const kept = Object.entries(isObject(target) ? target : {}).filter(([name]) => patch[name] !== null);
  const changes = Object.entries(patch).filter(([, change]) => change !== null);
  const before = isObject(target) ? target : {};
  return Object.fromEntries([
    ...kept,
    ...changes.map(([name, change]): [string, Json] => [name, patched(before[name], change)]),
  ]);
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function objectAt(parent: Json | undefined, name: string): JsonObject {
  const value = isObject(parent) ? parent[name] : undefined;
  return isObject(value) ? value : {};
}

function listAt(parent: Json | undefined, name: string): Json[] {
  const value = isObject(parent) ? parent[name] : undefined;
  return Array.isArray(value) ? value : [];
}

/** Follows references until something else stands there; `undefined` when one leads nowhere. */
function resolved(document: JsonObject, value: Json | undefined): Json | undefined {
  let found = value;
  while (isObject(found) && typeof found.$ref === 'string') {
    let target: Json | undefined = document;
    for (const step of found.$ref.replace(/^#\//, '').split('/'))
      target = isObject(target) ? target[step] : undefined;
    found = target;
  }
  return found;
}

function operationsOf(
  document: JsonObject,
): Map<string, { path: string; item: JsonObject; operation: JsonObject }> {
  const found = new Map<string, { path: string; item: JsonObject; operation: JsonObject }>();
  for (const path of Object.keys(objectAt(document, 'paths'))) {
    const item = objectAt(objectAt(document, 'paths'), path);
    for (const method of METHODS) {
      if (item[method] !== undefined) {
        found.set(`${method.toUpperCase()} ${path}`, { path, item, operation: objectAt(item, method) });
      }
    }
  }
  return found;
}

// The comparison reads both documents with code of its own, so that a fault of the import tool shows.

/** Compares the facts of two documents and returns every difference as one line; no line means equivalent. */
function differences(ours: JsonObject, theirs: JsonObject): string[] {
  const found: string[] = [];
  const same = (where: string, left: unknown, right: unknown): void => {
    if (!isDeepStrictEqual(left, right))
      found.push(`${where}: ${JSON.stringify(left)} here, ${JSON.stringify(right)} there`);
  };
  const compared = new Map<object, Set<object>>();

  const compareSchemas = (where: string, left: Json | undefined, right: Json | undefined): void => {
    const [a, b] = [schemaFacts(ours, left), schemaFacts(theirs, right)];
    if (!isObject(a) || !isObject(b)) {
      same(where, a, b);
      return;
    }
    // A pair met before is equal as far as it has been walked: that is what ends a recursive schema.
    const [leftNode, rightNode] = [schemaNode(ours, left), schemaNode(theirs, right)];
    const partners = compared.get(leftNode) ?? new Set();
    compared.set(leftNode, partners);
    if (partners.has(rightNode)) return;
    partners.add(rightNode);

    same(`${where} keywords`, Object.keys(a).sort(), Object.keys(b).sort());
    for (const keyword of Object.keys(a).filter((name) => name in b)) {
      const [x, y] = [a[keyword], b[keyword]];
      const at = `${where}/${keyword}`;
      if (keyword === 'properties') {
        same(at, Object.keys(objectAt(a, keyword)), Object.keys(objectAt(b, keyword)));
        for (const name of Object.keys(objectAt(a, keyword))) {
          compareSchemas(`${at}/${name}`, objectAt(a, keyword)[name], objectAt(b, keyword)[name]);
        }
      } else if (['allOf', 'oneOf', 'anyOf'].includes(keyword) && Array.isArray(x) && Array.isArray(y)) {
        same(`${at} length`, x.length, y.length);
        for (const [index, branch] of x.entries()) compareSchemas(`${at}/${index}`, branch, y[index]);
      } else if (['items', 'not', 'additionalProperties'].includes(keyword) && isObject(x)) {
        compareSchemas(at, x, y);
      } else {
        same(at, x, y);
      }
    }
  };

  const compareContent = (where: string, left: JsonObject, right: JsonObject): void => {
    same(`${where} media types`, Object.keys(left).sort(), Object.keys(right).sort());
    for (const type of Object.keys(left)) {
      compareSchemas(`${where} ${type}`, objectAt(left, type).schema, objectAt(right, type).schema);
    }
  };

  /** Parameters and headers: `name` is what tells them apart. */
  const compareValues = (
    where: string,
    left: Map<string, JsonObject>,
    right: Map<string, JsonObject>,
  ): void => {
    same(where, [...left.keys()].sort(), [...right.keys()].sort());
    for (const [name, value] of left) {
      same(`${where} ${name} required`, value.required ?? false, right.get(name)?.required ?? false);
      compareSchemas(`${where} ${name}`, value.schema, right.get(name)?.schema);
    }
  };

  same('openapi', ours.openapi, theirs.openapi);
  same('version', objectAt(ours, 'info').version, String(objectAt(theirs, 'info').version).trim());
  same('mount path', mountPaths(ours), mountPaths(theirs));
  const [left, right] = [operationsOf(ours), operationsOf(theirs)];
  same('operations', [...left.keys()], [...right.keys()]);
  const permissions = permissionsInProse(String(objectAt(theirs, 'info').description ?? ''));

  for (const [name, mine] of left) {
    const other = right.get(name);
    if (other === undefined) continue;
    same(`${name} operationId`, mine.operation.operationId, other.operation.operationId);
    compareValues(
      `${name} parameters`,
      parametersOf(ours, mine.item, mine.operation),
      parametersOf(theirs, other.item, other.operation),
    );
    same(`${name} security`, securityOf(ours, mine.operation), securityOf(theirs, other.operation));
    const needed = [...listAt(other.operation, 'x-permissions'), ...permissions(name, mine.path)];
    same(`${name} permissions`, listAt(mine.operation, 'x-permissions'), needed);

    const [body, otherBody] = [
      resolved(ours, mine.operation.requestBody),
      resolved(theirs, other.operation.requestBody),
    ];
    same(`${name} body required`, isObject(body) && body.required, isObject(otherBody) && otherBody.required);
    compareContent(`${name} body`, objectAt(body, 'content'), objectAt(otherBody, 'content'));

    const [answers, otherAnswers] = [
      objectAt(mine.operation, 'responses'),
      objectAt(other.operation, 'responses'),
    ];
    same(`${name} statuses`, Object.keys(answers).sort(), Object.keys(otherAnswers).sort());
    for (const status of Object.keys(answers)) {
      const [answer, otherAnswer] = [resolved(ours, answers[status]), resolved(theirs, otherAnswers[status])];
      compareValues(`${name} ${status} headers`, headersOf(ours, answer), headersOf(theirs, otherAnswer));
      compareContent(`${name} ${status}`, objectAt(answer, 'content'), objectAt(otherAnswer, 'content'));
    }
  }
  return found;
}

function mountPaths(document: JsonObject): string[] {
  return [
    ...new Set(
      listAt(document, 'servers').map((server) => new URL(String(isObject(server) && server.url)).pathname),
    ),
  ];
}

function parametersOf(
  document: JsonObject,
  item: JsonObject,
  operation: JsonObject,
): Map<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  for (const entry of [...listAt(item, 'parameters'), ...listAt(operation, 'parameters')]) {
    const parameter = resolved(document, entry);
    if (!isObject(parameter)) throw new Error(`not a parameter: ${JSON.stringify(entry)}`);
    const name = String(parameter.name);
    found.set(`${parameter.in} ${parameter.in === 'header' ? name.toLowerCase() : name}`, parameter);
  }
  return found;
}

function headersOf(document: JsonObject, answer: Json | undefined): Map<string, JsonObject> {
  const headers = Object.entries(objectAt(answer, 'headers'));
  return new Map(
    headers.map(([name, header]) => [
      name.toLowerCase(),
      objectAt({ header: resolved(document, header) ?? null }, 'header'),
    ]),
  );
}

/** The requirements of an operation, each scheme with its type, the scopes asked for and the scopes it offers. */
function securityOf(document: JsonObject, operation: JsonObject): unknown {
  const requirements =
    operation.security === undefined ? listAt(document, 'security') : listAt(operation, 'security');
  const schemes = objectAt(objectAt(document, 'components'), 'securitySchemes');
  return requirements.map((requirement) =>
    Object.entries(isObject(requirement) ? requirement : {}).map(([name, scopes]) => {
      const flows = objectAt(objectAt(schemes, name), 'flows');
      const offered = Object.keys(flows).map((flow) => [
        flow,
        Object.keys(objectAt(objectAt(flows, flow), 'scopes')),
      ]);
      return { name, scopes, type: objectAt(schemes, name).type, offered };
    }),
  );
}

/** Reads the Markdown sections titled with a path; returns which permissions they name for an operation. */
function permissionsInProse(prose: string): (name: string, path: string) => string[] {
  const blank = (text: string) => text.replace(/\{\w+\}/g, '*');
  const sections = prose.split(/^#+ /m).flatMap((section) => {
    const path = /^`(\/\S*)`/.exec(section)?.[1];
    // Some bullets have no colon after the method, some no method: then they are about reading.
    const bullets = [...section.matchAll(/(?:(GET|POST|PUT|PATCH|DELETE):? )?\*\*([A-Z]+(?:_[A-Z]+)+)\*\*/g)];
    return path === undefined
      ? []
      : bullets.map(([, method = 'GET', permission]) => ({
          path: blank(path),
          method,
          permission: permission ?? '',
        }));
  });
  return (name, path) => {
    const [, , ...rest] = path.split('/');
    const spellings = [blank(path), blank(`/${rest.join('/')}`)];
    return sections
      .filter((section) => name.startsWith(`${section.method} `) && spellings.includes(section.path))
      .map((section) => section.permission);
  };
}

/** The schema object that a value leads to: past references, and past an allOf that says nothing but one of them. */
function schemaNode(document: JsonObject, value: Json | undefined): JsonObject {
  const node = resolved(document, value);
  if (!isObject(node)) throw new Error(`not a schema: ${JSON.stringify(value)}`);
  const keywords = Object.keys(node).filter((keyword) => !isSchemaProse(keyword));
  const branches = listAt(node, 'allOf');
  return keywords.length === 1 && branches.length === 1 ? schemaNode(document, branches[0]) : node;
}

/** One level of a schema without its prose; what lies below is compared when the walk gets there. */
function schemaFacts(document: JsonObject, value: Json | undefined): JsonObject | undefined {
  if (value === undefined) return undefined;
  const facts: JsonObject = {};
  for (const [keyword, fact] of Object.entries(schemaNode(document, value))) {
    if (isSchemaProse(keyword)) continue;
    const visible = withoutInvisible(fact);
    facts[keyword] = keyword === 'enum' && Array.isArray(visible) ? [...new Set(visible)] : visible;
  }
  return facts;
}

function isSchemaProse(keyword: string): boolean {
  return SCHEMA_PROSE.includes(keyword) || /^x-.*-message$/.test(keyword);
}

function withoutInvisible(fact: Json): Json {
  if (typeof fact === 'string') return fact.replace(new RegExp(INVISIBLE, 'g'), '').trimEnd();
  // Objects keep their identity: they are schemas, or maps of schemas, that the walk will meet.
  return Array.isArray(fact) && !fact.some(isObject) ? fact.map(withoutInvisible) : fact;
}

// What every catalog document promises by itself.

/** JSON pointers of texts that the catalog leaves out; names inside `properties` are field names, not texts. */
function proseIn(value: Json | undefined, pointer = '', isNameMap = false): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => proseIn(item, `${pointer}/${index}`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = `${pointer}/${name}`;
    const ours = at === '/info/title' || /\/responses\/[^/]+\/description$/.test(at);
    const isText = !isNameMap && isSchemaProse(name) && !ours;
    return [...(isText ? [at] : []), ...proseIn(member, at, !isNameMap && name === 'properties')];
  });
}

function referencesIn(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isObject(value)) return [];
  return typeof value.$ref === 'string' ? [value.$ref] : Object.values(value).flatMap(referencesIn);
}

const documents = globSync('*/*/*.yaml', { cwd: catalog })
  .map((file) => relative('.', file).replace(/\.yaml$/, ''))
  .sort();

describe('catalog', () => {
  it('holds exactly the documents that the table of references names', () => {
    assert.deepEqual(documents, Object.keys(REFERENCES).sort());
  });

  for (const name of documents) {
    describe(name, () => {
      const text = catalogText(name);
      const [ecosystem = '', api, version] = name.split('/');

      it('says in its first line, title and version what its path says', () => {
        const [firstLine] = text.split('\n', 1);
        assert.equal(
          firstLine,
          `# Facts of ${ECOSYSTEMS[ecosystem]} "${api}" ${version}: paths, names, types, limits. Written by guiche; prose left out.`,
        );
        assert.deepEqual(catalogDocument(name).info, { title: `${ECOSYSTEMS[ecosystem]}: ${api}`, version });
      });

      it('has one https server, and an own summary and own response descriptions as its only texts', () => {
        const document = catalogDocument(name);
        assert.equal(listAt(document, 'servers').length, 1);
        assert.match(JSON.stringify(document.servers), /"url":"https:/);
        assert.deepEqual(proseIn(document), []);
        assert.doesNotMatch(text, INVISIBLE);
        const phrases = [...Object.values(STATUS_CODES), 'Site Is Overloaded', 'Any other status'];
        for (const [operationName, { operation }] of operationsOf(document)) {
          assert.ok(typeof operation.summary === 'string' && operation.summary.length < 60, operationName);
          for (const answer of Object.values(objectAt(operation, 'responses'))) {
            const { description } = objectAt({ answer: resolved(document, answer) ?? null }, 'answer');
            assert.ok(phrases.includes(String(description)), `${operationName}: ${description}`);
          }
        }
      });

      it('has no reference to nothing and no component without use', () => {
        const document = catalogDocument(name);
        const references = new Set(referencesIn(document));
        for (const reference of references) assert.ok(resolved(document, { $ref: reference }), reference);
        const { securitySchemes, ...components } = objectAt(document, 'components');
        for (const [kind, entries] of Object.entries(components)) {
          for (const component of Object.keys(isObject(entries) ? entries : {})) {
            assert.ok(references.has(`#/components/${kind}/${component}`), `${kind} ${component}`);
          }
        }
        const asked = JSON.stringify(
          [...operationsOf(document).values()].map(({ operation }) => operation.security),
        );
        for (const scheme of Object.keys(securitySchemes ?? {}))
          assert.ok(asked.includes(`"${scheme}"`), scheme);
      });

      it('holds the facts of its reference', needsReferences, () => {
        const document = catalogDocument(name);
        const published = parse(referenceText(REFERENCES[name] ?? '')) as JsonObject;
        const reference = patched(published, parse(additionsText(name))) as JsonObject;
        assert.ok(operationsOf(document).size > 0);
        assert.deepEqual(differences(document, reference), []);
      });

      it('comes out the same when imported again', needsReferences, () => {
        const document = catalogDocument(name);
        const title = String(objectAt(document, 'info').title);
        const { text: again, warnings } = importContract(
          referenceText(REFERENCES[name] ?? ''),
          title,
          text,
          additionsText(name),
        );
        assert.equal(again, text);
        assert.deepEqual(warnings, []);
      });
    });
  }
});

const SOURCE = `\ufeff
openapi: 3.0.0
info:
  title: Texto
  version: '1.0.0 '
  description: |
    Texto longo.
    ### \`/{id}/terms\`
      - permissions:
        - GET: **THINGS_TERMS_READ**
servers:
  - { url: http://api.example.com/sector/things/v1, description: Texto }
  - { url: https://apih.example.com/sector/things/v1 }
tags: [{ name: things }]
paths:
  /things/{id}/terms:
    get:
      tags: [things]
      summary: Texto
      operationId: getTerms
      security: [{ Auth: ['consent:consentId', things] }]
      parameters:
        - { name: X-Trace, in: header, required: true, description: Texto, schema: { type: string, format: "uuid\u200b" } }
      responses:
        default: { $ref: '#/components/responses/Terms' }
        '200': { $ref: '#/components/responses/Terms' }
        '404': { description: Texto, headers: { x-v: { description: Texto, schema: { type: string } } } }
        '529': { $ref: '#/components/schemas/Unused' }
components:
  securitySchemes:
    Auth: { type: oauth2, flows: { implicit: { authorizationUrl: 'https://mock.example.org/a', scopes: { things: Texto } } } }
    Other: { type: http, scheme: basic }
  responses:
    Terms: { description: Texto, content: { application/json: { schema: { $ref: '#/components/schemas/Terms' } } } }
  schemas:
    Unused: { type: string }
    Code: { type: string, enum: ['NO', 'BR', 'NO'], pattern: '^[A-Z]{2}$', description: Texto }
    Terms:
      type: object
      title: Texto
      required: [description, never-declared]
      x-regulatory-required: [title]
      properties:
        description: { type: string, maxLength: 10, example: Texto }
        title: { allOf: [{ $ref: '#/components/schemas/Code' }], description: Texto }
        example: { $ref: '#/components/schemas/Code', maxLength: 3 }
        more: { type: array, items: { $ref: '#/components/schemas/Terms' } }
`;

describe('import of a contract', () => {
  const imported = importContract(SOURCE, 'Sector: things');

  it('keeps facts, leaves prose out, and puts permissions beside their operation', () => {
    assert.deepEqual(parse(imported.text), {
      openapi: '3.0.0',
      info: { title: 'Sector: things', version: '1.0.0' },
      servers: [{ url: 'https://api.example.com/sector/things/v1' }],
      paths: {
        '/things/{id}/terms': {
          get: {
            summary: 'Terms',
            operationId: 'getTerms',
            security: [{ Auth: ['consent:consentId', 'things'] }],
            'x-permissions': ['THINGS_TERMS_READ'],
            parameters: [
              { name: 'X-Trace', in: 'header', required: true, schema: { type: 'string', format: 'uuid' } },
            ],
            responses: {
              default: { $ref: '#/components/responses/Terms' },
              '200': { $ref: '#/components/responses/Terms' },
              '404': { description: 'Not Found', headers: { 'x-v': { schema: { type: 'string' } } } },
              '529': { description: 'Site Is Overloaded' },
            },
          },
        },
      },
      components: {
        responses: {
          Terms: {
            description: 'OK',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Terms' } } },
          },
        },
        schemas: {
          Code: { type: 'string', enum: ['NO', 'BR'], pattern: '^[A-Z]{2}$' },
          Terms: {
            type: 'object',
            required: ['description', 'never-declared'],
            'x-regulatory-required': ['title'],
            properties: {
              description: { type: 'string', maxLength: 10 },
              title: { $ref: '#/components/schemas/Code' },
              example: { $ref: '#/components/schemas/Code' },
              more: { type: 'array', items: { $ref: '#/components/schemas/Terms' } },
            },
          },
        },
        securitySchemes: {
          Auth: {
            type: 'oauth2',
            flows: { implicit: { authorizationUrl: 'https://authserver.example/a', scopes: { things: '' } } },
          },
        },
      },
    });
    assert.deepEqual(imported.warnings, []);
  });

  it('keeps the summaries of the document that it replaces', () => {
    const tuned = imported.text.replace('summary: Terms', 'summary: Terms of a thing');
    assert.equal(importContract(SOURCE, 'Sector: things', tuned).text, tuned);
  });

  it('serves more than the source where a merge patch says so', () => {
    const additions = `
paths:
  /things/{id}/terms:
    get: { security: null }
    put:
      requestBody: { $ref: '#/components/requestBodies/Terms' }
      responses: { '200': { $ref: '#/components/responses/Terms' } }
components:
  requestBodies: { Terms: { content: { application/json: { schema: { $ref: '#/components/schemas/Terms' } } } } }
  schemas: { Code: { pattern: null, enum: [PT] } }
`;
    const { text } = importContract(SOURCE, 'Sector: things', undefined, additions);
    const operations = operationsOf(parse(text));
    assert.deepEqual([...operations.keys()], ['GET /things/{id}/terms', 'PUT /things/{id}/terms']);
    assert.equal(operations.get('GET /things/{id}/terms')?.operation.security, undefined);
    assert.equal(operations.get('PUT /things/{id}/terms')?.operation.summary, 'Terms');
    assert.deepEqual(parse(text).components.schemas.Code, { type: 'string', enum: ['PT'] });
    assert.deepEqual(differences(parse(text), patched(parse(SOURCE), parse(additions)) as JsonObject), []);
    assert.ok(differences(parse(text), parse(SOURCE)).length > 0);
  });

  describe('given a permission whose heading misspells the path', () => {
    const misspelt = SOURCE.replace('### `/{id}/terms`', '### `/{id}/term`');

    it('warns that it belongs to no operation', () => {
      assert.deepEqual(importContract(misspelt, 'Sector: things').warnings, [
        'THINGS_TERMS_READ: no operation GET /{id}/term',
      ]);
    });

    it('warns no more once additions say which operation it belongs to', () => {
      const additions = `paths: { '/things/{id}/terms': { get: { x-permissions: [THINGS_TERMS_READ] } } }`;
      const { text, warnings } = importContract(misspelt, 'Sector: things', undefined, additions);
      assert.deepEqual(warnings, []);
      assert.equal(text, imported.text);
    });
  });

  const refused: [string, string, RegExp][] = [
    ['openapi: 3.0.0', 'openapi: 3.1.0', /expected 3\.0\.x, found 3\.1\.0/],
    ['operationId: getTerms', 'callbacks: {}', /get\/callbacks: this member is not known/],
    [
      "schema: { $ref: '#/components/schemas/Terms' }",
      "schema: { $ref: '#/components/schemas/None' }",
      /None: this reference leads nowhere/,
    ],
    [
      'apih.example.com/sector/things/v1',
      'apih.example.com/sector/things/v2',
      /expected one path, found .*v1, .*v2/,
    ],
  ];
  for (const [before, after, message] of refused) {
    it(`refuses ${after}`, () => {
      assert.throws(() => importContract(SOURCE.replace(before, after), 'Sector: things'), message);
    });
  }
});

describe('comparison with a reference', () => {
  const { text } = importContract(SOURCE, 'Sector: things');

  it('finds no difference in an import', () => {
    assert.deepEqual(differences(parse(text), parse(SOURCE)), []);
  });

  const faults: [string, string, RegExp][] = [
    ['version: 1.0.0', 'version: 1.0.1', /^version/],
    ['things/v1', 'things/v2', /^mount path/],
    ['/things/{id}/terms', '/things/{id}/term', /^operations/],
    ['operationId: getTerms', 'operationId: getTerm', /operationId/],
    ['name: X-Trace', 'name: X-Span', /parameters/],
    ['required: true', 'required: false', /x-trace required/],
    ['format: uuid', 'format: uri', /x-trace\/format/],
    ["'404':", "'406':", /statuses/],
    ['x-v:', 'x-w:', /404 headers/],
    ['application/json:', 'text/json:', /media types/],
    ['consent:consentId', 'consent', /security/],
    ['[THINGS_TERMS_READ]', '[THINGS_READ]', /permissions/],
    ['maxLength: 10', 'maxLength: 11', /properties\/description\/maxLength/],
    ['maxLength: 10', 'minLength: 10', /properties\/description keywords/],
    ['never-declared', 'declared', /\/required/],
    ['x-regulatory-required: [title]', 'x-regulatory-required: [more]', /x-regulatory-required/],
    ['[NO, BR]', '[NO, BR, PT]', /\/enum/],
    ['^[A-Z]{2}$', '^[A-Z]{3}$', /\/pattern/],
    ['more:', 'fewer:', /\/properties/],
  ];
  for (const [before, after, difference] of faults) {
    it(`notices ${after} instead of ${before}`, () => {
      const broken = text.replaceAll("'NO'", 'NO').replaceAll(before, after);
      assert.notEqual(broken, text.replaceAll("'NO'", 'NO'));
      assert.match(differences(parse(broken), parse(SOURCE)).join('\n'), difference);
    });
  }
});
