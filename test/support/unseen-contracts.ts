type Part = Readonly<Record<string, unknown>>;

/** An API that guiche's catalog does not have, in the words of this test. */
interface UnseenApi {
  readonly name: string;
  readonly version: string;
  readonly scopes: readonly string[];
  /** Permissions by path below the API, as they stand in the Markdown of its description. */
  readonly prose: Readonly<Record<string, string>>;
  readonly paths: Readonly<Record<string, Part>>;
}

const TEXT: Part = { type: 'string', maxLength: 100 };
const ID: Part = { type: 'string', pattern: '^[a-zA-Z0-9][a-zA-Z0-9-]{0,99}$', maxLength: 100 };
const DATE: Part = { type: 'string', format: 'date', maxLength: 10 };
const AMOUNT: Part = { type: 'string', pattern: '^\\d{1,15}\\.\\d{2}$' };

const LOANS: UnseenApi = {
  name: 'loans',
  version: '2.9.0',
  scopes: ['loans'],
  prose: {
    '/contracts': 'LOANS_READ',
    '/contracts/{contractId}': 'LOANS_READ',
    '/contracts/{contractId}/payments': 'LOANS_PAYMENTS_READ',
  },
  paths: {
    '/contracts': listOf({ contractId: ID, brandName: TEXT }),
    '/contracts/{contractId}': recordOf({ contractNumber: TEXT, contractAmount: AMOUNT }, ['contractId']),
    '/contracts/{contractId}/payments': recordOf({ contractOutstandingBalance: AMOUNT }, ['contractId']),
  },
};

const CARDS: UnseenApi = {
  name: 'credit-cards-accounts',
  version: '2.9.0',
  scopes: ['credit-cards-accounts'],
  prose: {
    '/accounts': 'CREDIT_CARDS_ACCOUNTS_READ',
    '/accounts/{creditCardAccountId}': 'CREDIT_CARDS_ACCOUNTS_READ',
    '/accounts/{creditCardAccountId}/bills': 'CREDIT_CARDS_ACCOUNTS_BILLS_READ',
    '/accounts/{creditCardAccountId}/bills/{billId}/transactions':
      'CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ',
  },
  paths: {
    '/accounts': listOf({ creditCardAccountId: ID, name: TEXT }),
    '/accounts/{creditCardAccountId}': recordOf({ name: TEXT }, ['creditCardAccountId']),
    '/accounts/{creditCardAccountId}/bills': listOf(
      { billId: ID, dueDate: DATE },
      ['creditCardAccountId'],
      ['fromDueDate', 'toDueDate'],
    ),
    '/accounts/{creditCardAccountId}/bills/{billId}/transactions': listOf(
      { transactionId: ID, transactionDate: DATE, amount: AMOUNT },
      ['creditCardAccountId', 'billId'],
      ['fromTransactionDate', 'toTransactionDate'],
    ),
  },
};

/** No regulator has this one; its permission is one that the ecosystem knows. */
const TREASURES: UnseenApi = {
  name: 'buried-treasures',
  version: '1.0.0',
  scopes: ['exchanges'],
  prose: {
    '/treasures': 'EXCHANGES_READ',
    '/treasures/{treasureId}': 'EXCHANGES_READ',
    '/treasures/{treasureId}/secrets': 'SECRETS_OF_TREASURES_READ',
  },
  paths: {
    '/treasures': listOf({ treasureId: ID, island: TEXT }),
    '/treasures/{treasureId}': recordOf({ island: TEXT }, ['treasureId']),
    '/treasures/{treasureId}/secrets': recordOf({ secret: TEXT }, ['treasureId']),
    '/treasures/{treasureId}/maps': recordOf({ secret: TEXT }, ['treasureId']),
  },
};

/** Contracts of Open Finance that nothing in guiche was written for, by file name. */
export function unseenContracts(): Readonly<Record<string, Part>> {
  return Object.fromEntries([LOANS, CARDS, TREASURES].map((api) => [`${api.name}.json`, documentOf(api)]));
}

function documentOf({ name, version, scopes, prose, paths }: UnseenApi): Part {
  const stated = Object.entries(prose).map(
    ([path, permission]) => `### \`${path}\`\n- permissions:\n  - GET: **${permission}**\n`,
  );
  return {
    openapi: '3.0.0',
    info: { title: `API ${name}`, version, description: `# Permissions\n\n${stated.join('\n')}` },
    servers: [{ url: `https://api.unseen.example/open-banking/${name}/v${version[0]}` }],
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, get]) => [
        path,
        {
          get: {
            security: [{ OpenId: ['openid'], OAuth2Security: ['consent:consentId', ...scopes] }],
            ...get,
          },
        },
      ]),
    ),
    components: {
      schemas: { Errors: ERRORS, Links: LINKS, Meta: META },
      securitySchemes: {
        OpenId: { type: 'openIdConnect', openIdConnectUrl: 'https://auth.unseen.example' },
        OAuth2Security: { type: 'oauth2', flows: {} },
      },
    },
  };
}

function listOf(members: Part, path: readonly string[] = [], dates: readonly string[] = []): Part {
  const paging = [
    { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, default: 1 } },
    { name: 'page-size', in: 'query', schema: { type: 'integer', minimum: 25, maximum: 1000, default: 25 } },
    { name: 'pagination-key', in: 'query', schema: { type: 'string', maxLength: 2048 } },
    ...dates.map((name) => ({ name, in: 'query', schema: DATE })),
  ];
  return operationOf({ type: 'array', items: objectOf(members) }, [...inPath(path), ...paging]);
}

function recordOf(members: Part, path: readonly string[]): Part {
  return operationOf(objectOf(members), inPath(path));
}

function operationOf(data: Part, parameters: readonly Part[]): Part {
  const body = {
    type: 'object',
    required: ['data', 'links', 'meta'],
    properties: {
      data,
      links: { $ref: '#/components/schemas/Links' },
      meta: { $ref: '#/components/schemas/Meta' },
    },
  };
  const errors = [400, 401, 403, 404, 406, 422, 500, 504].map((status) => [
    status,
    answerOf({ $ref: '#/components/schemas/Errors' }),
  ]);
  return { parameters, responses: { 200: answerOf(body), ...Object.fromEntries(errors) } };
}

function answerOf(schema: Part): Part {
  return { description: 'an answer', content: { 'application/json': { schema } } };
}

function objectOf(properties: Part): Part {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
}

function inPath(names: readonly string[]): Part[] {
  return names.map((name) => ({ name, in: 'path', required: true, schema: ID }));
}

const URL_TEXT: Part = { type: 'string', format: 'uri' };
const LINKS: Part = {
  type: 'object',
  required: ['self'],
  properties: { self: URL_TEXT, first: URL_TEXT, prev: URL_TEXT, next: URL_TEXT, last: URL_TEXT },
};
const META: Part = {
  type: 'object',
  properties: {
    totalRecords: { type: 'integer' },
    totalPages: { type: 'integer' },
    requestDateTime: { type: 'string', format: 'date-time' },
  },
};
const ERRORS: Part = {
  type: 'object',
  required: ['errors'],
  properties: {
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'title', 'detail'],
        properties: { code: TEXT, title: TEXT, detail: { type: 'string', maxLength: 2048 } },
      },
    },
  },
};
