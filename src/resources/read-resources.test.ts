import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Json } from '../../test/support/send-request.ts';
import type { Customer, OfferedResource } from '../connectors/institution.ts';
import type { Consent } from '../consents/consent.ts';
import type { Answer, Call } from '../contract/call.ts';
import { createReadResources } from './read-resources.ts';

const ANA = '11144477735';
const BASE = 'https://mtls.banco.example';
const readOperations = catalogOperations.filter(({ kind }) => kind === 'resources');

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

async function read(operation: Call['operation'], wishes: Wishes = {}): Promise<Answer> {
  const { permission, type } = WHOLE[operation.ecosystem as keyof typeof WHOLE];
  const ana: Customer = { id: 'c-1', name: 'Ana', cpf: ANA, companies: [] };
  const resources = Array.from(
    { length: wishes.owned ?? 1 },
    (_, index): OfferedResource => ({ type, ref: `r-${index}`, label: 'r', approvers: [] }),
  );
  const consent: Consent = {
    ...madeUpConsent({ id: 'urn:made-up:1', permissions: [permission, 'RESOURCES_READ'] }),
    loggedUser: { identification: ANA, rel: 'CPF' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources: [], approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
    ...wishes.consent,
  };
  const step = createReadResources({
    profile: operation.ecosystem === 'open-finance' ? openFinance : openInsurance,
    consents: { find: async (id) => (id === consent.id ? consent : undefined) },
    institution: { customerWith: async () => ana, discover: async () => resources },
    publicIdOf: (subject, kind, ref) => `${subject}-${kind.length}-${ref}`,
    baseUrl: BASE,
    maxPageSize: 1000,
    clock: { now: () => NOON },
  });
  const caller = {
    clientId: 'client-1',
    organisationId: 'organisation-1',
    scopes: new Set(['openid', 'resources']),
    consentId: consent.id,
    subject: 'sub-ana',
  };
  const call: Call = { operation, path: {}, query: wishes.query ?? {}, headers: {} };
  return (await step(wishes.byNobody ? call : { ...call, caller })) as Answer;
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
    const { type } = WHOLE[operation.ecosystem as keyof typeof WHOLE];
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

    it('when the consent lacks the permission, then it is forbidden', async () => {
      const { permission } = WHOLE[operation.ecosystem as keyof typeof WHOLE];
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
  });
