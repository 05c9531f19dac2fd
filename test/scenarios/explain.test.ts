import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { createExplain, type Explain, type ExplainedCall } from '../../src/explain/create-explain.ts';
import type { Topic } from '../../src/explain/finding.ts';
import { ownToken } from '../../src/receiver/connect-holder.ts';
import { findEmbeddedServer } from '../../src/store/embedded-server.ts';
import { madeUpCpf } from '../support/made-up-consent.ts';
import type { Json } from '../support/send-request.ts';
import { shareAsCustomer } from '../support/share-as-customer.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import { query, until } from '../support/temporary-database.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const ACCOUNTS = '/open-banking/accounts/v2/accounts';

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly withCertificate?: boolean;
}

let running: TestSandbox;
let explain: Explain;
let token: string;
const agents: Agent[] = [];
let certified: Agent;
let bare: Agent;

before(async () => {
  running = await startTestSandbox({ withConsents: true });
  const { store, description, receivers } = running.sandbox;
  explain = createExplain({
    calls: store.callRecords,
    historyOf: (id, limit) => store.resourceStates.history(id, limit),
  });
  const { keys } = receivers[0] as (typeof receivers)[number];
  const ca = keys.authorities;
  certified = new Agent({ connect: { ca, cert: keys.certificate, key: keys.certificateKey } });
  bare = new Agent({ connect: { ca } });
  agents.push(certified, bare);
  token = description.consents.find(({ ecosystem }) => ecosystem === 'open-finance')?.accessToken as string;
});
after(() => Promise.all(agents.map((agent) => agent.close())));

