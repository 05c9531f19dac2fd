import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConsentCall, consentCall, consentOperation } from '../../test/support/consent-call.ts';
import { consentProfiles, openFinance } from '../../test/support/consent-profiles.ts';
import { madeUpCpf, NOON } from '../../test/support/made-up-consent.ts';
import { createMemoryConsentStore } from '../../test/support/memory-consent-store.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Json } from '../../test/support/send-request.ts';
import type { Answer } from '../contract/call.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { Problem } from '../kernel/problem.ts';
import { createConsentSteps } from './create-consent-steps.ts';
import { createConsents } from './create-consents.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const FINANCE = '/open-banking/consents/v3/consents';
const INSURANCE_2 = '/open-insurance/consents/v2/consents';
const INSURANCE_3 = '/open-insurance/consents/v3/consents';
const BALANCES = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
const ANA = '52998224725';
const COMPANY = '12ABC34501DE35';

function dateTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function person(identification: string) {
  return { document: { identification, rel: 'CPF' } };
}

function company(identification: string) {
  return { document: { identification, rel: 'CNPJ' } };
}

function requestBody(data: Record<string, unknown> = {}) {
  return {
    data: {
      loggedUser: person(ANA),
      permissions: BALANCES,
      expirationDateTime: dateTime(NOON + 100 * DAY),
      ...data,
    },
  };
}

interface Wishes {
  readonly offered?: ReadonlySet<string>;
  readonly mayActFor?: (ecosystem: string, cpf: string, cnpj: string) => Promise<boolean>;
}

function start({ offered, mayActFor }: Wishes = {}) {
  const store = createMemoryConsentStore();
  const clock = createVirtualClock(NOON);
  const consents = createConsents({ store, profiles: consentProfiles, clock });
  const steps = createConsentSteps({
    consents,
    profiles: consentProfiles,
    clock,
    namespaceOf: (ecosystem) => (ecosystem === 'open-finance' ? 'bancoexemplo' : 'seguradora-exemplo'),
    offered: (ecosystem) =>
      offered ?? new Set(consentProfiles.find((profile) => profile.ecosystem === ecosystem)?.products),
    baseUrlOf: () => 'https://127.0.0.1:8444',
    fingerprintKey: new Uint8Array(32).fill(7),
    ...(mayActFor ? { mayActFor } : {}),
  });

  /** Serves a call, and holds every success to the schema of its contract. */
  async function serve(key: string, wishes: ConsentCall = {}): Promise<Answer> {
    const answer = (await steps.serve(consentCall(key, wishes))) as Answer;
    if (answer.kind === 'json') {
      const validate = schemaValidator(consentOperation(key).answer.schema());
      assert.ok(validate(answer.body), JSON.stringify(validate.errors));
    }
    return answer;
  }

  async function data(key: string, wishes: ConsentCall = {}, status = 200): Promise<Json> {
    const answer = await serve(key, wishes);
    assert.ok(answer.kind === 'json', JSON.stringify(answer));
    assert.equal(answer.status, status);
    return (answer.body as Json).data;
  }

  async function problem(key: string, wishes: ConsentCall = {}): Promise<[number, string]> {
    const answer = await serve(key, wishes);
    assert.equal(answer.kind, 'problem');
    return told((answer as { problem: Problem }).problem);
  }

  /** Asks for a consent in Open Finance and has it authorised. */
  async function authorised(change: Record<string, unknown> = {}, approvers: readonly string[] = []) {
    const { consentId } = await data(`POST ${FINANCE}`, { body: requestBody(change) }, 201);
    const approvals = approvers.map((approver) => ({ approver, decision: 'PENDING' as const }));
    const resources = [{ type: 'ACCOUNT', ref: 'one', awaiting: approvers, isRefused: false }];
    await consents.authorise(consentId, {
      subject: 'sub-1',
      grantId: 'grant-1',
      permissions: BALANCES,
      selection: { resources, approvals },
    });
    return consentId as string;
  }

  return { store, clock, consents, steps, serve, data, problem, authorised };
}

/** Status and code as the error body shows them. */
function told({ status, wireCode, code }: Problem): [number, string] {
  return [status, wireCode ?? code];
}

