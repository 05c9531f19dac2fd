import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { createMemoryResourceStateStore } from '../../test/support/memory-resource-state-store.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Json } from '../../test/support/send-request.ts';
import type { Asking, Found } from '../connectors/connector.ts';
import type { OfferedResource } from '../connectors/customer.ts';
import type { Consent } from '../consents/consent.ts';
import type { Answer, Call } from '../contract/call.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import { GENERAL_ERROR_SHAPE, renderErrorBody } from '../contract/error-shape.ts';
import { createReachedResources } from './reached-resources.ts';
import { createReadResources, type InstitutionFault } from './read-resources.ts';

const ANA = '11144477735';
const BASE = 'https://mtls.banco.example';
const MINUTE = 60_000;
/** Milliseconds that the institution has, by the real clock: more than a busy computer takes for an answer that is there. */
const BUDGET_MS = 250;
const readOperations = catalogOperations.filter(({ kind }) => kind === 'resources');

type Discovered = Found<readonly OfferedResource[]>;

interface Wishes {
  readonly owned?: number;
  readonly consent?: Partial<Consent>;
  readonly query?: Call['query'];
  /** True leaves out who calls. */
  readonly byNobody?: boolean;
}

/** What makes a list: a permission by which a type is shared as a whole, in either ecosystem. */
const WHOLE = {
  'open-finance': { permission: 'EXCHANGES_READ', type: 'EXCHANGE' },
  'open-insurance': {
    permission: 'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
    type: 'CUSTOMERS_PERSONAL_IDENTIFICATIONS',
  },
};

