import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { clientCredentialsGrant } from 'openid-client';
import { ownToken } from '../../src/receiver/connect-holder.ts';
import { catalogOperations } from '../support/catalog-operations.ts';
import { openFinance, openInsurance } from '../support/consent-profiles.ts';
import { madeUpCpf } from '../support/made-up-consent.ts';
import {
  type ApiAnswer,
  type ApiCall,
  createReceiverCaller,
  errorOf,
  type ReceiverCaller,
} from '../support/receiver-caller.ts';
import type { Json } from '../support/send-request.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import { type SecondNode, startSecondNode } from '../support/start-second-node.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Valid check digits, reckoned by hand; the second has letters (Receita Federal's own example). */
const COMPANY = '11222333000181';
const COMPANY_WITH_LETTERS = '12ABC34501DE35';
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Every version of the Consents APIs in the catalog, by its collection. */
const collections = catalogOperations.filter(
  ({ kind, method, path }) => kind === 'consents' && method === 'POST' && !path.includes('{'),
);
const [FINANCE, INSURANCE_2, INSURANCE_3] = ['3.3.1', '2.7.0', '3.0.0']
  .map((version) => collections.find((operation) => operation.version === version))
  .map((operation) => operation?.path as string) as [string, string, string];

/** Permissions to read something, which every customer may grant. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'open-finance': ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
  'open-insurance': ['DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ'],
};

let sandbox: TestSandbox;
const callers: ReceiverCaller[] = [];
const own = new Map<string, ReceiverCaller>();
const others = new Map<string, ReceiverCaller>();

before(async () => {
  sandbox = await startTestSandbox();
  for (const ecosystem of Object.keys(PERMISSIONS)) {
    own.set(ecosystem, await open(0, ecosystem));
    others.set(ecosystem, await open(1, ecosystem));
  }
});
after(async () => {
  await Promise.all(callers.map((caller) => caller.close()));
  assert.deepEqual(sandbox.logged, [], 'nothing unexpected happened');
});

async function open(...wishes: [receiver: number, ecosystem: string, presents?: number | 'none']) {
  const caller = await createReceiverCaller(sandbox, ...wishes);
  callers.push(caller);
  return caller;
}

/** The receiver that calls at a path, unless a test needs another. */
function ownCaller(path: string): ReceiverCaller {
  return own.get(path.startsWith('/open-banking') ? 'open-finance' : 'open-insurance') as ReceiverCaller;
}

function send(call: ApiCall): Promise<ApiAnswer> {
  return ownCaller(call.path).send(call);
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

/** A sound request for a consent at a path, with some members of `data` replaced; undefined leaves one out. */
function asking(path: string, change: Record<string, unknown> = {}): { data: Record<string, unknown> } {
  const ecosystem = path.startsWith('/open-banking') ? 'open-finance' : 'open-insurance';
  return {
    data: {
      permissions: PERMISSIONS[ecosystem],
      loggedUser: person(madeUpCpf()),
      expirationDateTime: dateTime(Date.now() + 100 * DAY),
      ...change,
    },
  };
}

function ask(path: string, change: Record<string, unknown> = {}): Promise<ApiAnswer> {
  return send({ method: 'POST', path, json: asking(path, change) });
}

async function created(path: string, change: Record<string, unknown> = {}): Promise<Json> {
  const answer = await ask(path, change);
  assert.equal(answer.status, 201, answer.text);
  return answer.body.data;
}

/** Lines of the ledger: no consent is made or changed without one. */
async function changes(): Promise<number> {
  const ledger = await sandbox.sandbox.store.ledger.verify();
  assert.ok('entries' in ledger, JSON.stringify(ledger));
  return ledger.entries;
}

async function assertRefused(
  call: ApiCall,
  expected: [number, string],
  caller = ownCaller(call.path),
): Promise<ApiAnswer> {
  const earlier = await changes();
  const answer = await caller.send(call);
  assert.deepEqual(errorOf(answer), expected, answer.text);
  assert.equal(await changes(), earlier, 'nothing was created or changed');
  return answer;
}

interface BadBody {
  readonly what: string;
  readonly call: Pick<ApiCall, 'raw' | 'json' | 'headers'>;
  readonly expected: [number, string];
}

function written(path: string, change: Record<string, unknown> = {}): string {
  return JSON.stringify(asking(path, change));
}

/** Bodies that no version takes. */
function badBodies(path: string): BadBody[] {
  const json = { 'content-type': 'application/json', 'x-idempotency-key': randomUUID() };
  const sound = written(path);
  const inside = (text: string) => sound.replace('"data":{', `"data":{${text},`);
  const malformed: [number, string] = [400, 'CORPO_MALFORMADO'];
  const invalid: [number, string] = [400, 'CORPO_INVALIDO'];
  const tooLarge: [number, string] = [413, 'CORPO_MUITO_GRANDE'];
  const wrongType: [number, string] = path === FINANCE ? [415, 'TIPO_DE_CONTEUDO_NAO_SUPORTADO'] : malformed;
  const large = sound + ' '.repeat(65_537 - sound.length);
  const cpf = madeUpCpf();
  return [
    { what: 'there is no body', call: { headers: json }, expected: invalid },
    { what: 'it breaks off', call: { raw: sound.slice(0, -2) }, expected: malformed },
    { what: 'it goes on after its end', call: { raw: `${sound}{}` }, expected: malformed },
    { what: 'a member stands twice', call: { raw: inside('"permissions":[]') }, expected: malformed },
    {
      what: 'a member stands twice deep inside',
      call: { raw: sound.replace('"rel":', `"identification":"${cpf}","rel":`) },
      expected: malformed,
    },
    {
      what: 'a member stands twice, once escaped',
      call: { raw: inside(String.raw`"permission\u0073":[]`) },
      expected: malformed,
    },
    { what: 'a member is called __proto__', call: { raw: inside('"__proto__":{}') }, expected: malformed },
    {
      what: 'a text has the character zero',
      call: { raw: inside(String.raw`"x":"\u0000"`) },
      expected: malformed,
    },
    {
      what: 'a text has half a character',
      call: { raw: inside(String.raw`"x":"\ud800"`) },
      expected: malformed,
    },
    { what: 'a number is beyond all bounds', call: { raw: inside('"x":1e999') }, expected: malformed },
    {
      what: 'it is nested too deep',
      call: { raw: inside(`"x":${'['.repeat(31)}${']'.repeat(31)}`) },
      expected: malformed,
    },
    { what: 'it is nested without end', call: { raw: '['.repeat(60_000) }, expected: malformed },
    { what: 'it is not UTF-8', call: { raw: Buffer.from(inside('"x":"é"'), 'latin1') }, expected: malformed },
    { what: 'it begins with a byte order mark', call: { raw: `\ufeff${sound}` }, expected: malformed },
    { what: 'it is UTF-16', call: { raw: Buffer.from(sound, 'utf16le') }, expected: malformed },
    { what: 'it is larger than 64 KB', call: { raw: large }, expected: tooLarge },
    {
      what: 'it is larger than 64 KB and does not say so',
      call: { raw: [Buffer.from(large.slice(0, 40_000)), Buffer.from(large.slice(40_000))] },
      expected: tooLarge,
    },
    {
      what: 'it is compressed',
      call: { raw: gzipSync(sound), headers: { 'content-encoding': 'gzip' } },
      expected: [415, 'TIPO_DE_CONTEUDO_NAO_SUPORTADO'],
    },
    {
      what: 'it says to be text',
      call: { raw: sound, headers: { 'content-type': 'text/plain' } },
      expected: wrongType,
    },
    {
      what: 'it does not say what it is',
      call: { raw: sound, headers: { 'content-type': undefined } },
      expected: wrongType,
    },
    {
      what: 'it says to be JSON in another charset',
      call: { raw: sound, headers: { 'content-type': 'application/json; charset=iso-8859-1' } },
      expected: wrongType,
    },
    {
      what: 'it is a form',
      call: { raw: 'permissions=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      expected: wrongType,
    },
    { what: 'it is a list', call: { json: [asking(path)] }, expected: invalid },
    { what: 'it is null', call: { raw: 'null' }, expected: invalid },
    { what: 'data is null', call: { json: { data: null } }, expected: invalid },
    { what: 'data is missing', call: { json: asking(path).data }, expected: invalid },
    ...[
      ['there are no permissions', { permissions: undefined }],
      ['the permissions are an empty list', { permissions: [] }],
      ['the permissions are a text', { permissions: 'RESOURCES_READ' }],
      ['a permission is null', { permissions: [null] }],
      ['a permission is unknown', { permissions: ['FOO_READ', 'RESOURCES_READ'] }],
      ['a permission is written in small letters', { permissions: ['resources_read'] }],
      ['there is no logged user', { loggedUser: undefined }],
      ['the logged user has no document', { loggedUser: {} }],
      ['the document is of no kind', { loggedUser: { document: { identification: cpf } } }],
      ['a CPF has ten digits', { loggedUser: person(cpf.slice(1)) }],
      ['a CPF has twelve digits', { loggedUser: person(`${cpf}0`) }],
      ['a CPF has its dots', { loggedUser: person('123.456.789-09') }],
      ['a CPF is a number', { loggedUser: { document: { identification: Number(cpf), rel: 'CPF' } } }],
      ['a CPF has digits of another script', { loggedUser: person('١٢٣٤٥٦٧٨٩٠٩') }],
      ['a CNPJ has small letters', { businessEntity: company(COMPANY_WITH_LETTERS.toLowerCase()) }],
      ['a CNPJ has letters where its check digits are', { businessEntity: company('12ABC34501DEAB') }],
      ['the end is a day', { expirationDateTime: '2027-01-01' }],
      ['the end has a time zone', { expirationDateTime: '2027-01-01T00:00:00-03:00' }],
      ['the end is a day that the calendar does not have', { expirationDateTime: '2027-02-30T00:00:00Z' }],
      ['the end is a number', { expirationDateTime: Date.now() + DAY }],
    ].map(
      ([what, change]): BadBody => ({
        what: what as string,
        call: { json: asking(path, change as Record<string, unknown>) },
        expected: invalid,
      }),
    ),
  ];
}

for (const { path, version, ecosystem } of collections)
  describe(`given the Consents API ${version} of ${ecosystem}`, () => {
    const isFinance = path === FINANCE;
    const profile = isFinance ? openFinance : openInsurance;

    /** How the ecosystem words a refusal: its own codes in Open Finance, one for all in Open Insurance. */
    const worded = (status: number, code: string): [number, string] => [
      profile.refusals.get(code as never)?.status ?? status,
      isFinance ? code : 'NAO_INFORMADO',
    ];

    it('when a receiver asks rightly, then a consent awaits authorisation, and reads as it was created', async () => {
      const answer = await ask(path);
      assert.equal(answer.status, 201, answer.text);
      const { data, links } = answer.body;
      assert.match(data.consentId, /^urn:(bancoipe|auroraseguros):[0-9a-f-]{36}$/);
      assert.equal(data.status, 'AWAITING_AUTHORISATION');
      assert.equal(data.statusUpdateDateTime, data.creationDateTime);
      assert.deepEqual(data.permissions, PERMISSIONS[ecosystem]);
      const at = `${path}/${data.consentId}`;
      assert.equal(new URL(links.self).pathname, at);
      const read = await send({ path: at });
      assert.equal(read.status, 200);
      assert.deepEqual(read.body.data, data);
      assert.deepEqual(read.body.links, links);
    });

    it('when it asks with the id escaped or not, then it is the same consent', async () => {
      const { consentId } = await created(path);
      const { status, body } = await send({ path: `${path}/${encodeURIComponent(consentId)}` });
      assert.deepEqual([status, body.data.consentId], [200, consentId]);
    });

    it('when the answer is read, then whose consent it is does not stand in it', async () => {
      const cpf = madeUpCpf();
      const { text } = await ask(path, { loggedUser: person(cpf), businessEntity: company(COMPANY) });
      assert.doesNotMatch(text, new RegExp(`${cpf}|${COMPANY}`));
    });

    it('when a customer is asked for, and somebody who is none, then the answers are the same', async () => {
      const customer = sandbox.customers(ecosystem)[0]?.document as string;
      const [known, unknown] = [
        await created(path, { loggedUser: person(customer) }),
        await created(path, { loggedUser: person(madeUpCpf()) }),
      ];
      const {
        consentId: a,
        creationDateTime: b,
        statusUpdateDateTime: c,
        expirationDateTime: d,
        ...rest
      } = known;
      assert.deepEqual(
        { ...unknown, consentId: a, creationDateTime: b, statusUpdateDateTime: c, expirationDateTime: d },
        known,
      );
      assert.deepEqual(Object.keys(rest).sort(), ['permissions', 'status']);
    });

    describe('and a body that cannot be taken', () => {
      for (const { what, call, expected } of badBodies(path))
        it(`when ${what}, then ${expected.join(' ')} and no consent`, async () => {
          await assertRefused({ method: 'POST', path, ...call }, expected);
        });

      it('when a body has been refused, then the connection goes on to serve', async () => {
        for (const raw of ['{', 'x'.repeat(70_000)]) await send({ method: 'POST', path, raw });
        await created(path);
      });

      it('when it has a member that the contract does not name, then it counts as the contract has it', async () => {
        const places = [
          { ...asking(path), extra: 1 },
          asking(path, { extra: 1 }),
          asking(path, { loggedUser: { ...person(madeUpCpf()), extra: 1 } }),
        ];
        for (const json of places) {
          if (!isFinance) await assertRefused({ method: 'POST', path, json }, [400, 'CORPO_INVALIDO']);
          else {
            const answer = await send({ method: 'POST', path, json });
            assert.equal(answer.status, 201);
            assert.doesNotMatch(answer.text, /extra/);
          }
        }
      });

      it('when its media type is written otherwise, or says its charset, then it is taken', async () => {
        for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
          const headers = { 'content-type': type };
          const { status } = await send({ method: 'POST', path, json: asking(path), headers });
          assert.equal(status, 201, type);
        }
      });
    });

    describe('and documents', () => {
      const invalid = worded(422, 'ERRO_NAO_MAPEADO');
      const cpf = madeUpCpf();
      const wrongLast = `${cpf.slice(0, -1)}${(Number(cpf.at(-1)) + 1) % 10}`;
      const bad: [string, Record<string, unknown>][] = [
        ['a CPF has a wrong check digit', { loggedUser: person(wrongLast) }],
        ['a CPF repeats one digit', { loggedUser: person('11111111111') }],
        [
          'the logged user’s document is no CPF',
          { loggedUser: { document: { identification: cpf, rel: 'RNE' } } },
        ],
        ['a CNPJ has a wrong check digit', { businessEntity: company('11222333000182') }],
        [
          'a company’s document is no CNPJ',
          { businessEntity: { document: { identification: COMPANY, rel: 'CNPX' } } },
        ],
      ];
      for (const [what, change] of bad)
        it(`when ${what}, then ${invalid.join(' ')}`, async () => {
          await assertRefused({ method: 'POST', path, json: asking(path, change) }, invalid);
        });

      it('when a company is named, then it is taken', async () => {
        await created(path, { businessEntity: company(COMPANY) });
      });

      it('when a CNPJ has letters, then it is taken where the contract has such', async () => {
        const call = {
          method: 'POST',
          path,
          json: asking(path, { businessEntity: company(COMPANY_WITH_LETTERS) }),
        };
        if (version === '2.7.0') await assertRefused(call, [400, 'CORPO_INVALIDO']);
        else {
          assert.equal((await send(call)).status, 201);
          const wrong = asking(path, { businessEntity: company('12ABC34501DE36') });
          await assertRefused({ ...call, json: wrong }, invalid);
        }
      });
    });

    describe('and an end date', () => {
      const invalid = worded(422, 'DATA_EXPIRACAO_INVALIDA');
      const bad: [string, () => string][] = [
        ['is past', () => dateTime(Date.now() - 1000)],
        ['is more than a year ahead', () => dateTime(Date.now() + 367 * DAY)],
        ['is the marker of old consents without end', () => '2300-01-01T00:00:00Z'],
      ];
      for (const [what, end] of bad)
        it(`when it ${what}, then ${invalid.join(' ')}`, async () => {
          await assertRefused(
            { method: 'POST', path, json: asking(path, { expirationDateTime: end() }) },
            invalid,
          );
        });

      it('when there is none, then the consent is without end, where there are such', async () => {
        const json = asking(path, { expirationDateTime: undefined });
        if (!isFinance) await assertRefused({ method: 'POST', path, json }, [400, 'CORPO_INVALIDO']);
        else assert.ok(!('expirationDateTime' in (await created(path, { expirationDateTime: undefined }))));
      });

      it('when it is almost a year ahead, then it is taken to the second', async () => {
        const end = dateTime(Date.now() + 364 * DAY);
        assert.equal((await created(path, { expirationDateTime: end })).expirationDateTime, end);
      });
    });

    describe('and headers', () => {
      it('when there is no interaction id, then it is strict or lenient as its ecosystem is', async () => {
        const headers = { 'x-fapi-interaction-id': undefined };
        const call = { method: 'POST', path, json: asking(path), headers };
        const answer = isFinance ? await assertRefused(call, [400, 'CABECALHO_INVALIDO']) : await send(call);
        if (!isFinance) assert.equal(answer.status, 201);
        assert.match(String(answer.headers['x-fapi-interaction-id']), UUID, 'one was made up');
      });

      it('when the interaction id has no form that the contract knows, then it is refused under another', async () => {
        for (const id of ['not an id', '-', 'x'.repeat(101), '00000000-0000-0000-0000-00000000000g_']) {
          const answer = await assertRefused(
            { method: 'POST', path, json: asking(path), headers: { 'x-fapi-interaction-id': id } },
            [400, 'CABECALHO_INVALIDO'],
          );
          assert.match(String(answer.headers['x-fapi-interaction-id']), UUID);
        }
      });

      it('when the interaction id is no UUID, then it is given back where the contract takes such', async () => {
        const call = {
          method: 'POST',
          path,
          json: asking(path),
          headers: { 'x-fapi-interaction-id': 'my-id-1' },
        };
        if (version !== '2.7.0') await assertRefused(call, [400, 'CABECALHO_INVALIDO']);
        else assert.equal((await send(call)).headers['x-fapi-interaction-id'], 'my-id-1');
      });

      it('when the interaction id comes twice, then it is refused', async () => {
        const headers = { 'x-fapi-interaction-id': [randomUUID(), randomUUID()] };
        await assertRefused({ method: 'POST', path, json: asking(path), headers }, [
          400,
          'CABECALHO_INVALIDO',
        ]);
      });

      const bad: [string, Record<string, string>][] = [
        ['the authentication date has another form', { 'x-fapi-auth-date': '2026-01-31T12:00:00Z' }],
        ['the customer’s address is too long', { 'x-fapi-customer-ip-address': '1'.repeat(101) }],
        ['the customer’s agent is too long', { 'x-customer-user-agent': 'N'.repeat(isFinance ? 256 : 101) }],
      ];
      for (const [what, headers] of bad)
        it(`when ${what}, then it is refused, on reading too`, async () => {
          await assertRefused({ method: 'POST', path, json: asking(path), headers }, [
            400,
            'CABECALHO_INVALIDO',
          ]);
          const { consentId } = await created(path);
          await assertRefused({ path: `${path}/${consentId}`, headers }, [400, 'CABECALHO_INVALIDO']);
        });

      it('when all that is optional is given rightly, then it is taken', async () => {
        const headers = {
          'x-fapi-auth-date': 'Sat, 31 Jan 2026 12:00:00 GMT',
          'x-fapi-customer-ip-address': '2001:db8::7',
          'x-customer-user-agent': 'Navegador/1.0',
        };
        assert.equal((await send({ method: 'POST', path, json: asking(path), headers })).status, 201);
      });

      it('when another version is asked for, then it is negotiated where the contract has that', async () => {
        const answerTo = (headers: Record<string, string>) =>
          send({ method: 'POST', path, json: asking(path), headers }).then(({ status }) => status);
        const nothing = isFinance ? 201 : 406;
        assert.equal(await answerTo({ 'x-v': version }), 201);
        assert.equal(await answerTo({ 'x-v': '9.0.0', 'x-min-v': '1.0.0' }), 201);
        assert.equal(await answerTo({ 'x-v': '9.0.0' }), nothing);
        assert.equal(await answerTo({ 'x-v': '9.0.0', 'x-min-v': '8.0.0' }), nothing);
      });

      it('when JSON is not accepted, then 406', async () => {
        const headers = { accept: 'text/html' };
        await assertRefused({ method: 'POST', path, json: asking(path), headers }, [
          406,
          'FORMATO_NAO_ACEITO',
        ]);
        const { consentId } = await created(path);
        for (const method of ['GET', 'DELETE'])
          await assertRefused({ method, path: `${path}/${consentId}`, headers }, [406, 'FORMATO_NAO_ACEITO']);
      });
    });

    describe('and a caller who may not', () => {
      it('when it has no token, one that is none, or one in the wrong place, then 401 on every operation', async () => {
        const { consentId } = await created(path);
        const { token } = ownCaller(path);
        const calls: ApiCall[] = [
          { method: 'POST', path, json: asking(path) },
          { path: `${path}/${consentId}` },
          { method: 'DELETE', path: `${path}/${consentId}` },
        ];
        for (const call of calls) {
          await assertRefused({ ...call, token: null }, [401, 'TOKEN_AUSENTE']);
          await assertRefused({ ...call, token: null, path: `${call.path}?access_token=${token}` }, [
            401,
            'TOKEN_AUSENTE',
          ]);
          await assertRefused({ ...call, token: 'of-nobody' }, [401, 'TOKEN_INVALIDO']);
          const headers = { authorization: `Basic ${token}` };
          await assertRefused({ ...call, headers }, [401, 'TOKEN_INVALIDO']);
        }
      });

      it('when the body is bad and the token too, then nothing is said of the body', async () => {
        await assertRefused({ method: 'POST', path, raw: '{', token: 'of-nobody' }, [401, 'TOKEN_INVALIDO']);
        await assertRefused({ method: 'POST', path, raw: 'x'.repeat(70_000), token: null }, [
          401,
          'TOKEN_AUSENTE',
        ]);
      });

      it('when the token is presented with another receiver’s certificate, then 401', async () => {
        const thief = await open(1, ecosystem, 1);
        const { token } = ownCaller(path);
        await assertRefused(
          { method: 'POST', path, json: asking(path), token },
          [401, 'TOKEN_INVALIDO'],
          thief,
        );
      });

      it('when it presents no certificate, then 401, whatever its token', async () => {
        const bare = await open(0, ecosystem, 'none');
        await assertRefused(
          { method: 'POST', path, json: asking(path) },
          [401, 'CERTIFICADO_NAO_ACEITO'],
          bare,
        );
      });

      it('when the consent is another client’s, then it is forbidden to read or to end it', async () => {
        const { consentId } = await created(path);
        const other = others.get(ecosystem) as ReceiverCaller;
        const at = `${path}/${consentId}`;
        const expected = worded(403, 'CONSENTIMENTO_DE_OUTRO_CLIENTE');
        await assertRefused({ path: at }, expected, other);
        await assertRefused({ method: 'DELETE', path: at }, expected, other);
        assert.equal((await send({ path: at })).body.data.status, 'AWAITING_AUTHORISATION');
      });

      it('when no consent has the id, or one of the other ecosystem, then 404', async () => {
        const foreign = await created(isFinance ? INSURANCE_3 : FINANCE);
        for (const id of [`urn:bancoipe:${randomUUID()}`, foreign.consentId])
          for (const method of ['GET', 'DELETE'])
            await assertRefused(
              { method, path: `${path}/${id}` },
              worded(404, 'CONSENTIMENTO_NAO_ENCONTRADO'),
            );
      });

      it('when the id has no form that the contract knows, then 400', async () => {
        const ids = ['no-urn', `urn:x:${'y'.repeat(251)}`, 'urn:-x:y', 'urn:x:%00', 'urn:x:a%20b'];
        for (const id of ids) await assertRefused({ path: `${path}/${id}` }, [400, 'PARAMETRO_INVALIDO']);
      });
    });

    describe('and other methods', () => {
      it('when HEAD is sent, then it is what GET is, without its body', async () => {
        const { consentId } = await created(path);
        const at = `${path}/${consentId}`;
        const [head, get] = [await send({ method: 'HEAD', path: at }), await send({ path: at })];
        assert.equal(head.status, 200);
        assert.equal(head.headers['content-length'], String(Buffer.byteLength(get.text)));
      });

      it('when the path has no such method, then 405 with those that it has', async () => {
        const { consentId } = await created(path);
        const at = `${path}/${consentId}`;
        for (const method of ['PUT', 'PATCH', 'POST', 'OPTIONS']) {
          const answer = await assertRefused({ method, path: at }, [405, 'METODO_NAO_PERMITIDO']);
          assert.equal(answer.headers.allow, 'GET, HEAD, DELETE');
        }
        for (const method of ['GET', 'DELETE', 'OPTIONS']) {
          const answer = await assertRefused({ method, path }, [405, 'METODO_NAO_PERMITIDO']);
          assert.equal(answer.headers.allow, 'POST');
        }
      });
    });

    it('when it is deleted twice, then it ends once, and the second time it is told so', async () => {
      const { consentId } = await created(path);
      const at = `${path}/${consentId}`;
      assert.equal((await send({ method: 'DELETE', path: at })).status, 204);
      const { data } = (await send({ path: at })).body;
      assert.equal(data.status, 'REJECTED');
      assert.deepEqual(data.rejection, {
        rejectedBy: 'USER',
        reason: { code: 'CUSTOMER_MANUALLY_REJECTED' },
      });
      await assertRefused({ method: 'DELETE', path: at }, worded(422, 'CONSENTIMENTO_EM_STATUS_REJEITADO'));
      assert.deepEqual((await send({ path: at })).body.data, data);
    });

    it('when it is deleted many times at once, then exactly one of them ends it', async () => {
      const { consentId } = await created(path);
      const earlier = await changes();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => send({ method: 'DELETE', path: `${path}/${consentId}` })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [204, ...Array(7).fill(422)]);
      assert.equal(await changes(), earlier + 1);
    });
  });

describe('given the permission groups of Open Finance', () => {
  const credit = openFinance.groups.find(({ id }) => id === 'credit-operations')?.permissions ?? [];
  const [PF, PJ] = ['CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ', 'CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ'];
  const incomplete = 'COMBINACAO_PERMISSOES_INCORRETA';
  const refused: [string, readonly string[], string, Record<string, unknown>?][] = [
    ['accounts without what is read of them', ['ACCOUNTS_READ', 'RESOURCES_READ'], incomplete],
    ['balances without accounts', ['ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'], incomplete],
    ['the list of resources alone', ['RESOURCES_READ'], incomplete],
    ['balances without the list of resources', ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ'], incomplete],
    ['fifteen of the sixteen credit permissions', [...credit.slice(1), 'RESOURCES_READ'], incomplete],
    ['one of the five of investments', ['FUNDS_READ', 'RESOURCES_READ'], incomplete],
    [
      'bills without their transactions',
      ['CREDIT_CARDS_ACCOUNTS_READ', 'CREDIT_CARDS_ACCOUNTS_BILLS_READ', 'RESOURCES_READ'],
      incomplete,
    ],
    [
      'a complete group and half of another',
      [...(PERMISSIONS['open-finance'] ?? []), 'FUNDS_READ'],
      incomplete,
    ],
    [
      'persons and companies together',
      [PF, PJ, 'RESOURCES_READ'],
      'PERMISSAO_PF_PJ_EM_CONJUNTO',
      { businessEntity: company(COMPANY) },
    ],
    ['a company that is not named', [PJ, 'RESOURCES_READ'], 'INFORMACOES_PJ_NAO_INFORMADAS'],
    [
      'a person while a company is named',
      [PF, 'RESOURCES_READ'],
      'PERMISSOES_PJ_INCORRETAS',
      { businessEntity: company(COMPANY) },
    ],
  ];
  for (const [what, permissions, code, change] of refused)
    it(`when ${what} is asked for, then 422 ${code}`, async () => {
      const json = asking(FINANCE, { permissions, ...change });
      await assertRefused({ method: 'POST', path: FINANCE, json }, [422, code]);
    });

  const granted: [string, readonly string[], Record<string, unknown>?][] = [
    ['balances', PERMISSIONS['open-finance'] ?? []],
    ['all sixteen credit permissions', [...credit, 'RESOURCES_READ']],
    ['exchange', ['EXCHANGES_READ', 'RESOURCES_READ']],
    ['what a company is', [PJ, 'RESOURCES_READ'], { businessEntity: company(COMPANY) }],
    [
      'everything of a person',
      [...openFinance.permissions.keys()].filter((name) => !name.includes('BUSINESS')),
    ],
  ];
  for (const [what, permissions, change] of granted)
    it(`when ${what} is asked for, then just that is granted`, async () => {
      assert.deepEqual((await created(FINANCE, { permissions, ...change })).permissions, permissions);
    });

  it('when one permission comes twice, then it is refused', async () => {
    const json = asking(FINANCE, { permissions: ['EXCHANGES_READ', 'RESOURCES_READ', 'EXCHANGES_READ'] });
    await assertRefused({ method: 'POST', path: FINANCE, json }, [400, 'PERMISSAO_REPETIDA']);
  });

  it('when the same is asked for twice, then there are two consents: nothing is repeated', async () => {
    const call = {
      method: 'POST',
      path: FINANCE,
      json: asking(FINANCE),
      headers: { 'x-idempotency-key': 'the-same' },
    };
    const [first, second] = [await send(call), await send(call)];
    assert.notEqual(first.body.data.consentId, second.body.data.consentId);
  });
});

for (const path of [INSURANCE_2, INSURANCE_3])
  describe(`given the permission groups of Open Insurance at ${path}`, () => {
    const isV2 = path === INSURANCE_2;
    const LEAD = ['QUOTE_AUTO_LEAD_CREATE', 'QUOTE_AUTO_LEAD_UPDATE'];
    const refused: [string, number, readonly string[]][] = [
      ['data without the list of resources', 400, ['DAMAGES_AND_PEOPLE_AUTO_READ']],
      ['the list of resources alone', 400, ['RESOURCES_READ']],
      ['half of a group for a service', 400, LEAD.slice(1)],
      ['data and a service', 422, [...(PERMISSIONS['open-insurance'] ?? []), ...LEAD]],
      ['two services', 422, [...LEAD, 'QUOTE_RURAL_LEAD_CREATE', 'QUOTE_RURAL_LEAD_UPDATE']],
      ['a service that no published API takes', 422, ['PERSON_WITHDRAWAL_CREATE']],
      ['a permission twice', 400, ['RESOURCES_READ', 'DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ']],
      ['a service that is not described', 400, ['ENDORSEMENT_REQUEST_CREATE']],
    ];
    for (const [what, status, permissions] of refused)
      it(`when ${what} is asked for, then ${status} NAO_INFORMADO`, async () => {
        const json = asking(path, { permissions });
        await assertRefused({ method: 'POST', path, json }, [status, 'NAO_INFORMADO']);
      });

    const CLAIM = isV2 ? 'LIFE_PENSION_CLAIM' : 'LIFE_PENSION_CLAIM_READ';
    const granted: [string, readonly string[]][] = [
      ['one permission of a branch', PERMISSIONS['open-insurance'] ?? []],
      ['a whole service', LEAD],
      ['what this version spells in its own way', [CLAIM, 'RESOURCES_READ']],
    ];
    for (const [what, permissions] of granted)
      it(`when ${what} is asked for, then just that is granted`, async () => {
        assert.deepEqual((await created(path, { permissions })).permissions, permissions);
      });

    it('when the spelling is the other version’s, then it is no permission here', async () => {
      const other = isV2 ? 'LIFE_PENSION_CLAIM_READ' : 'LIFE_PENSION_CLAIM';
      const json = asking(path, { permissions: [other, 'RESOURCES_READ'] });
      await assertRefused({ method: 'POST', path, json }, [400, 'CORPO_INVALIDO']);
    });

    it('when a service is described, then the answers repeat the description', async () => {
      const endorsementInformation = {
        policyId: 'apolice-1',
        insuredObjectId: ['1'],
        endorsementType: 'ALTERACAO',
        requestDescription: 'Mudança de endereço',
      };
      const change = { permissions: ['ENDORSEMENT_REQUEST_CREATE'], endorsementInformation };
      const { consentId, ...data } = await created(path, change);
      assert.deepEqual(data.endorsementInformation, endorsementInformation);
      const read = (await send({ path: `${path}/${consentId}` })).body.data;
      assert.deepEqual(read.endorsementInformation, endorsementInformation);
    });

    it('when a consent is read by the other version, then it is the same consent', async () => {
      const { consentId } = await created(path, { permissions: [CLAIM, 'RESOURCES_READ'] });
      const read = await send({ path: `${isV2 ? INSURANCE_3 : INSURANCE_2}/${consentId}` });
      const spelled = isV2 ? 'LIFE_PENSION_CLAIM_READ' : 'LIFE_PENSION_CLAIM';
      assert.deepEqual(read.body.data.permissions, [spelled, 'RESOURCES_READ']);
    });
  });

for (const path of [INSURANCE_2, INSURANCE_3])
  describe(`given a request with an idempotency key at ${path}`, () => {
    const call = (key: string, json: unknown): ApiCall => ({
      method: 'POST',
      path,
      json,
      headers: { 'x-idempotency-key': key },
    });

    it('when it comes again, then the first answer comes again, and there is one consent', async () => {
      const [key, json, earlier] = [randomUUID(), asking(path), await changes()];
      const [first, again] = [await send(call(key, json)), await send(call(key, json))];
      assert.deepEqual([first.status, again.status], [201, 201]);
      assert.deepEqual(again.body, first.body);
      assert.equal(await changes(), earlier + 1);
    });

    it('when it comes again with its members in another order, then it is the same request', async () => {
      const [key, json] = [randomUUID(), asking(path)];
      const reordered = { data: Object.fromEntries(Object.entries(json.data).reverse()) };
      const [first, again] = [await send(call(key, json)), await send(call(key, reordered))];
      assert.equal(again.body.data.consentId, first.body.data.consentId);
    });

    it('when many come at once, then all are given the one consent', async () => {
      const [key, json, earlier] = [randomUUID(), asking(path), await changes()];
      const answers = await Promise.all(Array.from({ length: 8 }, () => send(call(key, json))));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
      assert.equal(new Set(answers.map(({ body }) => body.data.consentId)).size, 1);
      assert.equal(await changes(), earlier + 1);
    });

    it('when two with different bodies come at once, then one makes a consent and the other is refused', async () => {
      const [key, earlier] = [randomUUID(), await changes()];
      const answers = await Promise.all([send(call(key, asking(path))), send(call(key, asking(path)))]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 422]);
      assert.equal(
        errorOf(answers.find(({ status }) => status === 422) as ApiAnswer)[1],
        'ERRO_IDEMPOTENCIA',
      );
      assert.equal(await changes(), earlier + 1);
    });

    it('when another body comes with it, then the key is spent, and the first consent stays', async () => {
      const [key, json] = [randomUUID(), asking(path)];
      const first = await send(call(key, json));
      await assertRefused(call(key, asking(path)), [422, 'ERRO_IDEMPOTENCIA']);
      assert.deepEqual((await send(call(key, json))).body, first.body);
    });

    it('when the consent has ended meanwhile, then the first answer comes again all the same', async () => {
      const [key, json] = [randomUUID(), asking(path)];
      const first = await send(call(key, json));
      await send({ method: 'DELETE', path: `${path}/${first.body.data.consentId}` });
      assert.deepEqual((await send(call(key, json))).body.data, first.body.data);
    });

    it('when a refused request had the key, then the right one may have it', async () => {
      const key = randomUUID();
      await assertRefused(call(key, asking(path, { permissions: ['RESOURCES_READ'] })), [
        400,
        'NAO_INFORMADO',
      ]);
      assert.equal((await send(call(key, asking(path)))).status, 201);
    });

    it('when another client, or the other version, uses the key, then it is a key of its own', async () => {
      const [key, json] = [randomUUID(), asking(path)];
      const elsewhere = { ...call(key, json), path: path === INSURANCE_2 ? INSURANCE_3 : INSURANCE_2 };
      const other = others.get('open-insurance') as ReceiverCaller;
      const answers = [await send(call(key, json)), await other.send(call(key, json)), await send(elsewhere)];
      assert.equal(new Set(answers.map(({ body }) => body.data.consentId)).size, 3);
    });

    it('when the key is missing, empty or too long, then it is refused', async () => {
      for (const key of [undefined, '', 'k'.repeat(41)])
        await assertRefused(
          { method: 'POST', path, json: asking(path), headers: { 'x-idempotency-key': key } },
          [400, 'CABECALHO_INVALIDO'],
        );
      assert.equal((await send(call('k'.repeat(40), asking(path)))).status, 201);
    });
  });

describe('given institutions that do not offer everything', () => {
  let node: SecondNode;
  before(async () => {
    node = await startSecondNode(sandbox, {
      'open-finance': ['CREDIT_CARD_ACCOUNT'],
      'open-insurance': ['DAMAGES_AND_PEOPLE_HOUSING'],
    });
  });
  after(() => node.close());
  const [ACCOUNTS, CARDS] = [
    ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ'],
    ['CREDIT_CARDS_ACCOUNTS_READ', 'CREDIT_CARDS_ACCOUNTS_LIMITS_READ'],
  ] as const;
  const call = (path: string, permissions: readonly string[]): ApiCall => ({
    method: 'POST',
    path,
    origin: node.origin,
    json: asking(path, { permissions }),
  });

  const cases: [string, string, readonly string[], readonly string[]][] = [
    ['accounts are not offered and cards are', FINANCE, [...ACCOUNTS, ...CARDS], CARDS],
    ['exchange is not offered, which is kept all the same', FINANCE, ['EXCHANGES_READ'], ['EXCHANGES_READ']],
    ...[INSURANCE_2, INSURANCE_3].map((path): [string, string, readonly string[], readonly string[]] => [
      `one of two branches is not offered at ${path}`,
      path,
      ['DAMAGES_AND_PEOPLE_AUTO_READ', 'DAMAGES_AND_PEOPLE_HOUSING_READ'],
      ['DAMAGES_AND_PEOPLE_HOUSING_READ'],
    ]),
  ];
  for (const [what, path, asked, left] of cases)
    it(`when ${what}, then the rest is granted`, async () => {
      const answer = await send(call(path, [...asked, 'RESOURCES_READ']));
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(answer.body.data.permissions, [...left, 'RESOURCES_READ']);
    });

  it('when nothing of what is asked for is offered, then 422', async () => {
    await assertRefused(call(FINANCE, [...ACCOUNTS, 'RESOURCES_READ']), [
      422,
      'SEM_PERMISSOES_FUNCIONAIS_RESTANTES',
    ]);
    for (const path of [INSURANCE_2, INSURANCE_3])
      await assertRefused(call(path, ['DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ']), [
        422,
        'NAO_INFORMADO',
      ]);
  });
});

describe('given tokens of the wrong kind', () => {
  for (const ecosystem of Object.keys(PERMISSIONS))
    it(`when a receiver wants a token of its own without the scope of consents of ${ecosystem}, then there is none`, async () => {
      const { configuration } = (own.get(ecosystem) as ReceiverCaller).connection;
      await assert.rejects(clientCredentialsGrant(configuration, { scope: 'resources' }), {
        error: 'invalid_scope',
      });
    });

  for (const [ecosystem, path] of [
    ['open-finance', FINANCE],
    ['open-insurance', INSURANCE_3],
  ] as const)
    it(`when a customer's token asks for consents of ${ecosystem}, then 401`, async () => {
      const { accessToken, consentId } = await sandbox.authorised(0, ecosystem);
      await assertRefused({ method: 'POST', path, json: asking(path), token: accessToken }, [
        401,
        'TOKEN_INVALIDO',
      ]);
      await assertRefused({ path: `${path}/${consentId}`, token: accessToken }, [401, 'TOKEN_INVALIDO']);
    });

  it('when the token is of the other institution, then 401', async () => {
    const foreign = await ownToken((own.get('open-insurance') as ReceiverCaller).connection);
    await assertRefused({ method: 'POST', path: FINANCE, json: asking(FINANCE), token: foreign }, [
      401,
      'TOKEN_INVALIDO',
    ]);
  });
});