describe('given a receiver that asks for a consent in Open Finance', () => {
  it('when it asks rightly, then the consent awaits authorisation, in the words of the contract', async () => {
    const { serve, store } = start();
    const answer = (await serve(`POST ${FINANCE}`, { body: requestBody() })) as {
      status: number;
      body: Json;
    };
    assert.equal(answer.status, 201);
    const { consentId, ...rest } = answer.body.data;
    assert.match(
      consentId,
      /^urn:bancoexemplo:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.deepEqual(rest, {
      creationDateTime: dateTime(NOON),
      status: 'AWAITING_AUTHORISATION',
      statusUpdateDateTime: dateTime(NOON),
      permissions: BALANCES,
      expirationDateTime: dateTime(NOON + 100 * DAY),
    });
    assert.deepEqual(answer.body.links, { self: `https://127.0.0.1:8444${FINANCE}/${consentId}` });
    assert.deepEqual(answer.body.meta, { requestDateTime: dateTime(NOON) });
    assert.deepEqual(
      store.acts.map(({ event, actor }) => [event, actor]),
      [['created', 'client:client-1']],
    );
  });

  it('when it asks twice, then there are two consents', async () => {
    const { data } = start();
    const headers = { 'x-idempotency-key': 'a key that Open Finance does not know' };
    const one = await data(`POST ${FINANCE}`, { body: requestBody(), headers }, 201);
    const other = await data(`POST ${FINANCE}`, { body: requestBody(), headers }, 201);
    assert.notEqual(one.consentId, other.consentId);
  });

  it('when it names no end, then there is none', async () => {
    const { data } = start();
    const consent = await data(
      `POST ${FINANCE}`,
      { body: requestBody({ expirationDateTime: undefined }) },
      201,
    );
    assert.ok(!('expirationDateTime' in consent));
  });

  it('when the journey is an optimised one, then reading the consent tells it', async () => {
    const { data } = start();
    const { consentId } = await data(`POST ${FINANCE}`, { body: requestBody({ isLinked: true }) }, 201);
    assert.deepEqual((await data(`GET ${FINANCE}/{consentId}`, { consentId })).journey, { isLinked: true });
  });

  it('when it names both a person and a company, then both are kept and neither is told', async () => {
    const { data, store } = start();
    const body = requestBody({ businessEntity: company(COMPANY) });
    const { consentId } = await data(`POST ${FINANCE}`, { body }, 201);
    const kept = await store.find(consentId);
    assert.deepEqual(kept?.loggedUser, { identification: ANA, rel: 'CPF' });
    assert.deepEqual(kept?.businessEntity, { identification: COMPANY, rel: 'CNPJ' });
    const read = await data(`GET ${FINANCE}/{consentId}`, { consentId });
    assert.ok(!JSON.stringify(read).includes(ANA) && !JSON.stringify(read).includes(COMPANY));
  });

  const refusals: readonly [string, Record<string, unknown>, [number, string]][] = [
    ['an unknown permission', { permissions: ['FOO_READ'] }, [400, 'PERMISSAO_DESCONHECIDA']],
    ['a permission twice', { permissions: [...BALANCES, 'ACCOUNTS_READ'] }, [400, 'PERMISSAO_REPETIDA']],
    [
      'an incomplete group',
      { permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'] },
      [422, 'COMBINACAO_PERMISSOES_INCORRETA'],
    ],
    ['an end that is past', { expirationDateTime: dateTime(NOON - DAY) }, [422, 'DATA_EXPIRACAO_INVALIDA']],
    [
      'a day that does not exist',
      { expirationDateTime: '2026-04-31T12:00:00Z' },
      [422, 'DATA_EXPIRACAO_INVALIDA'],
    ],
    ['a CPF with a wrong check digit', { loggedUser: person('52998224724') }, [422, 'ERRO_NAO_MAPEADO']],
    [
      'a CNPJ with a wrong check digit',
      { businessEntity: company('12ABC34501DE36') },
      [422, 'ERRO_NAO_MAPEADO'],
    ],
    [
      'companies and persons',
      {
        permissions: [
          'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
          'CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ',
          'RESOURCES_READ',
        ],
      },
      [422, 'PERMISSAO_PF_PJ_EM_CONJUNTO'],
    ],
  ];
  for (const [name, change, expected] of refusals)
    it(`when it asks with ${name}, then it is told ${expected.join(' ')}, and nothing is kept`, async () => {
      const { problem, store } = start();
      assert.deepEqual(await problem(`POST ${FINANCE}`, { body: requestBody(change) }), expected);
      assert.equal(store.acts.length, 0);
    });

  it('when the institution offers no accounts, then nothing functional remains', async () => {
    const { problem } = start({ offered: new Set(['CREDIT_CARD_ACCOUNT']) });
    assert.deepEqual(await problem(`POST ${FINANCE}`, { body: requestBody() }), [
      422,
      'SEM_PERMISSOES_FUNCIONAIS_RESTANTES',
    ]);
  });

  it('when nobody has said who calls, then it fails instead of answering', async () => {
    const { steps } = start();
    for (const key of [
      `POST ${FINANCE}`,
      `GET ${FINANCE}/{consentId}`,
      `DELETE ${FINANCE}/{consentId}`,
      `POST ${FINANCE}/{consentId}/extends`,
      `GET ${FINANCE}/{consentId}/extensions`,
    ]) {
      const { caller: _, ...call } = consentCall(key, { consentId: 'urn:x:yyy', body: requestBody() });
      await assert.rejects(async () => steps.serve(call), /authenticated/, key);
    }
  });
});

describe('given a consent of a receiver', () => {
  it('when it reads it within the hour and after, then it sees what time has done (vectors 1 and 2)', async () => {
    const { data, clock } = start();
    const { consentId } = await data(`POST ${FINANCE}`, { body: requestBody() }, 201);
    await clock.advance(60 * MINUTE - 1000);
    const before = await data(`GET ${FINANCE}/{consentId}`, { consentId });
    assert.equal(before.status, 'AWAITING_AUTHORISATION');
    assert.ok(!('rejection' in before));
    await clock.advance(2000);
    const after = await data(`GET ${FINANCE}/{consentId}`, { consentId });
    assert.equal(after.status, 'REJECTED');
    assert.equal(after.statusUpdateDateTime, dateTime(NOON + 60 * MINUTE));
    assert.deepEqual(after.rejection, { rejectedBy: 'ASPSP', reason: { code: 'CONSENT_EXPIRED' } });
  });

  it('when its end has passed a second ago, then it reads that it was reached (vector 3)', async () => {
    const { data, clock, authorised } = start();
    const consentId = await authorised({ expirationDateTime: dateTime(NOON + DAY) });
    await clock.advance(DAY + 1000);
    const consent = await data(`GET ${FINANCE}/{consentId}`, { consentId });
    assert.deepEqual(
      [consent.status, consent.rejection.rejectedBy, consent.rejection.reason.code],
      ['REJECTED', 'ASPSP', 'CONSENT_MAX_DATE_REACHED'],
    );
  });

  it('when it deletes it twice, then the second time it is told that it had ended (vector 4)', async () => {
    const { serve, problem, data, authorised } = start();
    const consentId = await authorised();
    const key = `DELETE ${FINANCE}/{consentId}`;
    assert.deepEqual(await serve(key, { consentId }), { kind: 'empty' });
    assert.deepEqual(await problem(key, { consentId }), [422, 'CONSENTIMENTO_EM_STATUS_REJEITADO']);
    assert.deepEqual((await data(`GET ${FINANCE}/{consentId}`, { consentId })).rejection, {
      rejectedBy: 'USER',
      reason: { code: 'CUSTOMER_MANUALLY_REVOKED' },
    });
  });

  it('when it deletes it before anybody authorised it, then the customer has rejected it', async () => {
    const { serve, data } = start();
    const { consentId } = await data(`POST ${FINANCE}`, { body: requestBody() }, 201);
    await serve(`DELETE ${FINANCE}/{consentId}`, { consentId });
    const { rejection } = await data(`GET ${FINANCE}/{consentId}`, { consentId });
    assert.deepEqual(rejection, { rejectedBy: 'USER', reason: { code: 'CUSTOMER_MANUALLY_REJECTED' } });
  });

  it('when another client asks for it, then it is forbidden in every way, and stays as it was', async () => {
    const { problem, authorised, store } = start();
    const consentId = await authorised();
    const before = await store.find(consentId);
    const caller = { clientId: 'client-2', consentId };
    const body = requestBody();
    for (const key of [
      `GET ${FINANCE}/{consentId}`,
      `DELETE ${FINANCE}/{consentId}`,
      `GET ${FINANCE}/{consentId}/extensions`,
      `POST ${FINANCE}/{consentId}/extends`,
    ])
      assert.deepEqual(
        await problem(key, { consentId, caller, body }),
        [403, 'CONSENTIMENTO_DE_OUTRO_CLIENTE'],
        key,
      );
    assert.deepEqual(await store.find(consentId), before);
  });

  it('when an id is unknown, or of the other ecosystem, then nothing is found', async () => {
    const { problem, authorised } = start();
    const consentId = await authorised();
    const unknown = { consentId: 'urn:bancoexemplo:unknown' };
    assert.deepEqual(await problem(`GET ${FINANCE}/{consentId}`, unknown), [
      404,
      'CONSENTIMENTO_NAO_ENCONTRADO',
    ]);
    assert.deepEqual(await problem(`DELETE ${FINANCE}/{consentId}`, unknown), [
      404,
      'CONSENTIMENTO_NAO_ENCONTRADO',
    ]);
    assert.deepEqual(await problem(`GET ${INSURANCE_3}/{consentId}`, { consentId }), [404, 'NAO_INFORMADO']);
  });
});

describe('given a consent to be renewed', () => {
  const EXTENDS = `POST ${FINANCE}/{consentId}/extends`;
  const EXTENSIONS = `GET ${FINANCE}/{consentId}/extensions`;
  const END = NOON + 100 * DAY;
  const headers = { 'x-fapi-customer-ip-address': '2001:db8::7', 'x-customer-user-agent': 'Navegador/1.0' };
  const wish = (consentId: string, change: Record<string, unknown> = {}): ConsentCall => ({
    consentId,
    headers,
    caller: { consentId, subject: 'sub-1' },
    body: { data: { loggedUser: person(ANA), expirationDateTime: dateTime(END + DAY), ...change } },
  });

  it('when the end is later, then the consent has it at once and the history tells of both', async () => {
    const { data, authorised, clock } = start();
    const consentId = await authorised();
    await clock.advance(MINUTE);
    const renewed = await data(EXTENDS, wish(consentId), 201);
    assert.deepEqual(
      [renewed.status, renewed.expirationDateTime, renewed.statusUpdateDateTime],
      ['AUTHORISED', dateTime(END + DAY), dateTime(NOON)],
    );
    const read = await data(`GET ${FINANCE}/{consentId}`, { consentId });
    assert.equal(read.expirationDateTime, dateTime(END + DAY));
    assert.deepEqual(await data(EXTENSIONS, { consentId }), [
      {
        expirationDateTime: dateTime(END + DAY),
        loggedUser: person(ANA),
        requestDateTime: dateTime(NOON + MINUTE),
        previousExpirationDateTime: dateTime(END),
        xFapiCustomerIpAddress: '2001:db8::7',
        xCustomerUserAgent: 'Navegador/1.0',
      },
    ]);
  });

  it('when the end is the present one, then the date is wrong (vector 5)', async () => {
    const { problem, data, authorised } = start();
    const consentId = await authorised();
    for (const expirationDateTime of [
      dateTime(END),
      dateTime(END - DAY),
      dateTime(NOON - DAY),
      dateTime(NOON + 400 * DAY),
    ])
      assert.deepEqual(await problem(EXTENDS, wish(consentId, { expirationDateTime })), [
        422,
        'DATA_EXPIRACAO_INVALIDA',
      ]);
    assert.deepEqual(await data(EXTENSIONS, { consentId }), []);
  });

  it('when no end is named, then there is none any more and the history has the previous one (vector 6)', async () => {
    const { data, authorised } = start();
    const consentId = await authorised();
    const renewed = await data(EXTENDS, wish(consentId, { expirationDateTime: undefined }), 201);
    assert.ok(!('expirationDateTime' in renewed));
    const [row] = await data(EXTENSIONS, { consentId });
    assert.deepEqual(['expirationDateTime' in row, row.previousExpirationDateTime], [false, dateTime(END)]);
  });

  it('when another person renews it, then it is forbidden, whatever the date (vector 7)', async () => {
    const { problem, authorised } = start();
    const consentId = await authorised();
    for (const expirationDateTime of [dateTime(END + DAY), dateTime(NOON - DAY)])
      assert.deepEqual(
        await problem(EXTENDS, wish(consentId, { loggedUser: person(madeUpCpf()), expirationDateTime })),
        [403, 'TITULAR_DIVERGENTE'],
      );
  });

  it('when a further approver is awaited, then it depends on several (vector 8)', async () => {
    const { problem, authorised } = start();
    const consentId = await authorised({}, [madeUpCpf()]);
    assert.deepEqual(await problem(EXTENDS, wish(consentId)), [422, 'DEPENDE_MULTIPLA_ALCADA']);
  });

  it('when it awaits authorisation still, then its state is wrong, were there a token for it (vector 9)', async () => {
    const { problem, data } = start();
    const { consentId } = await data(`POST ${FINANCE}`, { body: requestBody() }, 201);
    assert.deepEqual(await problem(EXTENDS, wish(consentId)), [422, 'ESTADO_CONSENTIMENTO_INVALIDO']);
  });

  it('when the token is of another consent, or of the client alone, then it is forbidden', async () => {
    const { problem, authorised } = start();
    const [consentId, other] = [await authorised(), await authorised()];
    for (const caller of [{ consentId: other }, {}])
      assert.deepEqual(await problem(EXTENDS, { ...wish(consentId), caller }), [
        403,
        'TOKEN_DE_OUTRO_CONSENTIMENTO',
      ]);
  });

  it('when the consent is a company’s, then the company must be the same', async () => {
    const { problem, data, authorised } = start();
    const consentId = await authorised({ businessEntity: company(COMPANY) });
    const mismatch = [403, 'TITULAR_DIVERGENTE'];
    assert.deepEqual(await problem(EXTENDS, wish(consentId)), mismatch);
    const other = { businessEntity: company('11222333000181') };
    assert.deepEqual(await problem(EXTENDS, wish(consentId, other)), mismatch);
    await data(EXTENDS, wish(consentId, { businessEntity: company(COMPANY) }), 201);
  });

  it('when a company is named and the consent is a person’s, then it is forbidden', async () => {
    const { problem, authorised } = start();
    const consentId = await authorised();
    assert.deepEqual(await problem(EXTENDS, wish(consentId, { businessEntity: company(COMPANY) })), [
      403,
      'TITULAR_DIVERGENTE',
    ]);
  });

  it('when a colleague renews the consent of a company, then the institution says whether they may', async () => {
    const [may, mayNot] = [madeUpCpf(), madeUpCpf()];
    const mayActFor = async (ecosystem: string, cpf: string, cnpj: string) =>
      ecosystem === 'open-finance' && cpf === may && cnpj === COMPANY;
    const asked = start({ mayActFor });
    const consentId = await asked.authorised({ businessEntity: company(COMPANY) });
    const by = (cpf: string) =>
      wish(consentId, { loggedUser: person(cpf), businessEntity: company(COMPANY) });
    assert.deepEqual(await asked.problem(EXTENDS, by(mayNot)), [403, 'TITULAR_DIVERGENTE']);
    await asked.data(EXTENDS, by(may), 201);
    const [row] = await asked.data(EXTENSIONS, { consentId });
    assert.deepEqual(row.loggedUser, person(may));

    const unasked = start();
    const own = await unasked.authorised({ businessEntity: company(COMPANY) });
    const colleague = { loggedUser: person(may), businessEntity: company(COMPANY) };
    assert.deepEqual(await unasked.problem(EXTENDS, wish(own, colleague)), [403, 'TITULAR_DIVERGENTE']);
  });

  it('when exchange was consented, then the renewed consent still says so', async () => {
    const { data, consents } = start();
    const permissions = ['EXCHANGES_READ', 'RESOURCES_READ'];
    const { consentId } = await data(`POST ${FINANCE}`, { body: requestBody({ permissions }) }, 201);
    const selection = { resources: [], approvals: [] };
    await consents.authorise(consentId, { subject: 's', grantId: 'g', permissions, selection });
    const outcome = await consents.renew(
      consentId,
      { expiresAt: undefined, loggedUser: undefined, customerIpAddress: 'x', customerUserAgent: 'y' },
      'client-1',
    );
    assert.deepEqual('renewed' in outcome && outcome.renewed.permissions, permissions);
  });

  it('when there are many renewals, then they come in pages of at least 25, newest first', async () => {
    const { serve, data, authorised } = start();
    const consentId = await authorised();
    for (let turn = 1; turn <= 30; turn += 1)
      await data(EXTENDS, wish(consentId, { expirationDateTime: dateTime(END + turn * DAY) }), 201);
    const page = async (query: Record<string, string>) =>
      ((await serve(EXTENSIONS, { consentId, query })) as { body: Json }).body;
    const first = await page({ 'page-size': '10' });
    assert.equal(first.data.length, 25);
    assert.equal(first.data[0].expirationDateTime, dateTime(END + 30 * DAY));
    assert.deepEqual(first.meta, { totalRecords: 30, totalPages: 2, requestDateTime: dateTime(NOON) });
    const url = `https://127.0.0.1:8444${FINANCE}/${consentId}/extensions`;
    assert.deepEqual(first.links, {
      self: `${url}?page=1&page-size=25`,
      next: `${url}?page=2&page-size=25`,
      last: `${url}?page=2&page-size=25`,
    });
    const second = await page({ page: '2' });
    assert.equal(second.data.length, 5);
    assert.equal(second.data.at(-1).previousExpirationDateTime, dateTime(END));
    assert.deepEqual((await page({ page: '3' })).data, []);
    assert.deepEqual((await page({ page: String(Number.MAX_SAFE_INTEGER), 'page-size': '1000' })).data, []);
  });

  it('when a page is no number or too large, then it is refused', async () => {
    const { problem, authorised } = start();
    const consentId = await authorised();
    assert.deepEqual(await problem(EXTENSIONS, { consentId, query: { page: '0' } }), [
      400,
      'PARAMETRO_INVALIDO',
    ]);
    assert.deepEqual(await problem(EXTENSIONS, { consentId, query: { 'page-size': '1001' } }), [
      400,
      'PAGINA_MUITO_GRANDE',
    ]);
  });
});

describe('given a receiver that asks for a consent in Open Insurance', () => {
  const key = { 'x-idempotency-key': 'c27e2b4d-6e55-4ab1-b0c3-0b6a2f4d2a11' };
  const POLICIES = ['DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ'];
  const WITHDRAWAL = {
    certificateId: '42',
    productName: 'Produto A Previdência',
    withdrawalType: 'TOTAL',
    withdrawalReason: 'OUTROS',
    pmbacAmount: { amount: '2000.00', unit: { code: 'R$', description: 'BRL' } },
  };

  it('when it asks rightly, then the answer has what that contract declares and nothing else', async () => {
    const { serve } = start();
    const body = requestBody({ permissions: POLICIES });
    const answer = (await serve(`POST ${INSURANCE_3}`, { body, headers: key })) as { body: Json };
    assert.match(answer.body.data.consentId, /^urn:seguradora-exemplo:/);
    assert.deepEqual(answer.body.meta, { totalRecords: 1, totalPages: 1 });
    assert.match(answer.body.links.self, /^https:\/\/.*\/open-insurance\/consents\/v3\/consents\/urn:/);
    assert.deepEqual(Object.keys(answer.body).sort(), ['data', 'links', 'meta']);
  });

  it('when the same request comes with the same key, then the first answer comes again', async () => {
    const { data, store, consents, clock } = start();
    const body = requestBody({ permissions: POLICIES });
    const first = await data(`POST ${INSURANCE_3}`, { body, headers: key }, 201);
    await clock.advance(MINUTE);
    const reordered = { data: Object.fromEntries(Object.entries(body.data).reverse()) };
    assert.deepEqual(await data(`POST ${INSURANCE_3}`, { body: reordered, headers: key }, 201), first);
    await consents.revoke(first.consentId, 'client-1');
    assert.deepEqual(await data(`POST ${INSURANCE_3}`, { body, headers: key }, 201), first);
    assert.equal(store.acts.filter(({ event }) => event === 'created').length, 1);
  });

  it('when another request comes with the same key, then the key is spent (vector 19)', async () => {
    const { data, problem } = start();
    await data(`POST ${INSURANCE_3}`, { body: requestBody({ permissions: POLICIES }), headers: key }, 201);
    const body = requestBody({ permissions: ['LIFE_PENSION_READ', 'RESOURCES_READ'] });
    assert.deepEqual(await problem(`POST ${INSURANCE_3}`, { body, headers: key }), [
      422,
      'ERRO_IDEMPOTENCIA',
    ]);
  });

  it('when another client, or another version, uses the same key, then it is a key of its own', async () => {
    const { data } = start();
    const body = requestBody({ permissions: POLICIES });
    const ids = new Set();
    for (const [path, clientId] of [
      [INSURANCE_3, 'client-1'],
      [INSURANCE_3, 'client-2'],
      [INSURANCE_2, 'client-1'],
    ] as const)
      ids.add((await data(`POST ${path}`, { body, headers: key, caller: { clientId } }, 201)).consentId);
    assert.equal(ids.size, 3);
  });

  it('when phases 2 and 3 are mixed, then it is told so in the only code there is (vector 20)', async () => {
    const { problem } = start();
    const permissions = [...POLICIES, 'QUOTE_AUTO_LEAD_CREATE', 'QUOTE_AUTO_LEAD_UPDATE'];
    for (const path of [INSURANCE_2, INSURANCE_3])
      assert.deepEqual(await problem(`POST ${path}`, { body: requestBody({ permissions }), headers: key }), [
        422,
        'NAO_INFORMADO',
      ]);
  });

  const refusals: readonly [string, Record<string, unknown>, number][] = [
    ['no companion', { permissions: ['DAMAGES_AND_PEOPLE_AUTO_READ'] }, 400],
    ['the companion alone', { permissions: ['RESOURCES_READ'] }, 400],
    ['an incomplete group', { permissions: ['QUOTE_AUTO_LEAD_UPDATE'] }, 400],
    [
      'groups of phase 3 mixed',
      { permissions: ['QUOTE_AUTO_LEAD_CREATE', 'QUOTE_AUTO_LEAD_UPDATE', 'ENDORSEMENT_REQUEST_CREATE'] },
      422,
    ],
    ['an unknown permission', { permissions: ['FOO_READ'] }, 400],
    ['an end in the past', { permissions: POLICIES, expirationDateTime: dateTime(NOON - DAY) }, 400],
    ['an end beyond a year', { permissions: POLICIES, expirationDateTime: dateTime(NOON + 400 * DAY) }, 400],
    ['a service without its description', { permissions: ['ENDORSEMENT_REQUEST_CREATE'] }, 400],
    ['a wrong CPF', { permissions: POLICIES, loggedUser: person('52998224724') }, 422],
    ['what no API takes', { permissions: ['PERSON_WITHDRAWAL_CREATE'] }, 422],
  ];
  for (const [name, change, status] of refusals)
    it(`when it asks with ${name}, then it is told ${status} NAO_INFORMADO`, async () => {
      const { problem } = start();
      const wishes = { body: requestBody(change), headers: key };
      assert.deepEqual(await problem(`POST ${INSURANCE_3}`, wishes), [status, 'NAO_INFORMADO']);
    });

  it('when it deletes twice, or what is another client’s, then it is told in the only code there is', async () => {
    const { data, problem, serve } = start();
    const body = requestBody({ permissions: POLICIES });
    const { consentId } = await data(`POST ${INSURANCE_3}`, { body, headers: key }, 201);
    const remove = `DELETE ${INSURANCE_3}/{consentId}`;
    const foreign = { consentId, caller: { clientId: 'client-2' } };
    assert.deepEqual(await problem(remove, foreign), [403, 'NAO_INFORMADO']);
    assert.deepEqual(await serve(remove, { consentId }), { kind: 'empty' });
    assert.deepEqual(await problem(remove, { consentId }), [422, 'NAO_INFORMADO']);
  });

  it('when a version writes a permission differently, then each version reads it in its own spelling', async () => {
    const { data, store } = start();
    const body = requestBody({ permissions: ['PENSION_PLAN_CLAIM', 'RESOURCES_READ'] });
    const { consentId, permissions } = await data(`POST ${INSURANCE_2}`, { body, headers: key }, 201);
    assert.deepEqual(permissions, ['PENSION_PLAN_CLAIM', 'RESOURCES_READ']);
    assert.deepEqual((await store.find(consentId))?.permissions, [
      'PENSION_PLAN_CLAIM_READ',
      'RESOURCES_READ',
    ]);
    const read = await data(`GET ${INSURANCE_3}/{consentId}`, { consentId });
    assert.deepEqual(read.permissions, ['PENSION_PLAN_CLAIM_READ', 'RESOURCES_READ']);
  });

  it('when a service is described, then every version repeats it in its own words', async () => {
    const { data } = start();
    const body = requestBody({
      permissions: ['PENSION_WITHDRAWAL_CREATE'],
      withdrawalLifePensionInformation: WITHDRAWAL,
    });
    const created = await data(`POST ${INSURANCE_3}`, { body, headers: key }, 201);
    assert.deepEqual(created.withdrawalLifePensionInformation, WITHDRAWAL);
    const { consentId } = created;
    const read = await data(`GET ${INSURANCE_2}/{consentId}`, { consentId });
    assert.deepEqual(read.withdrawalLifePensionInformation, {
      ...WITHDRAWAL,
      withdrawalType: '1_TOTAL',
      withdrawalReason: '9_OUTROS',
    });
  });

  it('when a reason is one that a version does not know, then it tells the nearest', async () => {
    const { data, consents } = start();
    const body = requestBody({
      permissions: ['PENSION_WITHDRAWAL_CREATE'],
      withdrawalLifePensionInformation: WITHDRAWAL,
    });
    const { consentId } = await data(`POST ${INSURANCE_3}`, { body, headers: key }, 201);
    const rejection = { rejectedBy: 'ASPSP', code: 'WITHDRAWAL_BLOCKED' } as const;
    await consents.reject(consentId, rejection, 'institution');
    const codes = [];
    for (const path of [INSURANCE_2, INSURANCE_3])
      codes.push((await data(`GET ${path}/{consentId}`, { consentId })).rejection.reason.code);
    assert.deepEqual(codes, ['CONSENT_TECHNICAL_ISSUE', 'WITHDRAWAL_BLOCKED']);
  });

  it('when the service has been initiated, then the consent reads as used up', async () => {
    const { data, consents } = start();
    const permissions = ['QUOTE_AUTO_LEAD_CREATE', 'QUOTE_AUTO_LEAD_UPDATE'];
    const { consentId } = await data(
      `POST ${INSURANCE_3}`,
      { body: requestBody({ permissions }), headers: key },
      201,
    );
    const selection = { resources: [], approvals: [] };
    await consents.authorise(consentId, { subject: 's', grantId: 'g', permissions, selection });
    await consents.consume(consentId);
    assert.equal((await data(`GET ${INSURANCE_3}/{consentId}`, { consentId })).status, 'CONSUMED');
  });
});

describe('given calls that are kept on record', () => {
  const noted = async (rig: ReturnType<typeof start>, key: string, wishes: ConsentCall) => {
    const call = { ...consentCall(key, wishes), notes: {} as CallNotes };
    await rig.steps.serve(call);
    return call.notes.consent;
  };

  it('when a consent is created and read, then its id and state are noted', async () => {
    const rig = start();
    const created = await noted(rig, `POST ${FINANCE}`, { body: requestBody() });
    assert.equal(created?.status, 'AWAITING_AUTHORISATION');
    const consentId = created?.id as string;
    assert.deepEqual(await noted(rig, `GET ${FINANCE}/{consentId}`, { consentId }), created);
  });

  it('when it is not the caller’s, or there is none, then that is noted', async () => {
    const rig = start();
    const consentId = await rig.authorised();
    const caller = { clientId: 'client-2' };
    const others = await noted(rig, `GET ${FINANCE}/{consentId}`, { consentId, caller });
    assert.equal(others?.fault, 'of-another-receiver');
    assert.equal(others?.status, 'AUTHORISED');
    const unknown = await noted(rig, `GET ${FINANCE}/{consentId}`, { consentId: 'urn:x:y' });
    assert.deepEqual(unknown, { id: 'urn:x:y', fault: 'unknown' });
  });
});

describe('given an operation of another form', () => {
  it('when it is called, then it is not available', async () => {
    const { steps } = start();
    const call = consentCall(`GET ${FINANCE}/{consentId}`, { consentId: 'urn:x:yyy' });
    const operation = { ...call.operation, method: 'PATCH' };
    const answer = (await steps.serve({ ...call, operation })) as { problem: Problem };
    assert.deepEqual(told(answer.problem), [404, 'OPERACAO_NAO_DISPONIVEL']);
  });
});

describe('given a CPF that is a customer’s and one that is nobody’s', () => {
  it('when a consent is asked for, then the answers differ in nothing but the id', async () => {
    const { data } = start({ offered: openFinance.products });
    const ask = async (cpf: string) => {
      const { consentId: _, ...rest } = await data(
        `POST ${FINANCE}`,
        { body: requestBody({ loggedUser: person(cpf) }) },
        201,
      );
      return rest;
    };
    assert.deepEqual(await ask(ANA), await ask(madeUpCpf()));
  });
});
