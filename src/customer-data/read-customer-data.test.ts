import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { contractFolder, jsonAnswer, loadFolders } from '../../test/support/contract-folder.ts';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Json } from '../../test/support/send-request.ts';
import type { Json as Data, DataConnector, DataRequest, Found } from '../connectors/data-connector.ts';
import { createFolderData } from '../connectors/folder-data.ts';
import { createFolderInstitution } from '../connectors/folder-institution.ts';
import type { Customer, OfferedResource } from '../connectors/institution.ts';
import type { Consent } from '../consents/consent.ts';
import type { Answer, Call } from '../contract/call.ts';
import type { Operation } from '../contract/operation.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { BreachPolicy } from './create-customer-data-answers.ts';
import type { CustomerDataEvent } from './customer-data-event.ts';
import { createReadCustomerData } from './read-customer-data.ts';

const ANA = '11144477735';
const COMPANY = '11222333000181';
const BASE = 'https://mtls.banco.example';
const GADGETS = '/open-banking/gadgets/v1';
const publicIdOf = (_subject: string, type: string, ref: string) => `pub-${type.length}-${ref}`;
/** Types are as long as they are; the made-up contract borrows the permission and the type of loans. */
const idOf = (ref: string) => publicIdOf('', 'LOAN', ref);

/** A contract that nobody has seen: made-up names everywhere, the permission borrowed. */
function gadgetOperations(list: unknown = { type: 'array', items: GADGET }): readonly Operation[] {
  const security = [{ OpenId: ['openid'], OAuth2Security: ['consent:consentId', 'gadgets'] }];
  const read = (permission: string, data: unknown, parameters: readonly unknown[] = []) => ({
    get: {
      security,
      ...(permission && { 'x-permissions': [permission] }),
      parameters,
      responses: {
        200: jsonAnswer({
          type: 'object',
          required: ['data', 'links', 'meta'],
          properties: { data, links: LINKS, meta: META },
        } as never),
        404: { description: 'none' },
      },
    },
  });
  const paging = ['page', 'page-size'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'integer', default: name === 'page' ? 1 : 25, maximum: 1000 },
  }));
  const text = { type: 'string' };
  const dates = ['fromUseDate', 'toUseDate'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', format: 'date' },
  }));
  const way = { name: 'useWay', in: 'query', schema: { type: 'string', enum: ['IN', 'OUT'] } };
  const document = {
    openapi: '3.0.0',
    info: { title: 'Gadgets', version: '1.2.0' },
    servers: [{ url: `https://api.example.com${GADGETS}` }],
    paths: {
      '/gadgets': read('LOANS_READ', list, paging),
      '/gadgets/{gadgetKey}': read('LOANS_READ', GADGET),
      '/gadgets/{gadgetKey}/uses': read('LOANS_PAYMENTS_READ', { type: 'array', items: USE }, [
        ...paging,
        ...dates,
        way,
      ]),
      '/receipts/{receiptKey}': read('LOANS_READ', {
        type: 'object',
        required: ['sum'],
        properties: { sum: text },
      }),
      '/gadgets/{gadgetKey}/secrets': read('', GADGET),
      '/gadgets/{gadgetKey}/unheard': read('UNHEARD_OF_READ', GADGET),
    },
  };
  const { operations, diagnostics } = loadFolders(
    contractFolder({ 'gadgets.json': JSON.stringify(document) }),
  );
  assert.equal(operations.length, 6, JSON.stringify(diagnostics));
  assert.ok(operations.every(({ kind }) => kind === 'customer-data'));
  return operations;
}

const GADGET = {
  type: 'object',
  required: ['name'],
  properties: { gadgetKey: { type: 'string', maxLength: 60 }, name: { type: 'string', pattern: '^[A-Z]' } },
};
const USE = {
  type: 'object',
  required: ['useDateTime', 'direction'],
  properties: {
    useDateTime: { type: 'string', format: 'date-time' },
    direction: { type: 'string', enum: ['IN', 'OUT'] },
  },
};
const LINKS = {
  type: 'object',
  required: ['self'],
  properties: Object.fromEntries(
    ['self', 'first', 'prev', 'next', 'last'].map((name) => [name, { type: 'string', format: 'uri' }]),
  ),
};
const META = {
  type: 'object',
  required: ['totalRecords', 'totalPages'],
  properties: { totalRecords: { type: 'integer' }, totalPages: { type: 'integer' } },
};