/** A receiver that reads again and again, while time passes and the institution answers as it likes. */
function scene(operation: Call['operation']) {
  const { permission, type } = WHOLE[operation.ecosystem as keyof typeof WHOLE];
  const profile = operation.ecosystem === 'open-finance' ? openFinance : openInsurance;
  const states = createMemoryResourceStateStore();
  const faults: InstitutionFault[] = [];
  const asked: Asking[] = [];
  let now = NOON;
  let answer: () => Discovered | Promise<Discovered> = () => ({ status: 'empty' });
  let consent: Consent = {
    ...madeUpConsent({ id: 'urn:made-up:1', permissions: [permission, 'RESOURCES_READ'] }),
    loggedUser: { identification: ANA, rel: 'CPF' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources: [], approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
  };
  const clock = { now: () => now };
  const step = createReadResources({
    profile,
    consents: {
      async find(id) {
        const { revision: resourcesRevision } = await states.find(id);
        return id === consent.id ? { ...consent, resourcesRevision } : undefined;
      },
    },
    reached: createReachedResources({
      profile,
      connector: {
        async discover(_documents, _types, asking) {
          asked.push(asking);
          return answer();
        },
      },
      states,
      publicIdOf: (subject, kind, ref) => `${subject}-${kind.length}-${ref}`,
      dayOf: (at) => new Date(at).toISOString().slice(0, 10),
      clock,
    }),
    brand: 'Banco',
    connectorName: 'folder',
    budgetMs: BUDGET_MS,
    baseUrl: BASE,
    maxPageSize: 1000,
    clock,
    onFault: (fault) => faults.push(fault),
  });
  return {
    type,
    faults,
    asked,
    pass(ms: number) {
      now += ms;
    },
    answers(with_: () => Discovered | Promise<Discovered>) {
      answer = with_;
    },
    async read({ owned, consent: change, query = {}, byNobody = false }: Wishes = {}) {
      if (owned !== undefined) {
        const data = Array.from({ length: owned }, (_, index) => offer(type, `r-${index}`));
        answer = () => ({ status: 'ok', data, asOf: now });
      }
      consent = { ...consent, ...change };
      const caller = {
        clientId: 'client-1',
        organisationId: 'organisation-1',
        scopes: new Set(['openid', 'resources']),
        consentId: consent.id,
        subject: 'sub-ana',
      };
      const notes: CallNotes = {};
      const call: Call = { operation, path: {}, query, headers: {}, interactionId: 'i-1', notes };
      const answered = (await step(byNobody ? call : { ...call, caller })) as Answer;
      return { answered, notes };
    },
  };
}

function offer(type: string, ref: string, change: Partial<OfferedResource> = {}): OfferedResource {
  return { type, ref, label: 'r', approvers: [], ...change };
}

async function read(operation: Call['operation'], wishes: Wishes = {}): Promise<Answer> {
  return (await scene(operation).read({ owned: 1, ...wishes })).answered;
}

function bodyOf(answer: Answer): Json {
  assert.equal(answer.kind, 'json', JSON.stringify(answer));
  return (answer as Extract<Answer, { kind: 'json' }>).body;
}

function refusalOf(answer: Answer): unknown[] {
  return answer.kind === 'problem' ? [answer.problem.status, answer.problem.code] : [answer.kind];
}

assert.ok(readOperations.length >= 3, 'the catalog has the Resources APIs');
for (const operation of readOperations)
  describe(`given ${operation.key} ${operation.version}`, () => {
    const { type, permission } = WHOLE[operation.ecosystem as keyof typeof WHOLE];
    const url = `${BASE}${operation.path}`;

    function assertInContract(body: Json): void {
      const validate = schemaValidator(operation.answer.schema());
      assert.ok(validate(body), JSON.stringify(validate.errors));
    }

    it('when the consent reaches something, then it is listed by its public id, as the contract has it', async () => {
      const body = bodyOf(await read(operation));
      assert.deepEqual(body.data, [{ resourceId: `sub-ana-${type.length}-r-0`, type, status: 'AVAILABLE' }]);
      assert.deepEqual(body.links, { self: url });
      assertInContract(body);
    });

    it('when it reaches nothing, then the list is empty, and that is no failure', async () => {
      const body = bodyOf(await read(operation, { owned: 0 }));
      assert.deepEqual(body.data, []);
      assert.deepEqual([body.meta.totalRecords, body.meta.totalPages], [0, 0]);
      assertInContract(body);
    });

    it('when there is more than a page, then each page says where the others are', async () => {
      const body = bodyOf(await read(operation, { owned: 60, query: { page: '2', 'page-size': '25' } }));
      assert.equal(body.data.length, 25);
      assert.equal(body.data[0].resourceId, `sub-ana-${type.length}-r-25`);
      assert.deepEqual([body.meta.totalRecords, body.meta.totalPages], [60, 3]);
      const at = (page: number) => `${url}?page=${page}&page-size=25`;
      assert.deepEqual(body.links, { self: at(2), first: at(1), prev: at(1), next: at(3), last: at(3) });
      assertInContract(body);
    });

    it('when the page is beyond the last, then it is empty', async () => {
      const body = bodyOf(await read(operation, { owned: 3, query: { page: '9' } }));
      assert.deepEqual([body.data, body.meta.totalRecords], [[], 3]);
      assertInContract(body);
    });

    it('when the page or its size cannot be, then it is refused', async () => {
      const [status] = refusalOf(await read(operation, { query: { page: '0' } }));
      assert.equal(status, 400);
      const expected = operation.statuses.has(422) ? 422 : 400;
      assert.deepEqual(refusalOf(await read(operation, { query: { 'page-size': '1001' } })), [
        expected,
        'PAGINA_MUITO_GRANDE',
      ]);
    });

    it('when something has been unavailable for three months, then it is not listed any more', async () => {
      const { read, answers, pass } = scene(operation);
      answers(() => ({ status: 'ok', data: [offer(type, 'r', { situation: 'migrated' })], asOf: NOON }));
      const [listed] = bodyOf((await read()).answered).data;
      assert.equal(listed.status, 'UNAVAILABLE');
      pass(93 * 24 * 60 * MINUTE);
      assert.deepEqual(bodyOf((await read()).answered).data, []);
    });

    it('when the consent lacks the permission, then it is forbidden', async () => {
      assert.deepEqual(refusalOf(await read(operation, { consent: { permissions: [permission] } })), [
        403,
        'PERMISSAO_NAO_CONCEDIDA',
      ]);
    });

    for (const status of ['AWAITING_AUTHORISATION', 'REJECTED', 'CONSUMED'] as const)
      it(`when the consent is ${status} by now, then the token is good for nothing`, async () => {
        assert.deepEqual(refusalOf(await read(operation, { consent: { status } })), [
          401,
          'CONSENTIMENTO_NAO_AUTORIZADO',
        ]);
      });

    it('when no step has said who calls, then nothing is answered at all', async () => {
      await assert.rejects(read(operation, { byNobody: true }), /served to nobody/);
    });

    it('when it is answered, then the institution was told for what and how long, and the notes say how it went', async () => {
      const { read, asked } = scene(operation);
      const { notes } = await read({ owned: 2 });
      const [asking] = asked;
      assert.deepEqual(
        [asking?.brand, asking?.api, asking?.version, asking?.permissions, asking?.interactionId],
        ['Banco', operation.api, operation.version, ['RESOURCES_READ'], 'i-1'],
      );
      assert.deepEqual(notes.permission, { asked: ['RESOURCES_READ'], isGranted: true });
      assert.deepEqual(notes.resource, { shared: 2 });
      assert.deepEqual(notes.connector, { name: 'folder', outcome: 'ok', waitedMs: 0, budgetMs: BUDGET_MS });
    });

    it('when the institution’s systems fail, then that is said, and told once', async () => {
      const { read, answers, faults } = scene(operation);
      answers(() => Promise.reject(new Error('connection refused')));
      const { answered, notes } = await read();
      assert.deepEqual(refusalOf(answered), [503, 'SERVICO_INDISPONIVEL']);
      assert.equal(notes.connector?.outcome, 'away');
      assert.deepEqual(
        faults.map(({ kind, operation: key, error }) => [kind, key, (error as Error).message]),
        [['away', operation.key, 'connection refused']],
      );
    });
  });

const polled = readOperations.filter(({ statuses }) => statuses.has(202));
const unpolled = readOperations.filter(({ statuses }) => !statuses.has(202));
assert.ok(polled.length > 0 && unpolled.length > 0, 'there are APIs with 202 and without');

for (const operation of polled)
  describe(`given a list of ${operation.key} ${operation.version} that is being prepared`, () => {
    const ACCEPTED = { kind: 'empty', status: 202 };
    const EXCEEDED = [504, 'RETRY_EXCEDIDO'];
    const notReady = (): Discovered => ({ status: 'notReady' });

    it('when it is not ready 4:59 after the authorisation, then 202 without a body (vector 10)', async () => {
      const { read, answers, pass } = scene(operation);
      answers(notReady);
      pass(4 * MINUTE + 59_000);
      const { answered, notes } = await read();
      assert.deepEqual(answered, ACCEPTED);
      assert.equal(notes.connector?.outcome, 'notReady');
    });

    it('when it is not ready at 5:01, then 504, in the words of the guide (vector 11)', async () => {
      const { read, answers, pass } = scene(operation);
      answers(notReady);
      pass(5 * MINUTE + 1_000);
      const { answered } = await read();
      assert.deepEqual(refusalOf(answered), EXCEEDED);
      const { problem } = answered as Extract<Answer, { kind: 'problem' }>;
      const shape = operation.errorShape(504) ?? GENERAL_ERROR_SHAPE;
      assert.deepEqual(renderErrorBody(shape, { ...problem, at: Date.UTC(2026, 0, 31, 12) }), {
        errors: [
          {
            code: 'RETRY_EXCEDIDO',
            title: 'Retry exponencial excedido.',
            detail: 'O tempo de retry exponencial foi excedido.',
          },
        ],
        meta: { requestDateTime: '2026-01-31T12:00:00Z' },
      });
    });

    it('when the institution is slow, then 202, and the list once it is there', async () => {
      const { read, answers, type, asked } = scene(operation);
      const { promise, resolve } = Promise.withResolvers<Discovered>();
      answers(() => promise);
      assert.deepEqual((await read()).answered, ACCEPTED);
      resolve({ status: 'ok', data: [offer(type, 'r')], asOf: NOON });
      assert.equal(bodyOf((await read()).answered).data.length, 1);
      assert.equal(asked.length, 1);
    });

    it('when it was ready once, then there is no 202 any more, whatever happens', async () => {
      const { read, answers, faults } = scene(operation);
      bodyOf((await read({ owned: 1 })).answered);
      answers(notReady);
      assert.deepEqual(refusalOf((await read()).answered), EXCEEDED);
      answers(() => new Promise(() => {}));
      const { answered, notes } = await read();
      assert.deepEqual(refusalOf(answered), [504, 'INSTITUICAO_NAO_RESPONDEU']);
      assert.deepEqual([notes.connector?.outcome, notes.connector?.waitedMs], ['late', BUDGET_MS]);
      assert.deepEqual(
        faults.map(({ kind }) => kind),
        ['late'],
      );
    });
  });

for (const operation of unpolled)
  describe(`given a list of ${operation.key} ${operation.version}, which has no 202, that is being prepared`, () => {
    it('when it is not ready, then 503 says when to ask again, at whatever time', async () => {
      const { read, answers, pass } = scene(operation);
      answers(() => ({ status: 'notReady' }));
      for (const ms of [0, 6 * MINUTE]) {
        pass(ms);
        const { answered } = await read();
        assert.deepEqual(refusalOf(answered), [503, 'DADOS_EM_PREPARACAO']);
        assert.deepEqual((answered as { headers?: unknown }).headers, { 'retry-after': '60' });
      }
    });

    it('when the institution is slow, then it is said to be', async () => {
      const { read, answers } = scene(operation);
      answers(() => new Promise(() => {}));
      assert.deepEqual(refusalOf((await read()).answered), [504, 'INSTITUICAO_NAO_RESPONDEU']);
    });
  });