async function send({
  path = ACCOUNTS,
  method = 'GET',
  token: bearer,
  headers,
  withCertificate = true,
}: Asked) {
  const { mtlsBase } = running.institution('open-finance');
  const answer = await request(`${new URL(mtlsBase).origin}${path}`, {
    method: method as 'GET',
    dispatcher: withCertificate ? certified : bare,
    headers: {
      'x-fapi-interaction-id': randomUUID(),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    interactionId: String(answer.headers['x-fapi-interaction-id']),
    body: (text === '' ? undefined : JSON.parse(text)) as Json,
  };
}

/** Sends a call, and explains it once it is on record. */
async function sendAndExplain(asked: Asked): Promise<ExplainedCall> {
  const { interactionId, status } = await send(asked);
  const call = await explained(interactionId);
  assert.equal(call.status, status);
  return call;
}

async function explained(interactionId: string): Promise<ExplainedCall> {
  await until('the call is on record', async () => (await explain(interactionId)) !== undefined);
  return (await explain(interactionId))?.calls[0] as ExplainedCall;
}

function findingOf({ findings }: ExplainedCall, topic: Topic): string {
  const finding = findings.find((one) => one.topic === topic);
  return `${finding?.outcome}: ${finding?.text}`;
}

describe('given a receiver with a consent that shares everything', () => {
  it('when it reads, then certificate, token, consent, permission, limits, connector and validation are explained', async () => {
    const call = await sendAndExplain({ token });
    assert.equal(call.reason, '200: nothing stood in the way');
    for (const topic of [
      'limits',
      'certificate',
      'token',
      'consent',
      'request',
      'permission',
      'connector',
      'validation',
    ] as const)
      assert.match(findingOf(call, topic), /^fine: /, topic);
    assert.match(findingOf(call, 'consent'), /urn:.* is AUTHORISED/);
    assert.match(findingOf(call, 'permission'), /ACCOUNTS_READ/);
    assert.match(findingOf(call, 'connector'), /answered after \d+ ms of \d+ ms/);
  });

  it('when it sends one interaction id twice, then both calls are told, the newest first', async () => {
    const headers = { 'x-fapi-interaction-id': randomUUID() };
    await send({ token, headers });
    await send({ token: 'nothing', headers });
    await until('both are on record', async () => {
      const found = await explain(headers['x-fapi-interaction-id']);
      return found?.calls.length === 2;
    });
    const found = await explain(headers['x-fapi-interaction-id']);
    assert.deepEqual(
      found?.calls.map(({ status }) => status),
      [401, 200],
    );
  });

  for (const { when, asked, reason } of [
    {
      when: 'has no token',
      asked: () => ({}),
      reason: /^401 TOKEN_AUSENTE: the `authorization` header is missing/,
    },
    {
      when: 'has a token that is none of ours',
      asked: () => ({ token: 'nothing' }),
      reason: /^401 TOKEN_INVALIDO: the token is unknown/,
    },
    {
      when: 'comes without a certificate',
      asked: () => ({ token, withCertificate: false }),
      reason: /^401 CERTIFICADO_NAO_ACEITO: the certificate is not trusted/,
    },
    {
      when: 'asks for a resource that is not shared',
      asked: () => ({ token, path: `${ACCOUNTS}/${'a'.repeat(40)}` }),
      reason: /^403 RESOURCE_FORBIDDEN: /,
    },
    {
      when: 'has a parameter outside the contract',
      asked: () => ({ token, path: `${ACCOUNTS}?page=none` }),
      reason: /^400 PARAMETRO_INVALIDO: a path or query parameter/,
    },
  ])
    it(`when a call ${when}, then that is the one reason`, async () => {
      const call = await sendAndExplain(asked());
      assert.match(call.reason, reason);
      assert.equal(call.findings.filter(({ outcome }) => outcome === 'fault').length, 1);
    });

  it('when it reads its resources, then the state of each and its reason can be asked for', async () => {
    const { resourcesUrl } = running.institution('open-finance');
    const { body } = await send({ token, path: new URL(resourcesUrl).pathname });
    assert.ok(body?.data, JSON.stringify(body));
    const [{ resourceId, status }] = body.data;
    const found = await explain(resourceId);
    assert.deepEqual(found?.calls, []);
    assert.equal(found?.resource?.states[0]?.to, status);
    assert.match(String(found?.resource?.states[0]?.reason), /^[A-Z_]+$/);
  });
});

describe('given a consent that shares less', () => {
  it('when what it does not share is read, then the permission is the reason; once it is revoked, the consent is', async () => {
    const connection = await running.connect(0, 'open-finance');
    const { accessToken, consentId } = await shareAsCustomer(running, 0, connection, {
      ecosystem: 'open-finance',
      login: 'ana.souza',
      permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
      choices: { 'escolha-ACCOUNT': ['cc-30418'] },
      scopes: ['resources', 'accounts'],
    });
    const path = `${ACCOUNTS}/${'a'.repeat(40)}/transactions`;
    const refused = await sendAndExplain({ token: accessToken, path });
    assert.match(
      refused.reason,
      /^403 PERMISSAO_NAO_CONCEDIDA: the consent does not have ACCOUNTS_TRANSACTIONS_READ/,
    );
    assert.match(findingOf(refused, 'connector'), /^not-reached/);

    const own = await ownToken(connection);
    const { consentsUrl } = running.institution('open-finance');
    const consent = `${new URL(consentsUrl).pathname}/${consentId}`;
    assert.equal((await send({ method: 'DELETE', path: consent, token: own })).status, 204);
    const after = await sendAndExplain({ token: accessToken });
    assert.match(
      after.reason,
      new RegExp(`^401 .*${consentId.replaceAll('.', '\\.')}|^401 TOKEN_INVALIDO: the token is unknown`),
    );
  });
});

it('given calls with documents and names all around them, when everything on record is searched, then none is there', async () => {
  const document = madeUpCpf();
  await sendAndExplain({ token, path: `${ACCOUNTS}/${document}` });
  await sendAndExplain({ token, headers: { 'x-fapi-customer-ip-address': '203.0.113.77' } });
  const { description, configuration } = running.sandbox;
  const rows = await query(
    findEmbeddedServer(configuration.state) as string,
    'select interaction_ids::text as ids, calls from call_records',
  );
  const kept = rows.map(({ ids, calls }) => `${ids} ${calls}`).join('\n');
  assert.ok(kept.includes('ACCOUNTS_READ'), 'there is something on record');
  const personal = [
    document,
    '203.0.113.77',
    ...description.customers.flatMap(({ document: cpf, businessDocument }) => [cpf, businessDocument]),
    ...description.consents.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]),
    ...customerNames(),
  ].filter((text) => text !== undefined);
  assert.ok(personal.length > 10);
  assert.deepEqual(
    personal.filter((text) => kept.includes(text)),
    [],
  );
});

/** Names of all customers of both example institutions. */
function customerNames(): string[] {
  return ['bank', 'insurer'].flatMap((institution) =>
    readdirSync(join(EXAMPLES, institution, 'customers'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('customer.yaml'))
      .map((file) =>
        String(parse(readFileSync(join(EXAMPLES, institution, 'customers', file), 'utf8')).name),
      ),
  );
}
