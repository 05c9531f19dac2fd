import type { Json } from './send-request.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Where the made-up product's records stand in its answer. */
export type AnswerRoot = 'flat' | 'grouped' | 'nested' | 'root-array' | 'root-envelopes';

/** What a test wants to differ in the contract of the made-up product. */
export interface MadeUpContract {
  readonly root?: AnswerRoot;
  readonly version?: string;
  /** Schema of the counted array, besides its items. */
  readonly list?: Schema;
  readonly thing?: Schema;
  readonly pageSize?: Schema;
  /** False for a list without paging parameters. */
  readonly paged?: boolean;
  readonly parameters?: readonly unknown[];
  readonly path?: string;
  /** Statuses besides 200; errors get a body of code, title and detail. */
  readonly statuses?: readonly number[];
}

/** Path below the origin, and below a data folder, of the made-up product. */
export const THINGS = 'open-insurance/made-up/v1/things';

const ANY_THING: Schema = {
  type: 'object',
  required: ['code'],
  properties: { code: { type: 'string' }, colour: { type: 'string', enum: ['AZUL', 'VERDE'] } },
};

/** An OpenAPI document of a product that no regulator has: nothing in the code can know it. */
export function madeUpContract(wishes: MadeUpContract = {}): unknown {
  const { version = '1.2.3', path = '/things', pageSize = {}, paged = true, parameters = [] } = wishes;
  const paging = [
    { name: 'page', in: 'query', schema: { type: 'integer', default: 1, minimum: 1 } },
    { name: 'page-size', in: 'query', schema: { type: 'integer', default: 25, minimum: 1, ...pageSize } },
  ];
  const errors = (wishes.statuses ?? [400, 404, 405, 406, 422]).map((status) => [
    status,
    status === 204 ? { description: 'none' } : jsonBody({ $ref: '#/components/schemas/Errors' }),
  ]);
  return {
    openapi: '3.0.0',
    info: { title: 'Made-up product', version },
    servers: [{ url: 'https://api.made-up.example/open-insurance/made-up/v1' }],
    paths: {
      [path]: {
        get: {
          parameters: [...parameters, ...(paged ? paging : [])],
          responses: {
            200: jsonBody(answerSchema(wishes)),
            ...Object.fromEntries(errors),
          },
        },
      },
    },
    components: { schemas: { Errors: ERRORS, Links: LINKS, Meta: META } },
  };
}

/** What goes into a data file for that contract. Each inner list is the records of one company. */
export function madeUpData(root: AnswerRoot, companies: readonly (readonly unknown[])[]): unknown {
  const named = companies.map((things, index) => ({ name: `Company ${index}`, things }));
  if (root === 'flat') return { data: companies.flat() };
  if (root === 'grouped') return { data: { brand: { name: 'Brand', companies: named } } };
  if (root === 'nested')
    return {
      data: named.map((company, index) => ({ brand: { name: `Brand ${index}`, companies: [company] } })),
    };
  return root === 'root-array' ? companies.flat() : named;
}

/** The records of an answer, whatever surrounds them. */
export function thingsOf(root: AnswerRoot, answer: Json): unknown[] {
  if (root === 'flat') return answer.data;
  if (root === 'root-array') return answer;
  const companies =
    root === 'grouped'
      ? answer.data.brand.companies
      : root === 'nested'
        ? answer.data.flatMap(({ brand }: Json) => brand.companies)
        : answer;
  return companies.flatMap(({ things }: Json) => things);
}

/** That many records, told apart by their code. */
export function makeThings(count: number, members: (index: number) => Schema = () => ({})): Schema[] {
  return Array.from({ length: count }, (_, index) => ({ code: `T${index + 1}`, ...members(index) }));
}

function answerSchema({ root = 'flat', list = {}, thing = ANY_THING }: MadeUpContract): Schema {
  const things = { type: 'array', items: thing, ...list };
  const company = objectOf({ name: { type: 'string' }, things });
  const brand = objectOf({ name: { type: 'string' }, companies: { type: 'array', items: company } });
  const envelope = {
    links: { $ref: '#/components/schemas/Links' },
    meta: { $ref: '#/components/schemas/Meta' },
  };
  const below = (data: Schema) => objectOf({ data, ...envelope });
  if (root === 'grouped') return below(objectOf({ brand }));
  if (root === 'nested') return below({ type: 'array', items: objectOf({ brand }) });
  if (root === 'root-array') return things;
  if (root === 'root-envelopes')
    return { type: 'array', items: objectOf({ name: { type: 'string' }, things, ...envelope }) };
  return below(things);
}

function objectOf(properties: Schema): Schema {
  return { type: 'object', required: Object.keys(properties), properties };
}

function jsonBody(schema: Schema): Schema {
  return { description: 'body', content: { 'application/json': { schema } } };
}

const LINKS: Schema = {
  type: 'object',
  required: ['self'],
  additionalProperties: false,
  properties: Object.fromEntries(
    ['self', 'first', 'prev', 'next', 'last'].map((name) => [name, { type: 'string', format: 'uri' }]),
  ),
};

const META: Schema = {
  type: 'object',
  required: ['totalRecords', 'totalPages'],
  additionalProperties: false,
  properties: { totalRecords: { type: 'integer' }, totalPages: { type: 'integer' } },
};

const ERRORS: Schema = {
  type: 'object',
  required: ['errors'],
  additionalProperties: false,
  properties: {
    errors: {
      type: 'array',
      minItems: 1,
      maxItems: 13,
      items: {
        type: 'object',
        required: ['code', 'title', 'detail'],
        additionalProperties: false,
        properties: {
          code: { type: 'string', maxLength: 255 },
          title: { type: 'string', maxLength: 255 },
          detail: { type: 'string', maxLength: 2048 },
        },
      },
    },
    meta: META,
  },
};