interface Wishes {
  readonly path?: Call['path'];
  readonly query?: Call['query'];
  readonly consent?: Partial<Consent>;
  readonly owned?: readonly string[];
  readonly resources?: readonly OfferedResource[];
  readonly found?: Found<Data> | ((request: DataRequest) => Promise<Found<Data>>);
  readonly operations?: readonly Operation[];
  readonly policy?: BreachPolicy;
  readonly today?: string;
  /** True leaves out who calls. */
  readonly byNobody?: boolean;
}

function consentOf(change: Partial<Consent> = {}): Consent {
  return {
    ...madeUpConsent({
      id: 'urn:made-up:1',
      permissions: [
        'LOANS_READ',
        'LOANS_WARRANTIES_READ',
        'LOANS_SCHEDULED_INSTALMENTS_READ',
        'LOANS_PAYMENTS_READ',
        ...GROUP_REST,
        'RESOURCES_READ',
      ],
    }),
    loggedUser: { identification: ANA, rel: 'CPF' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources: [], approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
    ...change,
  };
}

/** What must be granted together with loans for their group to be open. */
const GROUP_REST = openFinance.groups
  .filter(({ permissions }) => permissions.includes('LOANS_READ'))
  .flatMap(({ permissions }) => permissions.filter((name) => !name.startsWith('LOANS_')));

const owned = (ref: string, approvers: readonly string[] = []): OfferedResource => ({
  type: 'LOAN',
  ref,
  label: ref,
  approvers,
});

async function read(end: string, wishes: Wishes = {}) {
  const operations = wishes.operations ?? gadgetOperations();
  const operation = operations.find(({ path }) => path.endsWith(end)) as Operation;
  const consent = consentOf(wishes.consent);
  const requests: DataRequest[] = [];
  const events: CustomerDataEvent[] = [];
  const ana: Customer = { id: 'c-1', name: 'Ana', cpf: ANA, companies: [{ cnpj: COMPANY, name: 'Padaria' }] };
  const answer = async (request: DataRequest): Promise<Found<Data>> => {
    requests.push(request);
    const { found = { status: 'empty' } } = wishes;
    return typeof found === 'function' ? found(request) : found;
  };
  const connector: DataConnector = { list: answer, get: answer };
  const step = createReadCustomerData({
    profile: openFinance,
    operations,
    consents: { find: async (id) => (id === consent.id ? consent : undefined) },
    institution: {
      customerWith: async (cpf) => (cpf === ANA ? ana : undefined),
      discover: async () => wishes.resources ?? (wishes.owned ?? ['g-1', 'g-2']).map((ref) => owned(ref)),
    },
    connector,
    publicIdOf,
    budgetMsOf: () => 40,
    policyOf: () => wishes.policy ?? 'serve-and-flag',
    todayOf: () => wishes.today,
    baseUrl: BASE,
    maxPageSize: 1000,
    clock: { now: () => NOON },
    onEvent: (event) => events.push(event),
  });
  const call: Call = {
    operation,
    path: wishes.path ?? {},
    query: wishes.query ?? {},
    headers: {},
    interactionId: 'interaction-1',
    ...(!wishes.byNobody && { caller: callerOf(consent) }),
  };
  return { answer: (await step(call)) as Answer, requests, events, operation };
}

function callerOf({ id }: Consent): NonNullable<Call['caller']> {
  return {
    clientId: 'client-1',
    organisationId: 'organisation-1',
    scopes: new Set(['openid']),
    consentId: id,
    subject: 'sub-ana',
  };
}

function ok(data: Data, owner?: string): Found<Data> {
  return { status: 'ok', data, asOf: NOON, ...(owner !== undefined && { owner }) };
}

function bodyOf(answer: Answer): Json {
  assert.equal(answer.kind, 'json', JSON.stringify(answer));
  return (answer as Extract<Answer, { kind: 'json' }>).body;
}

function refusalOf(answer: Answer): unknown[] {
  return answer.kind === 'problem' ? [answer.problem.status, answer.problem.code] : [answer.kind];
}

const TWO: Data = [
  { gadgetKey: 'g-1', name: 'One' },
  { gadgetKey: 'g-2', name: 'Two' },
];
const ITEM = '/gadgets/{gadgetKey}';
const USES = '/{gadgetKey}/uses';

describe('given a contract that nobody has seen', () => {
  it('when its list is read, then it has what is shared, by public ids, in the envelope of the contract', async () => {
    const { answer, requests, operation } = await read('/gadgets', { found: ok(TWO) });
    const body = bodyOf(answer);
    assert.deepEqual(body.data, [
      { gadgetKey: idOf('g-1'), name: 'One' },
      { gadgetKey: idOf('g-2'), name: 'Two' },
    ]);
    assert.deepEqual(body.meta, { totalRecords: 2, totalPages: 1 });
    assert.ok(schemaValidator(operation.answer.schema())(body));
    const [request] = requests;
    assert.deepEqual(
      [request?.operationPath, request?.version, request?.api, request?.documents, request?.refs],
      [`${GADGETS}/gadgets`, '1.2.0', 'gadgets', { cpf: ANA }, {}],
    );
    assert.deepEqual([request?.permissions, request?.deadline], [['LOANS_READ'], NOON + 40]);
  });

  it('when the connector has more than is shared, then that is left out and not spoken of', async () => {
    const { answer, events } = await read('/gadgets', { found: ok(TWO), owned: ['g-2'] });
    assert.deepEqual(bodyOf(answer).data, [{ gadgetKey: idOf('g-2'), name: 'Two' }]);
    assert.deepEqual(events, []);
  });

  it('when there is nothing, then the list is empty, and that is no failure', async () => {
    assert.deepEqual(bodyOf((await read('/gadgets')).answer).data, []);
  });

  it('when records are wrapped, then pages cut across what wraps them', async () => {
    const operations = gadgetOperations({
      type: 'array',
      items: {
        type: 'object',
        properties: {
          shop: { type: 'string' },
          companies: {
            type: 'array',
            items: {
              type: 'object',
              properties: { name: { type: 'string' }, gadgets: { type: 'array', items: GADGET } },
            },
          },
        },
      },
    });
    const at = (key: string) => ({ gadgetKey: key, name: 'Any' });
    const data = [
      {
        shop: 'S',
        companies: [
          { name: 'A', gadgets: [at('g-1'), at('g-2')] },
          { name: 'B', gadgets: [at('g-3')] },
        ],
      },
    ];
    const { answer } = await read('/gadgets', {
      operations,
      found: ok(data),
      owned: ['g-2', 'g-3'],
      query: { page: '2', 'page-size': '1' },
    });
    const body = bodyOf(answer);
    assert.deepEqual(body.data, [{ shop: 'S', companies: [{ name: 'B', gadgets: [at(idOf('g-3'))] }] }]);
    assert.deepEqual(body.meta, { totalRecords: 2, totalPages: 2 });
    assert.equal(body.links.prev, `${BASE}${GADGETS}/gadgets?page=1&page-size=1`);
  });

  it('when an item is read by its public id, then the connector is asked by its own reference', async () => {
    const { answer, requests } = await read(ITEM, {
      path: { gadgetKey: idOf('g-1') },
      found: ok({ gadgetKey: 'g-1', name: 'One' }),
    });
    assert.deepEqual(requests[0]?.refs, { gadgetKey: 'g-1' });
    const body = bodyOf(answer);
    assert.deepEqual(body.data, { gadgetKey: idOf('g-1'), name: 'One' });
    assert.equal(body.links.self, `${BASE}${GADGETS}/gadgets/${idOf('g-1')}`);
  });

  it('when the id is the reference itself, unknown, or of what is not shared, then it is forbidden alike, unasked', async () => {
    for (const gadgetKey of ['g-1', 'nothing', idOf('g-9')]) {
      const { answer, requests } = await read(ITEM, { path: { gadgetKey } });
      assert.deepEqual(refusalOf(answer), [403, 'RESOURCE_FORBIDDEN']);
      assert.equal(requests.length, 0);
    }
  });

  it('when it waits for others, or is there no more, then that is what the caller is told', async () => {
    const picked = { type: 'LOAN', ref: 'g-1', awaiting: ['52998224725'], isRefused: false };
    const waiting = { selection: { resources: [picked], approvals: [] } };
    const refused = { selection: { resources: [{ ...picked, isRefused: true }], approvals: [] } };
    const path = { gadgetKey: idOf('g-1') };
    for (const [consent, code] of [
      [waiting, 'STATUS_RESOURCE_PENDING_AUTHORISATION'],
      [refused, 'STATUS_RESOURCE_UNAVAILABLE'],
    ] as const) {
      assert.deepEqual(refusalOf((await read(ITEM, { path, consent })).answer), [403, code]);
      assert.deepEqual(refusalOf((await read(USES, { path, consent })).answer), [403, code]);
      const list = bodyOf((await read('/gadgets', { consent, found: ok(TWO) })).answer);
      assert.deepEqual(list.data, [{ gadgetKey: idOf('g-2'), name: 'Two' }]);
    }
  });

  it('when something is asked for by an id of its own, then only with the connector’s word on whose it is', async () => {
    const receipt = (owner?: string) =>
      read('/receipts/{receiptKey}', { path: { receiptKey: 'r-1' }, found: ok({ sum: '1.00' }, owner) });
    assert.deepEqual(bodyOf((await receipt('g-1')).answer).data, { sum: '1.00' });
    assert.deepEqual(refusalOf((await receipt('g-9')).answer), [403, 'RESOURCE_FORBIDDEN']);
    assert.deepEqual(refusalOf((await receipt()).answer), [403, 'RESOURCE_FORBIDDEN']);
    const { answer, requests } = await read('/receipts/{receiptKey}', { path: { receiptKey: '../r' } });
    assert.deepEqual([...refusalOf(answer), requests.length], [403, 'RESOURCE_FORBIDDEN', 0]);
  });

  it('when its permission is not granted, not known or not stated, then it is closed', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const closed = [403, 'PERMISSAO_NAO_CONCEDIDA'];
    const consent = { permissions: ['LOANS_PAYMENTS_READ', 'RESOURCES_READ', 'UNHEARD_OF_READ'] };
    for (const end of ['/gadgets', '/secrets', '/unheard'])
      assert.deepEqual(refusalOf((await read(end, { path, consent })).answer), closed, end);
    assert.deepEqual(refusalOf((await read('/secrets', { path })).answer), closed);
  });

  for (const status of ['AWAITING_AUTHORISATION', 'REJECTED', 'CONSUMED'] as const)
    it(`when the consent is ${status} by now, then the token is good for nothing`, async () => {
      const { answer, requests } = await read('/gadgets', { consent: { status } });
      assert.deepEqual([...refusalOf(answer), requests.length], [401, 'CONSENTIMENTO_NAO_AUTORIZADO', 0]);
    });

  it('when the consent is of a company, then so is the data', async () => {
    const { requests } = await read('/gadgets', {
      consent: { businessEntity: { identification: COMPANY, rel: 'CNPJ' } },
    });
    assert.deepEqual(requests[0]?.documents, { cpf: ANA, cnpj: COMPANY });
  });
});

