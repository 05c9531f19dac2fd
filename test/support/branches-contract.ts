import type { JsonObject } from '../../src/contract/contract-document.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { type DatasetPlan, planDataset } from '../../src/open-data/dataset-plan.ts';
import { loadDocument, loadOperation } from './contract-folder.ts';

/** Where the branches of the test contract lie below a data folder, without `.json`. */
export const BRANCHES = 'open-insurance/things/v1/branches';
/** The same records behind a path parameter. */
export const NEARBY = 'open-insurance/things/v1/nearby';

/** One branch in every kind of rule that a contract can make. */
const BRANCH = {
  type: 'object',
  additionalProperties: false,
  required: ['code', 'name', 'type'],
  properties: {
    code: { type: 'string', pattern: '^\\d{4}$' },
    name: { type: 'string', minLength: 2, maxLength: 20 },
    type: { type: 'string', enum: ['SEDE', 'FILIAL', 'POSTO'] },
    opened: { type: 'string', format: 'date' },
    floors: { type: 'integer', minimum: 0, maximum: 50 },
    process: { type: 'number' },
    phones: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } },
    countrySubDivision: { type: 'string', enum: ['SP', 'RJ', 'PA'] },
    notes: {},
  },
};

const LINKS = {
  type: 'object',
  required: ['self'],
  properties: Object.fromEntries(
    ['self', 'first', 'prev', 'next', 'last'].map((name) => [name, { type: 'string' }]),
  ),
};

const META = {
  type: 'object',
  required: ['totalRecords', 'totalPages'],
  properties: { totalRecords: { type: 'integer' }, totalPages: { type: 'integer' } },
};

/** The answer: branches below companies below a brand. `members` are keywords of the list of branches. */
function answer(members: JsonObject): JsonObject {
  const company = {
    type: 'object',
    required: ['name', 'branches'],
    properties: {
      name: { type: 'string' },
      branches: { type: 'array', items: BRANCH, ...members },
      process: { type: 'number' },
    },
  };
  const brand = {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'companies'],
    properties: { name: { type: 'string' }, companies: { type: 'array', items: company } },
  };
  return envelope({ type: 'object', required: ['brand'], properties: { brand } });
}

/** An answer with its payload, links and meta. */
export function envelope(data: JsonObject): JsonObject {
  return {
    type: 'object',
    required: ['data', 'links', 'meta'],
    properties: { data, links: LINKS, meta: META },
  };
}

const PAGING = ['page', 'page-size'].map((name) => ({ name, in: 'query', schema: { type: 'integer' } }));

/** A document whose only path answers with a schema. */
export function documentOf(path: string, schema: JsonObject, members: JsonObject = {}): JsonObject {
  const content = { 'application/json': { schema } };
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    openapi: '3.0.0',
    info: { title: 'Things', version: '1.2.0' },
    servers: [{ url: 'https://api.example.com/open-insurance/things/v1' }],
    paths: {
      [path]: {
        get: {
          parameters: [...parameters, ...PAGING],
          responses: { 200: { description: 'OK', content } },
          ...members,
        },
      },
    },
  };
}

/** `GET /open-insurance/things/v1/branches`; `list` adds keywords to the schema of the list of branches. */
export function branchesOperation(list: JsonObject = {}): Operation {
  return loadOperation(documentOf('/branches', answer(list)));
}

/** `GET /open-insurance/things/v1/nearby/{countrySubDivision}`, with the same answer. */
export function nearbyOperation(): Operation {
  return loadOperation(documentOf('/nearby/{countrySubDivision}', answer({})));
}

/** The plan of an operation that answers with a schema. */
export function planOf(schema: JsonObject, path = '/branches'): DatasetPlan {
  const { operations } = loadDocument(documentOf(path, schema));
  return planDataset(operations[0] as Operation, {});
}

/** The plan of the branches. */
export function branchesPlan(list: JsonObject = {}): DatasetPlan {
  return planDataset(branchesOperation(list), {});
}

/** A branch that keeps every rule; members given replace those it would have. */
export function branch(members: JsonObject = {}): JsonObject {
  return { code: '0001', name: 'Centro', type: 'SEDE', ...members };
}

/** What goes under `data`: one company with these branches. */
export function bare(branches: readonly unknown[], company: JsonObject = {}): JsonObject {
  return { brand: { name: 'Aurora', companies: [{ name: 'Aurora S.A.', branches, ...company }] } };
}
