import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { refreshTokenGrant } from 'openid-client';
import { redeemCode } from '../../src/receiver/authorization-url.ts';
import { madeUpCpf } from '../support/made-up-consent.ts';
import {
  type ApiAnswer,
  type ApiCall,
  createReceiverCaller,
  errorOf,
  type ReceiverCaller,
} from '../support/receiver-caller.ts';
import type { Json } from '../support/send-request.ts';
import { bringToDecision, shareAsCustomer, type WantedShare } from '../support/share-as-customer.ts';
import { type AuthorisedConsent, startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';

const DAY = 86_400_000;
const FINANCE = '/open-banking/consents/v3/consents';
const INSURANCE = '/open-insurance/consents/v3/consents';
const BALANCES = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
const ANA = { login: 'ana.souza', cpf: '41726305961' };
const CARLA = { login: 'carla.nunes', cpf: '28364091778' };
const BRUNO = { login: 'bruno.lima', cpf: '90513826424' };
const DANIEL = { login: 'daniel.rocha', cpf: '64021578307' };
const [BAKERY, WORKSHOP] = ['27481635000104', 'IPE7R2K4000127'];

let running: TestSandbox;
let receiver: ReceiverCaller;
let other: ReceiverCaller;
let insuranceReceiver: ReceiverCaller;

before(async () => {
  running = await startTestSandbox();
  receiver = await createReceiverCaller(running, 0, 'open-finance');
  other = await createReceiverCaller(running, 1, 'open-finance');
  insuranceReceiver = await createReceiverCaller(running, 0, 'open-insurance');
});
after(async () => {
  await Promise.all([receiver, other, insuranceReceiver].map((caller) => caller.close()));
  assert.deepEqual(running.logged, [], 'nothing unexpected happened');
});

function share(change: Partial<WantedShare> = {}): Promise<AuthorisedConsent> {
  return shareAsCustomer(running, 0, receiver.connection, {
    ecosystem: 'open-finance',
    login: ANA.login,
    permissions: BALANCES,
    choices: { 'escolha-ACCOUNT': ['cc-30418'] },
    ...change,
  });
}

function dateTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function person(identification: string) {
  return { document: { identification, rel: 'CPF' } };
}

function company(identification: string) {
  return { document: { identification, rel: 'CNPJ' } };
}

const AS_CUSTOMER = { 'x-fapi-customer-ip-address': '192.0.2.7', 'x-customer-user-agent': 'Navegador/1.0' };

/** A sound request to renew Ana's consent; members of `data` replaced, undefined left out. */
function renewing(
  { consentId, accessToken }: Pick<AuthorisedConsent, 'consentId' | 'accessToken'>,
  change: Record<string, unknown> = {},
): ApiCall {
  return {
    method: 'POST',
    path: `${FINANCE}/${consentId}/extends`,
    token: accessToken,
    headers: AS_CUSTOMER,
    json: {
      data: { loggedUser: person(ANA.cpf), expirationDateTime: dateTime(Date.now() + 300 * DAY), ...change },
    },
  };
}

async function read(consentId: string, path = FINANCE, caller = receiver): Promise<Json> {
  const answer = await caller.send({ path: `${path}/${consentId}` });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.data;
}

async function renewals(consentId: string, query = ''): Promise<ApiAnswer> {
  return receiver.send({ path: `${FINANCE}/${consentId}/extensions${query}` });
}

/** Refused, and the consent and its history are as before. */
async function assertNotRenewed(
  consent: AuthorisedConsent,
  call: ApiCall,
  expected: [number, string],
): Promise<void> {
  const earlier = [await read(consent.consentId), (await renewals(consent.consentId)).body.data];
  const answer = await receiver.send(call);
  assert.deepEqual(errorOf(answer), expected, answer.text);
  assert.deepEqual([await read(consent.consentId), (await renewals(consent.consentId)).body.data], earlier);
}

describe('given an authorised consent that is to be renewed', () => {
  let consent: AuthorisedConsent;
  before(async () => {
    consent = await share();
  });

  it('when the end is later, then it has that at once, and its tokens go on', async () => {
    const mine = await share();
    const earlier = await read(mine.consentId);
    const end = dateTime(Date.now() + 200 * DAY);
    const answer = await receiver.send(renewing(mine, { expirationDateTime: end }));
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(answer.body.data, { ...earlier, expirationDateTime: end });
    assert.deepEqual(await read(mine.consentId), answer.body.data);
    assert.ok(await refreshTokenGrant(mine.connection.configuration, mine.refreshToken));
    const history = await renewals(mine.consentId);
    const [{ requestDateTime, ...entry }, ...rest] = history.body.data;
    assert.deepEqual(rest, []);
    assert.deepEqual(entry, {
      expirationDateTime: end,
      previousExpirationDateTime: earlier.expirationDateTime,
      loggedUser: person(ANA.cpf),
      xFapiCustomerIpAddress: '192.0.2.7',
      xCustomerUserAgent: 'Navegador/1.0',
    });
    assert.ok(Math.abs(Date.parse(requestDateTime) - Date.now()) < 30_000);
  });

  it('when no end is named, then it is without end, and can have none again', async () => {
    const mine = await share();
    const { expirationDateTime: previous } = await read(mine.consentId);
    const answer = await receiver.send(renewing(mine, { expirationDateTime: undefined }));
    assert.equal(answer.status, 201, answer.text);
    assert.ok(!('expirationDateTime' in answer.body.data));
    const [entry] = (await renewals(mine.consentId)).body.data;
    assert.deepEqual([entry.previousExpirationDateTime, 'expirationDateTime' in entry], [previous, false]);
    await assertNotRenewed(mine, renewing(mine), [422, 'DATA_EXPIRACAO_INVALIDA']);
  });

  const badEnds: [string, (current: string) => string][] = [
    ['is the present one', (current) => current],
    ['is sooner than the present one', (current) => dateTime(Date.parse(current) - DAY)],
    ['is past', () => dateTime(Date.now() - DAY)],
    ['is more than a year ahead', () => dateTime(Date.now() + 367 * DAY)],
  ];
  for (const [what, end] of badEnds)
    it(`when the end ${what}, then 422 DATA_EXPIRACAO_INVALIDA`, async () => {
      const { expirationDateTime } = await read(consent.consentId);
      const call = renewing(consent, { expirationDateTime: end(expirationDateTime) });
      await assertNotRenewed(consent, call, [422, 'DATA_EXPIRACAO_INVALIDA']);
    });

  it('when another person asks, or for a company, then 403, however wrong the date', async () => {
    const past = dateTime(Date.now() - DAY);
    for (const change of [
      { loggedUser: person(CARLA.cpf) },
      { loggedUser: person(madeUpCpf()), expirationDateTime: past },
      { businessEntity: company(BAKERY), expirationDateTime: past },
    ])
      await assertNotRenewed(consent, renewing(consent, change), [403, 'TITULAR_DIVERGENTE']);
  });

  it('when the token is the receiver’s own, none, or of another consent, then it is not renewed', async () => {
    const another = await share();
    await assertNotRenewed(consent, { ...renewing(consent), token: receiver.token }, [401, 'TOKEN_INVALIDO']);
    await assertNotRenewed(consent, { ...renewing(consent), token: null }, [401, 'TOKEN_AUSENTE']);
    const call = renewing({ ...consent, accessToken: another.accessToken });
    await assertNotRenewed(consent, call, [403, 'TOKEN_DE_OUTRO_CONSENTIMENTO']);
  });

  it('when the consent awaits authorisation still, then another’s token does not renew it', async () => {
    const consentId = await running.awaitingConsent(receiver.connection, 'open-finance');
    const answer = await receiver.send(renewing({ consentId, accessToken: consent.accessToken }));
    assert.deepEqual(errorOf(answer), [403, 'TOKEN_DE_OUTRO_CONSENTIMENTO']);
  });

  it('when the consent has ended, then its token is good for nothing', async () => {
    const mine = await share();
    assert.equal(
      (await receiver.send({ method: 'DELETE', path: `${FINANCE}/${mine.consentId}` })).status,
      204,
    );
    await assertNotRenewed(mine, renewing(mine), [401, 'TOKEN_INVALIDO']);
  });

  for (const name of Object.keys(AS_CUSTOMER))
    it(`when ${name} is missing or too long, then 400`, async () => {
      for (const value of [undefined, '', 'x'.repeat(256)]) {
        const call = { ...renewing(consent), headers: { ...AS_CUSTOMER, [name]: value } };
        await assertNotRenewed(consent, call, [400, 'CABECALHO_INVALIDO']);
      }
    });

  it('when the body cannot be taken, then 400, 413 or 415', async () => {
    const sound = renewing(consent);
    const { json, ...bare } = sound;
    const text = JSON.stringify(json);
    const bad: [Partial<ApiCall>, [number, string]][] = [
      [{}, [400, 'CORPO_INVALIDO']],
      [{ raw: '{' }, [400, 'CORPO_MALFORMADO']],
      [{ raw: text.replace('"data":{', '"data":{"loggedUser":{},') }, [400, 'CORPO_MALFORMADO']],
      [{ raw: ' '.repeat(65_537) }, [413, 'CORPO_MUITO_GRANDE']],
      [
        { raw: text, headers: { ...AS_CUSTOMER, 'content-type': 'text/plain' } },
        [415, 'TIPO_DE_CONTEUDO_NAO_SUPORTADO'],
      ],
      [{ json: { data: {} } }, [400, 'CORPO_INVALIDO']],
      [{ json: { data: { loggedUser: person('1') } } }, [400, 'CORPO_INVALIDO']],
      [
        { json: { data: { loggedUser: person(ANA.cpf), expirationDateTime: 'tomorrow' } } },
        [400, 'CORPO_INVALIDO'],
      ],
    ];
    for (const [change, expected] of bad) await assertNotRenewed(consent, { ...bare, ...change }, expected);
  });

  it('when the same renewal comes twice at once, then one renews and the other finds nothing later', async () => {
    const mine = await share();
    const call = renewing(mine, { expirationDateTime: dateTime(Date.now() + 250 * DAY) });
    const answers = await Promise.all([receiver.send(call), receiver.send(call), receiver.send(call)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 422, 422]);
    assert.equal((await renewals(mine.consentId)).body.meta.totalRecords, 1);
  });

  it('when a further approver is awaited, then 422 DEPENDE_MULTIPLA_ALCADA', async () => {
    const joint = await share({ login: CARLA.login, choices: { 'escolha-ACCOUNT': ['cj-64505'] } });
    const call = renewing(joint, { loggedUser: person(CARLA.cpf) });
    await assertNotRenewed(joint, call, [422, 'DEPENDE_MULTIPLA_ALCADA']);
  });

  it('when methods are tried that renewing and its history do not have, then 405', async () => {
    for (const [step, allowed] of [
      ['extends', 'POST'],
      ['extensions', 'GET, HEAD'],
    ] as const)
      for (const method of ['PUT', 'DELETE', step === 'extends' ? 'GET' : 'POST', 'OPTIONS']) {
        const answer = await receiver.send({ method, path: `${FINANCE}/${consent.consentId}/${step}` });
        assert.deepEqual(errorOf(answer), [405, 'METODO_NAO_PERMITIDO']);
        assert.equal(answer.headers.allow, allowed);
      }
  });
});

describe('given an authorised consent of a company', () => {
  let consent: AuthorisedConsent;
  before(async () => {
    consent = await share({
      login: BRUNO.login,
      company: BAKERY,
      permissions: ['CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ', 'RESOURCES_READ'],
      choices: {},
    });
  });

  it('when the company is another, or none, then 403', async () => {
    for (const businessEntity of [company(WORKSHOP), undefined])
      await assertNotRenewed(consent, renewing(consent, { loggedUser: person(BRUNO.cpf), businessEntity }), [
        403,
        'TITULAR_DIVERGENTE',
      ]);
  });

  it('when somebody asks who may not act for it, then 403', async () => {
    for (const cpf of [ANA.cpf, madeUpCpf()]) {
      const call = renewing(consent, { loggedUser: person(cpf), businessEntity: company(BAKERY) });
      await assertNotRenewed(consent, call, [403, 'TITULAR_DIVERGENTE']);
    }
  });

  it('when a colleague asks who may act for it, then it is renewed, and the history tells who asked', async () => {
    const call = renewing(consent, { loggedUser: person(DANIEL.cpf), businessEntity: company(BAKERY) });
    const answer = await receiver.send(call);
    assert.equal(answer.status, 201, answer.text);
    const [entry] = (await renewals(consent.consentId)).body.data;
    assert.deepEqual(entry.loggedUser, person(DANIEL.cpf));
  });
});

describe('given the history of renewals', () => {
  let consent: AuthorisedConsent;
  const COUNT = 27;
  before(async () => {
    consent = await share();
    for (let day = 1; day <= COUNT; day += 1) {
      const expirationDateTime = dateTime(Date.now() + (200 + day) * DAY);
      const answer = await receiver.send(renewing(consent, { expirationDateTime }));
      assert.equal(answer.status, 201, answer.text);
    }
  });

  it('when a consent was never renewed, then it is empty', async () => {
    const consentId = await running.awaitingConsent(receiver.connection, 'open-finance');
    const { status, body } = await renewals(consentId);
    assert.deepEqual([status, body.data, body.meta.totalRecords, body.meta.totalPages], [200, [], 0, 0]);
  });

  it('when it is read, then it is newest first, each one beginning where the one before ended', async () => {
    const { body } = await renewals(consent.consentId, '?page-size=100');
    assert.equal(body.data.length, COUNT);
    assert.equal(body.data[0].expirationDateTime, (await read(consent.consentId)).expirationDateTime);
    for (const [index, entry] of body.data.slice(1).entries())
      assert.equal(body.data[index].previousExpirationDateTime, entry.expirationDateTime);
  });

  it('when small pages are asked for, then they have 25, and say where the others are', async () => {
    const [first, second] = [
      (await renewals(consent.consentId, '?page-size=10')).body,
      (await renewals(consent.consentId, '?page=2&page-size=10')).body,
    ];
    assert.deepEqual([first.data.length, second.data.length], [25, COUNT - 25]);
    assert.deepEqual([first.meta.totalRecords, first.meta.totalPages], [COUNT, 2]);
    const pageOf = (link: string | undefined) => link && new URL(link).searchParams.get('page');
    const pages = ({ links }: Json) =>
      [links.self, links.first, links.prev, links.next, links.last].map(pageOf);
    assert.deepEqual(pages(first), ['1', undefined, undefined, '2', '2']);
    assert.deepEqual(pages(second), ['2', '1', '1', undefined, undefined]);
    const { pathname, search } = new URL(first.links.next);
    assert.deepEqual((await receiver.send({ path: `${pathname}${search}` })).body.data, second.data);
  });

  it('when the page is beyond the last, then it is empty', async () => {
    const { status, body } = await renewals(consent.consentId, '?page=9');
    assert.deepEqual([status, body.data, body.meta.totalRecords], [200, [], COUNT]);
  });

  it('when page or size cannot be, then 400', async () => {
    for (const query of ['?page=0', '?page=-1', '?page=x', '?page-size=0', '?page-size=x', '?page=1&page=2'])
      assert.equal((await renewals(consent.consentId, query)).status, 400, query);
    assert.deepEqual(errorOf(await renewals(consent.consentId, '?page-size=1001')), [
      400,
      'PAGINA_MUITO_GRANDE',
    ]);
  });

  it('when another client asks, or for a consent that there is not, then 403 and 404', async () => {
    const path = `${FINANCE}/${consent.consentId}/extensions`;
    assert.deepEqual(errorOf(await other.send({ path })), [403, 'CONSENTIMENTO_DE_OUTRO_CLIENTE']);
    assert.deepEqual(errorOf(await renewals('urn:bancoipe:none')), [404, 'CONSENTIMENTO_NAO_ENCONTRADO']);
  });
});

const ROUNDS = 3;
for (const { ecosystem, path, login, permissions, choices } of [
  {
    ecosystem: 'open-finance',
    path: FINANCE,
    login: ANA.login,
    permissions: BALANCES,
    choices: { 'escolha-ACCOUNT': ['cc-30418'] },
  },
  {
    ecosystem: 'open-insurance',
    path: INSURANCE,
    login: 'guilherme.alves',
    permissions: ['DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ'],
    choices: { 'escolha-DAMAGES_AND_PEOPLE_AUTO': ['apolice-auto-20418'] },
  },
])
  describe(`given a consent of ${ecosystem} on which several act at once`, () => {
    const caller = () => (ecosystem === 'open-finance' ? receiver : insuranceReceiver);
    const undecided = (change: Record<string, unknown> = {}) =>
      bringToDecision(running, 0, caller().connection, { ecosystem, login, permissions, choices, change });
    const remove = (consentId: string) => caller().send({ method: 'DELETE', path: `${path}/${consentId}` });
    const hasCode = (back: URL | undefined) => back !== undefined && /[#&?]code=/.test(back.href);

    it('when it is approved and deleted, then it ends, and how it ended tells which came first', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const customer = await undecided();
        const deletion = pause(round * 8).then(() => remove(customer.consentId));
        const [back, { status }] = await Promise.all([customer.confirm(), deletion]);
        assert.equal(status, 204);
        const { status: state, rejection } = await read(customer.consentId, path, caller());
        assert.equal(state, 'REJECTED');
        const code = rejection?.reason.code;
        // It may have been approved, and have ended before there was a code for it.
        const possible = [
          'CUSTOMER_MANUALLY_REVOKED',
          ...(hasCode(back) ? [] : ['CUSTOMER_MANUALLY_REJECTED']),
        ];
        assert.ok(possible.includes(code), code);
        assert.equal(rejection.rejectedBy, 'USER');
        if (back && hasCode(back))
          await assert.rejects(
            redeemCode(caller().connection, back, customer.started),
            /invalid_grant|response/,
          );
      }
    });

    it('when two tabs approve and refuse it, then a code is good exactly when the consent is authorised', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const customer = await undecided();
        const backs = await Promise.all([customer.confirm(), pause(round * 5).then(customer.refuse)]);
        const { status, rejection } = await read(customer.consentId, path, caller());
        const codes = [...new Set(backs.filter(hasCode).map(String))];
        const exchanges = await Promise.allSettled(
          codes.map((back) => redeemCode(caller().connection, new URL(back), customer.started)),
        );
        const good = exchanges.filter((exchange) => exchange.status === 'fulfilled').length;
        assert.deepEqual([status, good], status === 'AUTHORISED' ? ['AUTHORISED', 1] : ['REJECTED', 0]);
        assert.equal(rejection?.rejectedBy, status === 'AUTHORISED' ? undefined : 'USER');
      }
    });

    it('when two tabs approve it, then there is one code and one grant', async () => {
      const customer = await undecided();
      const backs = await Promise.all([customer.confirm(), customer.confirm()]);
      const codes = backs.filter(hasCode);
      assert.equal(new Set(codes.map(String)).size, 1);
      const tokens = await redeemCode(caller().connection, codes[0] as URL, customer.started);
      assert.ok(tokens.access_token);
      assert.equal((await read(customer.consentId, path, caller())).status, 'AUTHORISED');
    });

    /** Has consents that end together deleted shortly before and after: the first at once, the last when it is too late. */
    async function deleteAround(end: number) {
      const ids = await Promise.all(
        Array.from({ length: 12 }, async () => {
          const data = { ...running.consentRequest(ecosystem), expirationDateTime: dateTime(end) };
          const answer = await caller().send({ method: 'POST', path, json: { data } });
          assert.equal(answer.status, 201, answer.text);
          return answer.body.data.consentId as string;
        }),
      );
      return Promise.all(
        ids.map(async (id, index) => {
          if (index > 0) await pause(end - Date.now() - 60 + index * 10);
          const sentAt = Date.now();
          const [{ status }] = await Promise.all([remove(id), read(id, path, caller())]);
          const answeredAt = Date.now();
          const { rejection } = await read(id, path, caller());
          return {
            sentAt,
            answeredAt,
            outcome: `${status} ${rejection.rejectedBy} ${rejection.reason.code}`,
          };
        }),
      );
    }

    it('when its end comes while it is deleted, then one of the two ends it, and the other finds it ended', async () => {
      const [inTime, late] = ['204 USER CUSTOMER_MANUALLY_REJECTED', '422 ASPSP CONSENT_MAX_DATE_REACHED'];
      // A machine that does other things besides may need more time ahead until one of them is in time for sure.
      for (let ahead = 2_000, isDone = false; !isDone; ahead *= 2) {
        const end = Math.ceil(Date.now() / 1_000) * 1_000 + ahead;
        const deletions = await deleteAround(end);
        for (const { sentAt, answeredAt, outcome } of deletions) {
          const possible = [...(sentAt < end ? [inTime] : []), ...(answeredAt >= end ? [late] : [])];
          assert.ok(possible.includes(outcome), `${outcome}, sent ${end - sentAt} ms before the end`);
        }
        assert.equal(deletions.at(-1)?.outcome, late, 'the last was late');
        isDone = deletions.some(({ answeredAt }) => answeredAt < end);
        assert.ok(isDone || ahead < 20_000, 'none was in time');
      }
    });

    it('when its end comes while it is approved, then it ends by the date, and no token outlives it', async () => {
      const end = Math.ceil(Date.now() / 1000) * 1000 + 3000;
      const customer = await undecided({ expirationDateTime: dateTime(end) });
      await pause(end - Date.now() - 20);
      const back = await customer.confirm();
      if (back && hasCode(back)) {
        const exchange = redeemCode(caller().connection, back, customer.started);
        const token = await exchange.then(({ access_token }) => access_token).catch(() => undefined);
        await pause(end - Date.now());
        const resources = path.replaceAll('consents/', 'resources/').replace(/consents$/, 'resources');
        if (token) assert.equal((await caller().send({ path: resources, token })).status, 401);
      }
      await pause(end - Date.now());
      const { status, rejection, statusUpdateDateTime } = await read(customer.consentId, path, caller());
      assert.deepEqual(
        [status, rejection, statusUpdateDateTime],
        ['REJECTED', { rejectedBy: 'ASPSP', reason: { code: 'CONSENT_MAX_DATE_REACHED' } }, dateTime(end)],
      );
    });
  });

describe('given all that has happened to consents', () => {
  it('when the ledger is verified, then it tells of exactly what is kept', async () => {
    const ledger = await running.sandbox.store.ledger.verify();
    assert.ok('entries' in ledger, JSON.stringify(ledger));
    assert.ok(ledger.entries > 50);
  });
});