describe('given filters that a contract declares', () => {
  const use = (at: string, direction: string) => ({ useDateTime: `${at}Z`, direction });
  const uses: Data = [
    use('2026-03-01T00:00:00', 'IN'),
    use('2026-03-02T23:59:59', 'OUT'),
    use('2026-03-03T00:00:00', 'IN'),
  ];
  const days = async (query: Call['query'], today?: string) => {
    const { answer } = await read(USES, {
      path: { gadgetKey: idOf('g-1') },
      query,
      found: ok(uses),
      ...(today && { today }),
    });
    return bodyOf(answer).data.map(({ useDateTime }: Json) => Number(useDateTime.slice(8, 10)));
  };

  it('when a span of days is asked for, then its first and last day are in it', async () => {
    assert.deepEqual(await days({ fromUseDate: '2026-03-01', toUseDate: '2026-03-02' }), [1, 2]);
    assert.deepEqual(await days({ fromUseDate: '2026-03-02' }), [2, 3]);
    assert.deepEqual(await days({ toUseDate: '2026-03-02' }), [1, 2]);
    assert.deepEqual(await days({}), [1, 2, 3]);
  });

  it('when the contract lets a missing end be today, then it is', async () => {
    assert.deepEqual(await days({}, '2026-03-02'), [2]);
    assert.deepEqual(await days({ fromUseDate: '2026-03-01' }, '2026-03-02'), [1, 2]);
  });

  it('when a member has just the values of the parameter, then it is the one that is meant', async () => {
    assert.deepEqual(await days({ useWay: 'IN' }), [1, 3]);
    assert.deepEqual(await days({ useWay: 'OUT', fromUseDate: '2026-03-03' }), []);
  });

  it('when a date is none, then it is refused, and links carry those that are', async () => {
    const path = { gadgetKey: idOf('g-1') };
    for (const toUseDate of ['2026-3-1', 'yesterday', '2026-13-01'])
      assert.deepEqual(refusalOf((await read(USES, { path, query: { toUseDate } })).answer), [
        400,
        'PARAMETRO_INVALIDO',
      ]);
    const { answer, requests } = await read(USES, {
      path,
      query: { toUseDate: '2026-03-03', 'page-size': '1' },
      found: ok(uses),
    });
    assert.match(bodyOf(answer).links.next, /toUseDate=2026-03-03&page=2/);
    assert.deepEqual(requests[0]?.query, { toUseDate: '2026-03-03' });
  });
});

describe('given data that breaks the contract', () => {
  const broken: Data = [
    { gadgetKey: 'g-1', name: 'lower case, and personal' },
    { gadgetKey: 'g-2', name: 'Two' },
  ];

  it('when the policy is to serve, then the record is left out and told of, without what is in it', async () => {
    const { answer, events } = await read('/gadgets', { found: ok(broken) });
    assert.equal(bodyOf(answer).meta.totalRecords, 1);
    assert.deepEqual(events, [
      {
        kind: 'breach',
        operation: `GET ${GADGETS}/gadgets`,
        interactionId: 'interaction-1',
        records: 1,
        isServed: true,
        pointer: '/name',
        reason: 'pattern',
      },
    ]);
  });

  it('when a record of a list does not say which resource it is of, then it is left out, and told of', async () => {
    const { answer, events } = await read('/gadgets', { found: ok([{ name: 'Whose' }, 'text', ...TWO]) });
    assert.equal(bodyOf(answer).meta.totalRecords, 2);
    assert.deepEqual(
      events.map((event) => 'reason' in event && [event.records, event.reason]),
      [[2, 'required: gadgetKey']],
    );
  });

  it('when the policy is to block, then nothing is served', async () => {
    const { answer, events } = await read('/gadgets', { found: ok(broken), policy: 'block' });
    assert.deepEqual(refusalOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
    assert.equal(events.length, 1);
  });

  it('when it is the only record, then there is nothing to serve, whatever the policy', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const wrong: [Data, string, string][] = [
      [{ gadgetKey: 'g-1' }, '/data', 'required: name'],
      ['text', '/data', 'type'],
      [{ gadgetKey: 'g-2', name: 'Two' }, '', 'id of another resource'],
      [{ gadgetKey: 'g-9', name: 'Of somebody else' }, '', 'id of another resource'],
    ];
    for (const [data, pointer, reason] of wrong) {
      const { answer, events } = await read(ITEM, { path, found: ok(data) });
      assert.deepEqual(refusalOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
      assert.deepEqual(
        events.map((event) => 'pointer' in event && [event.pointer, event.reason]),
        [[pointer, reason]],
      );
    }
  });

  it('when a list is none, then it is not served', async () => {
    for (const data of [{ list: [] }, 'text', null])
      assert.deepEqual(refusalOf((await read('/gadgets', { found: ok(data) })).answer), [
        500,
        'DADOS_FORA_DO_CONTRATO',
      ]);
  });
});

describe('given an institution whose systems do not answer as they should', () => {
  const path = { gadgetKey: idOf('g-1') };

  it('when they are late, then it is a 504 in time, and they are told to stop', async () => {
    let isAborted = false;
    const startedAt = performance.now();
    const { answer, events } = await read(ITEM, {
      path,
      found: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            isAborted = true;
          });
        }),
    });
    assert.deepEqual(refusalOf(answer), [504, 'INSTITUICAO_NAO_RESPONDEU']);
    assert.ok(performance.now() - startedAt < 1_000);
    assert.ok(isAborted);
    assert.deepEqual(
      events.map((event) => [event.kind, 'waitedMs' in event && event.waitedMs]),
      [['late', 40]],
    );
  });

  it('when they fail, then the service is away, and the reason stays inside', async () => {
    const { answer, events } = await read(ITEM, {
      path,
      found: () => Promise.reject(new Error('db-7 refused')),
    });
    assert.deepEqual(refusalOf(answer), [503, 'SERVICO_INDISPONIVEL']);
    assert.doesNotMatch(JSON.stringify(answer), /db-7/);
    assert.equal(events[0]?.kind, 'away');
  });

  it('when they say so themselves, then each word has its answer', async () => {
    for (const [status, expected] of [
      ['notReady', [503, 'DADOS_EM_PREPARACAO']],
      ['refused', [403, 'RESOURCE_FORBIDDEN']],
      ['notFound', [404, 'SEM_REGISTROS']],
      ['empty', [404, 'SEM_REGISTROS']],
    ] as const)
      assert.deepEqual(refusalOf((await read(ITEM, { path, found: { status } })).answer), expected, status);
  });

  it('when no step has said who calls, then nothing is answered at all', async () => {
    await assert.rejects(read('/gadgets', { byNobody: true }), /served to nobody/);
  });
});

describe('given the example institutions', () => {
  const examples = [
    {
      name: 'bank',
      profile: openFinance,
      cpf: '41726305961',
      api: '/open-banking/accounts/v2',
      type: 'ACCOUNT',
    },
    {
      name: 'insurer',
      profile: openInsurance,
      cpf: '53807142690',
      api: '/open-insurance/insurance-financial-assistance/v1',
      type: 'FINANCIAL_ASSISTANCE',
    },
  ];
  for (const { name, profile, cpf, api, type } of examples)
    it(`when all of ${api} of the ${name} is read, then it is there and in the contract`, async () => {
      const folder = join(import.meta.dirname, '..', '..', 'examples', name, 'customers');
      const clock = createVirtualClock(NOON);
      const institution = await createFolderInstitution({
        folder,
        passwordHash: () => undefined,
        clock,
        onFault: assert.ifError,
      });
      const customer = (await institution.customerWith(cpf, new AbortController().signal)) as Customer;
      const things = await institution.discover(customer, undefined, [type], new AbortController().signal);
      const consent = consentOf({
        permissions: [...profile.permissions.keys()],
        loggedUser: { identification: cpf, rel: 'CPF' },
        selection: {
          resources: things.map(({ ref }) => ({ type, ref, awaiting: [], isRefused: false })),
          approvals: [],
        },
      });
      const newest = new Map(
        catalogOperations.filter(({ path }) => path.startsWith(`${api}/`)).map((each) => [each.path, each]),
      );
      assert.ok(newest.size >= 3);
      const step = createReadCustomerData({
        profile,
        operations: [...newest.values()],
        consents: { find: async () => consent },
        institution,
        connector: createFolderData({ folder, clock }),
        publicIdOf,
        budgetMsOf: () => 1_000,
        policyOf: () => 'block',
        todayOf: () => undefined,
        baseUrl: BASE,
        maxPageSize: 1000,
        clock,
        onEvent: (event) => assert.fail(JSON.stringify(event)),
      });
      const [resource] = things;
      assert.ok(resource);
      const id = publicIdOf('', type, resource.ref);
      for (const operation of newest.values()) {
        const [parameter] = [...operation.path.matchAll(/\{([^}]*)\}/g)].map(([, found]) => found as string);
        const path = parameter === undefined ? {} : { [parameter]: id };
        const call: Call = { operation, path, query: {}, headers: {}, caller: callerOf(consent) };
        const body = bodyOf((await step(call)) as Answer);
        const validate = schemaValidator(operation.answer.schema());
        const isInContract: boolean = validate(body);
        assert.ok(isInContract, `${operation.key} ${JSON.stringify(validate.errors)}`);
        assert.ok(!JSON.stringify(body).includes(`"${resource.ref}"`), `${operation.key} tells no reference`);
        if (parameter === undefined) assert.equal(body.meta.totalRecords, things.length);
      }
    });
});
