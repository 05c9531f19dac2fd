import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json as CoreJson } from '../../src/connectors/connector.ts';
import type { Topic } from '../../src/explain/finding.ts';
import { findEmbeddedServer } from '../../src/store/embedded-server.ts';
import { openFinance, openInsurance } from '../support/consent-profiles.ts';
import type { CoreSystem, Misbehaviour } from '../support/core-system.ts';
import { issueCertificate } from '../support/issue-certificate.ts';
import {
  type ApiAnswer,
  createReceiverCaller,
  errorOf,
  type ReceiverCaller,
} from '../support/receiver-caller.ts';
import type { Json } from '../support/send-request.ts';
import { bringToDecision, shareAsCustomer, type WantedShare } from '../support/share-as-customer.ts';
import { type ConnectedNode, startConnectedNode } from '../support/start-connected-node.ts';
import { startExampleCore } from '../support/start-example-core.ts';
import { type AuthorisedConsent, startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import { query, until } from '../support/temporary-database.ts';
import { temporaryFolder, writeBelow } from '../support/temporary-folder.ts';

const SAMPLES = join(import.meta.dirname, '../../examples/connectors');
const SECRET = 'what-both-sides-of-a-signature-have-agreed-on';
/** Milliseconds that systems have for data, and for the list of resources. */
const DATA_BUDGET_MS = 1_400;
const RESOURCES_BUDGET_MS = 900;
/** What a busy computer may take besides. */
const TOLERANCE_MS = 600;
const NOTICE_MS = 300;

const FINANCE_RESOURCES = '/open-banking/resources/v3/resources';
const INSURANCE_RESOURCES = '/open-insurance/resources/v3/resources';
const ACCOUNTS = '/open-banking/accounts/v2/accounts';
const FINANCINGS = '/open-banking/financings/v2/contracts';
const FUNDS = '/open-banking/funds/v1/investments';
const BONDS = '/open-banking/credit-fixed-incomes/v1/investments';
const TREASURE = '/open-banking/treasure-titles/v1/investments';
const SHARES = '/open-banking/variable-incomes/v1/investments';
const AUTO = '/open-insurance/insurance-auto/v1/insurance-auto';
const ASSISTANCE = '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance';
const IDENTIFICATIONS = '/open-insurance/customers/v2/personal/identifications';
const ANA = '41726305961';
const CARLA = '28364091778';
const GUILHERME = '53807142690';
const OTHER_INSURED = '09184736593';
const BALANCES = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
const YEAR = 'from%sDate=2025-01-01&to%sDate=2026-12-31';

let running: TestSandbox;
let bank: CoreSystem;
let insurer: CoreSystem;
/** Two nodes with connectors of their own. With the second nobody can log in at the bank. */
let node: ConnectedNode;
let other: ConnectedNode;
const callers = new Map<string, ReceiverCaller>();
const refusals: string[] = [];
/** All that Ana shares, given on the sandbox itself. */
let ana: AuthorisedConsent;
let ids: ReadonlyMap<string, readonly string[]>;

before(async () => {
  running = await startTestSandbox();
  const mutual = await mutualTls();
  bank = await startExampleCore(running, 'open-finance');
  insurer = await startExampleCore(running, 'open-insurance', {
    tls: mutual.server,
    agreement: {
      algorithm: 'HS256',
      key: new TextEncoder().encode(SECRET),
      issuer: 'guiche',
      audience: 'insurer',
    },
  });
  const settings = {
    connectors: {
      core: { kind: 'http', url: bank.url, pauseSeconds: 1, rememberedSeconds: 60 },
      policies: { kind: 'http', url: insurer.url, ...mutual.client },
      life: {
        kind: 'sql',
        mapping: join(SAMPLES, 'insurer.sql.yaml'),
        databaseUrl: await lifeDatabase(),
      },
      sample: { kind: 'module', module: join(SAMPLES, 'insurer.connector.ts') },
    },
    institutions: {
      'open-finance': { connector: 'core' },
      'open-insurance': { connector: 'policies', apis: { 'insurance-financial-assistance': 'life' } },
    },
    operations: {
      [`GET ${FUNDS}`]: { snapshotSeconds: 60 },
      [`GET ${FUNDS}/{investmentId}`]: { snapshotSeconds: 60 },
      [`GET ${FUNDS}/{investmentId}/balances`]: { snapshotSeconds: 60 },
      [`GET ${TREASURE}/{investmentId}/transactions`]: { brokenRecords: 'block' },
    },
  };
  bank.set({ change: () => ({ apis: OFFERED, authenticates: true }) }, { operation: 'readCapabilities' });
  const withoutLogin = { 'open-finance': { connector: 'core', login: 'sample' } };
  node = await startConnectedNode(running, settings);
  other = await startConnectedNode(running, {
    ...settings,
    institutions: { ...settings.institutions, ...withoutLogin },
  });
  for (const ecosystem of ['open-finance', 'open-insurance'])
    callers.set(ecosystem, await createReceiverCaller(running, 0, ecosystem));
  const groups = openFinance.groups.filter(({ id }) =>
    ['account-balances', 'account-statements', 'credit-operations', 'investments'].includes(id),
  );
  const permissions = [...new Set([...groups.flatMap((group) => group.permissions), 'RESOURCES_READ'])];
  ana = await share({ permissions, choices: { 'escolha-ACCOUNT': ['cc-30418', 'cp-77120'] } });
  ids = await idsOf(ana, FINANCE_RESOURCES);
});

after(async () => {
  await Promise.all([...callers.values()].map((caller) => caller.close()));
  await Promise.all([node.close(), other.close(), bank.close(), insurer.close()]);
  assert.deepEqual(running.logged, [], 'nothing unexpected happened on the node without connectors');
});

/** What the bank's systems have anything for. */
const OFFERED = [
  'accounts',
  'financings',
  'funds',
  'credit-fixed-incomes',
  'treasure-titles',
  'variable-incomes',
];

/** Authority, server and client of systems that want to see a certificate. */
async function mutualTls() {
  const authority = await issueCertificate({ name: 'authority of the core systems' });
  const server = await issueCertificate({ name: 'core systems', by: authority });
  const client = await issueCertificate({ name: 'guiche', by: authority });
  const folder = temporaryFolder();
  const files = {
    certificate: writeBelow(folder, 'guiche.pem', client.certificate),
    key: writeBelow(folder, 'guiche.key', client.key),
    authorities: writeBelow(folder, 'authority.pem', authority.certificate),
  };
  const signing = {
    algorithm: 'HS256',
    key: writeBelow(folder, 'secret', SECRET),
    issuer: 'guiche',
    audience: 'insurer',
  };
  return {
    server: {
      certificate: server.certificate,
      key: server.key,
      clientAuthorities: authority.certificate,
    },
    client: { ...files, signing },
  };
}

/** The sample's tables, in a database of their own. */
async function lifeDatabase(): Promise<string> {
  const url = findEmbeddedServer(running.sandbox.configuration.state) as string;
  await query(url, 'create database life');
  const life = url.replace('/postgres?', '/life?');
  await query(life, readFileSync(join(SAMPLES, 'schema.sql'), 'utf8'));
  return life;
}

function share(wanted: Partial<WantedShare> & Pick<WantedShare, 'permissions'>): Promise<AuthorisedConsent> {
  const { ecosystem = 'open-finance', login = 'ana.souza', permissions } = wanted;
  const profile = ecosystem === 'open-finance' ? openFinance : openInsurance;
  const scopes = permissions.flatMap((name) => profile.permissions.get(name)?.scope ?? []);
  const { connection } = callers.get(ecosystem) as ReceiverCaller;
  return shareAsCustomer(running, 0, connection, {
    scopes: [...new Set(scopes)],
    ...wanted,
    ecosystem,
    login,
  });
}

/** Public ids of what a consent shares, by type. */
async function idsOf(consent: AuthorisedConsent, path: string, on?: ConnectedNode) {
  const { status, text, body } = await read(`${path}?page-size=1000`, consent, on);
  assert.equal(status, 200, text);
  return new Map(
    [...Map.groupBy(body.data as Json[], ({ type }) => type)].map(([type, all]) => [
      String(type),
      all.map(({ resourceId }) => String(resourceId)),
    ]),
  );
}

function idOf(type: string): string {
  return ids.get(type)?.[0] as string;
}

/** Reads as the receiver does, on a node or else on the sandbox, and holds the answer to its contract. */
async function read(
  path: string,
  consent: AuthorisedConsent = ana,
  on?: ConnectedNode,
  interactionId: string = randomUUID(),
): Promise<ApiAnswer> {
  const ecosystem = path.startsWith('/open-banking') ? 'open-finance' : 'open-insurance';
  const answer = await (callers.get(ecosystem) as ReceiverCaller).send({
    path,
    token: consent.accessToken,
    headers: { 'x-fapi-interaction-id': interactionId },
    ...(on && { origin: on.origin }),
  });
  if (answer.status >= 400) refusals.push(answer.text);
  return answer;
}

async function timed<Result>(work: Promise<Result>): Promise<{ result: Result; ms: number }> {
  const startedAt = performance.now();
  const result = await work;
  return { result, ms: performance.now() - startedAt };
}

function assertWithin(ms: number, budgetMs: number): void {
  assert.ok(ms > budgetMs - 100 && ms < budgetMs + TOLERANCE_MS, `${ms} ms with a budget of ${budgetMs} ms`);
}

/** Tells one node what has changed at the bank, and gives all of them the time to hear of it. */
async function tellChanged(type: string, ref: string): Promise<void> {
  assert.equal(await node.tellChanged('core', [{ type, ref }]), 202);
  await pause(NOTICE_MS);
}

/** Nothing is served of what is another's; that is counted and explained, and nobody is named in it. */
async function assertForeign(
  answer: ApiAnswer,
  interactionId: string,
  secrets: readonly string[],
): Promise<void> {
  assert.deepEqual(errorOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
  const { notes, reason } = await node.explain(interactionId);
  assert.deepEqual([notes.validation?.records, notes.validation?.foreign], [1, 1]);
  assert.match(reason, /^500 DADOS_FORA_DO_CONTRATO: .*1 of 1 records are of somebody or something else/);
  const told = node.told(interactionId);
  assert.deepEqual([told?.kind, told?.records, told?.isServed], ['foreign', 1, false]);
  for (const secret of secrets)
    assert.ok(!JSON.stringify([answer.text, notes, reason, told]).includes(secret), secret);
}

function withoutOwner(found: CoreJson): CoreJson {
  const { owner: _, ...rest } = found as { readonly [member: string]: CoreJson };
  return rest;
}

async function findingOn(on: ConnectedNode, interactionId: string, topic: Topic): Promise<string> {
  const { findings } = await on.explain(interactionId);
  const finding = findings.find((one) => one.topic === topic);
  return `${finding?.outcome}: ${finding?.text}`;
}

function year(name: string): string {
  return YEAR.replaceAll('%s', name);
}

describe('given institutions whose systems are reached through connectors', () => {
  describe('and a consent that was given on a node without them', () => {
    for (const [what, pathOf] of [
      ['the list of resources', () => FINANCE_RESOURCES],
      ['accounts', () => ACCOUNTS],
      ['one account', () => `${ACCOUNTS}/${idOf('ACCOUNT')}`],
      ['its balances', () => `${ACCOUNTS}/${idOf('ACCOUNT')}/balances`],
      [
        'its transactions',
        () => `${ACCOUNTS}/${idOf('ACCOUNT')}/transactions?${year('Booking')}&page-size=25`,
      ],
      ['a contract', () => `${FINANCINGS}/${idOf('FINANCING')}`],
      ['what was paid of it', () => `${FINANCINGS}/${idOf('FINANCING')}/payments`],
      ['investments', () => BONDS],
    ] as const)
      it(`when ${what} is read, then every node answers the same`, async () => {
        const expected = await read(pathOf());
        assert.equal(expected.status, 200, expected.text);
        for (const on of [node, other]) {
          const { status, text, body } = await read(pathOf(), ana, on);
          assert.equal(status, 200, text);
          assert.deepEqual(body.data, expected.body.data);
          assert.equal(body.meta?.totalRecords, expected.body.meta?.totalRecords);
        }
      });

    it('when an API is read that the systems have nothing for, then it is not offered there', async () => {
      const path = '/open-banking/unarranged-accounts-overdraft/v2/contracts';
      assert.equal((await read(path)).status, 200);
      assert.deepEqual(errorOf(await read(path, ana, node)), [404, 'PRODUTO_NAO_OFERTADO']);
    });

    it('when the systems page by themselves, then each record is read once, counted as they count', async () => {
      const seen: string[] = [];
      let path: string | undefined =
        `${ACCOUNTS}/${idOf('ACCOUNT')}/transactions?${year('Booking')}&page-size=25`;
      let total = 0;
      for (let pages = 0; path !== undefined && pages < 20; pages += 1) {
        const { status, text, body }: ApiAnswer = await read(path, ana, pages % 2 === 0 ? node : other);
        assert.equal(status, 200, text);
        seen.push(...body.data.map(({ transactionId }: Json) => transactionId));
        total = body.meta.totalRecords ?? total;
        const { next } = body.links;
        if (next !== undefined) assert.match(next, /pagination-key=/);
        path = next === undefined ? undefined : new URL(next).pathname + new URL(next).search;
      }
      assert.ok(seen.length > 50, `${seen.length} records`);
      assert.equal(new Set(seen).size, seen.length);
      const cursors = bank.calls
        .filter(({ operation }) => operation === 'listChildren')
        .flatMap(({ body }) => (body as Json).page?.cursor ?? []);
      assert.ok(cursors.includes('n25') && cursors.includes('n50'), cursors.join());
      const whole = await read(
        `${ACCOUNTS}/${idOf('ACCOUNT')}/transactions?${year('Booking')}&page-size=1000`,
      );
      assert.deepEqual(
        seen,
        whole.body.data.map(({ transactionId }: Json) => transactionId),
      );
    });
  });

  describe('and a customer who logs in through the connector', () => {
    let consent: AuthorisedConsent;
    before(async () => {
      consent = await share({
        ecosystem: 'open-insurance',
        login: 'guilherme.alves',
        permissions: openInsurance.groups
          .filter(({ id }) => ['auto', 'financial-assistance', 'personal-data'].includes(id))
          .flatMap((group) => group.permissions)
          .concat('RESOURCES_READ'),
        choices: {
          'escolha-DAMAGES_AND_PEOPLE_AUTO': ['apolice-auto-20418'],
          'escolha-FINANCIAL_ASSISTANCE': ['AF-61005'],
        },
        pagesAt: node.publicOrigin,
      });
    });

    it('when they have confirmed, then the systems were asked with certificate and signature', async () => {
      const asked = insurer.calls.filter(({ operation }) => operation === 'authenticateCustomer');
      assert.ok(asked.length > 0);
      for (const { presented, headers, fault } of insurer.calls) {
        assert.equal(presented, 'guiche');
        assert.match(String(headers['x-guiche-signature']), /^ey/);
        assert.equal(fault, undefined);
      }
    });

    it('when it is read, then each API comes from its own connector', async () => {
      const shared = await idsOf(consent, INSURANCE_RESOURCES, node);
      const policy = shared.get('DAMAGES_AND_PEOPLE_AUTO')?.[0];
      const contract = shared.get('FINANCIAL_ASSISTANCE')?.[0];
      const before = insurer.calls.filter(({ operation }) => operation !== 'readCapabilities').length;
      const explained: Promise<string>[] = [];
      for (const on of [node, other]) {
        const info = await read(`${ASSISTANCE}/${contract}/contract-info`, consent, on);
        assert.equal(info.status, 200, info.text);
        assert.equal(info.body.data.contractId, contract);
        const interactionId = randomUUID();
        const list = await read(`${ASSISTANCE}/contracts`, consent, on, interactionId);
        assert.equal(list.status, 200, list.text);
        explained.push(findingOn(on, interactionId, 'connector'));
      }
      assert.equal(
        insurer.calls.filter(({ operation }) => operation !== 'readCapabilities').length,
        before,
        'nobody else was asked',
      );
      const interactionId = randomUUID();
      const info = await read(`${AUTO}/${policy}/policy-info`, consent, node, interactionId);
      assert.equal(info.status, 200, info.text);
      assert.match(await findingOn(node, interactionId, 'connector'), /connector policies\) answered/);
      for (const finding of await Promise.all(explained)) assert.match(finding, /connector life\) answered/);
    });

    it('when the list of resources is being prepared, then it is said with 503, for there is no word for it', async () => {
      insurer.set({ text: '{"status":"notReady"}' }, { operation: 'discoverResources', api: 'resources' });
      const answer = await read(INSURANCE_RESOURCES, consent, node);
      assert.deepEqual(errorOf(answer), [503, 'DADOS_EM_PREPARACAO']);
      assert.match(String(answer.headers['retry-after']), /^\d+$/);
      insurer.set({}, { operation: 'discoverResources', api: 'resources' });
      assert.equal((await read(INSURANCE_RESOURCES, consent, node)).status, 200);
    });

    it('when the systems hand out the policy of somebody else, then it is never served, and counted', async () => {
      const shared = await idsOf(consent, INSURANCE_RESOURCES, node);
      const policy = shared.get('DAMAGES_AND_PEOPLE_AUTO')?.[0];
      insurer.set(
        { asIf: { refs: { policyId: 'apolice-auto-20977' }, ref: 'apolice-auto-20977' } },
        { operation: 'listChildren', api: 'insurance-auto' },
      );
      const interactionId = randomUUID();
      const answer = await read(`${AUTO}/${policy}/policy-info`, consent, node, interactionId);
      insurer.set({}, { operation: 'listChildren', api: 'insurance-auto' });
      assert.deepEqual(errorOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
      const { notes, reason } = await node.explain(interactionId);
      assert.equal(notes.validation?.foreign, 1);
      assert.match(reason, /another resource/);
      assert.equal(node.told(interactionId)?.kind, 'foreign');
    });

    it('when the systems hand out who somebody else is, then it is never served, and counted', async () => {
      const which = { operation: 'listRecords', api: 'customers' };
      const own = await read(IDENTIFICATIONS, consent, node);
      assert.equal(own.body.data?.[0]?.cpfNumber, GUILHERME, own.text);
      insurer.set({ asIf: { documents: { cpf: OTHER_INSURED } } }, which);
      const interactionId = randomUUID();
      const answer = await read(IDENTIFICATIONS, consent, node, interactionId);
      insurer.set({}, which);
      await assertForeign(answer, interactionId, [GUILHERME, OTHER_INSURED]);
      assert.equal((await read(IDENTIFICATIONS, consent, node)).status, 200);
    });

    it('when the systems do not say who it is, then it is not served, and they are at fault', async () => {
      const which = { operation: 'listRecords', api: 'customers' };
      insurer.set({ change: withoutOwner }, which);
      const interactionId = randomUUID();
      const answer = await read(IDENTIFICATIONS, consent, node, interactionId);
      insurer.set({}, which);
      assert.deepEqual(errorOf(answer), [503, 'SERVICO_INDISPONIVEL']);
      assert.match((await node.explain(interactionId)).reason, /connector policies\) failed/);
      assert.equal(node.told(interactionId)?.failure, 'BadAnswer');
    });

    it('when nobody can log in there, then it is said as of any other wrong login', async () => {
      await assert.rejects(
        bringToDecision(running, 0, (callers.get('open-finance') as ReceiverCaller).connection, {
          ecosystem: 'open-finance',
          login: 'ana.souza',
          permissions: BALANCES,
          pagesAt: other.publicOrigin,
        }).then(({ confirm }) => confirm()),
        /Usuário ou senha não conferem/,
      );
    });

    it('when the systems are away at the login, then the page asks to wait', async () => {
      bank.set({ status: 503 }, { operation: 'authenticateCustomer' });
      await assert.rejects(
        bringToDecision(running, 0, (callers.get('open-finance') as ReceiverCaller).connection, {
          ecosystem: 'open-finance',
          login: 'ana.souza',
          permissions: BALANCES,
          pagesAt: node.publicOrigin,
        }).then(({ confirm }) => confirm()),
        /Um dos nossos sistemas não respondeu/,
      );
      bank.set({}, { operation: 'authenticateCustomer' });
    });
  });

  describe('and systems that are late', { concurrency: true }, () => {
    it('when one API takes ten seconds, then it is answered in time with 504, and the others as ever', async () => {
      bank.set({ delayMs: 10_000 }, { api: 'financings' });
      const interactionIds = [randomUUID(), randomUUID(), randomUUID()];
      const isOver = Promise.withResolvers<void>();
      const late = Promise.all(interactionIds.map((id) => timed(read(FINANCINGS, ana, node, id)))).finally(
        () => isOver.resolve(),
      );
      const meanwhile: { result: ApiAnswer; ms: number }[] = [];
      while ((await Promise.race([isOver.promise.then(() => 'over'), pause(50)])) !== 'over')
        for (const path of [ACCOUNTS, `${ACCOUNTS}/${idOf('ACCOUNT')}/balances`])
          meanwhile.push(await timed(read(path, ana, node)));
      for (const { result, ms } of await late) {
        assert.deepEqual(errorOf(result), [504, 'INSTITUICAO_NAO_RESPONDEU']);
        assertWithin(ms, DATA_BUDGET_MS);
      }
      assert.ok(meanwhile.length > 4, `${meanwhile.length} other calls`);
      for (const { result, ms } of meanwhile) {
        assert.equal(result.status, 200, result.text);
        assert.ok(ms < DATA_BUDGET_MS / 2, `another call took ${ms} ms`);
      }
      const [interactionId = ''] = interactionIds;
      const { reason, notes } = await node.explain(interactionId);
      assert.match(
        reason,
        /^504 INSTITUICAO_NAO_RESPONDEU: .*connector core.* did not answer within 1400 ms/,
      );
      assert.deepEqual(notes.connector, {
        name: 'core',
        outcome: 'late',
        waitedMs: DATA_BUDGET_MS,
        budgetMs: DATA_BUDGET_MS,
      });
      const told = interactionIds.flatMap((id) => node.told(id) ?? []);
      assert.equal(told.length, 1, 'the log says it once');
      assert.deepEqual(
        [told[0]?.kind, told[0]?.connector, told[0]?.waitedMs],
        ['late', 'core', DATA_BUDGET_MS],
      );
    });

    it('when an answer from before stands in, then it is not older than it may be, on every node', async () => {
      const detail = `${FUNDS}/${idOf('FUND')}`;
      const balances = `${detail}/balances`;
      const both = (path: string) =>
        Promise.all(
          [node, other].map(async (on) => {
            const interactionId = randomUUID();
            const { result, ms } = await timed(read(path, ana, on, interactionId));
            return { on, interactionId, result, ms };
          }),
        );
      const set = (misbehaviour: Misbehaviour) => {
        for (const operation of ['getRecord', 'listChildren'])
          bank.set(misbehaviour, { operation, api: 'funds' });
      };
      const good = await both(detail);
      for (const { result } of good) assert.equal(result.status, 200, result.text);
      bank.set({ change: agedBy(120_000) }, { operation: 'listChildren', api: 'funds' });
      for (const { result } of await both(balances)) assert.equal(result.status, 200, result.text);

      set({ delayMs: 10_000 });
      const [stoodIn, tooOld] = await Promise.all([both(detail), both(balances)]);
      for (const { on, interactionId, result, ms } of stoodIn) {
        assert.equal(result.status, 200, result.text);
        assert.deepEqual(result.body.data, good[0]?.result.body.data);
        assertWithin(ms, DATA_BUDGET_MS);
        const { connector } = (await on.explain(interactionId)).notes;
        assert.deepEqual([connector?.outcome, connector?.isSnapshot], ['late', true]);
        assert.match(await findingOn(on, interactionId, 'connector'), /an answer from before was served/);
        assert.equal(on.told(interactionId)?.isServed, true);
      }
      for (const { result } of tooOld) assert.deepEqual(errorOf(result), [504, 'INSTITUICAO_NAO_RESPONDEU']);

      await tellChanged('FUND', 'fundo-90214');
      for (const { result } of await both(detail))
        assert.deepEqual(errorOf(result), [504, 'INSTITUICAO_NAO_RESPONDEU']);
      set({});
      for (const { result } of await both(detail)) assert.equal(result.status, 200, result.text);
    });
  });

  describe('and systems that are away', () => {
    it('when the capabilities take ten seconds, then no answer waits for them', async () => {
      bank.set({ hangs: true }, { operation: 'readCapabilities' });
      const third = await startConnectedNode(running, {
        connectors: { core: { kind: 'http', url: bank.url } },
        institutions: { 'open-finance': { connector: 'core' } },
      });
      try {
        for (let count = 0; count < 2; count += 1) {
          const { result, ms } = await timed(read(ACCOUNTS, ana, third));
          assert.equal(result.status, 200, result.text);
          assert.ok(ms < DATA_BUDGET_MS, `${ms} ms`);
        }
      } finally {
        await third.close();
      }
    });

    it('when they fail again and again, then they are left alone for a while, and asked again', async () => {
      const which = { operation: 'listRecords', api: 'treasure-titles' };
      const asked = () =>
        bank.calls.filter(
          ({ operation, body }) => operation === which.operation && (body as Json).asking.api === which.api,
        ).length;
      bank.set({ status: 503 }, which);
      const first = randomUUID();
      for (const id of [first, randomUUID(), randomUUID()])
        assert.deepEqual(errorOf(await read(TREASURE, ana, node, id)), [503, 'SERVICO_INDISPONIVEL']);
      const before = asked();
      const { result, ms } = await timed(read(TREASURE, ana, node));
      assert.equal(result.status, 503);
      assert.ok(ms < 500, `${ms} ms`);
      assert.equal(asked(), before, 'nobody asked them');
      assert.ok(node.logged.some((line) => /listRecords of treasure-titles is open/.test(line)));
      assert.equal((await read(ACCOUNTS, ana, node)).status, 200);
      assert.match(
        (await node.explain(first)).reason,
        /^503 SERVICO_INDISPONIVEL: .*connector core.* failed/,
      );
      assert.equal(node.told(first)?.failure, 'ConnectorAway');

      bank.set({}, which);
      await until('they are asked again', async () => (await read(TREASURE, ana, node)).status === 200);
      assert.ok(node.logged.some((line) => /listRecords of treasure-titles is closed/.test(line)));
    });
  });

  describe('and a company that several may act for', () => {
    it('when nobody can say who may, then its consent is renewed by nobody else, and afterwards by them', async () => {
      const company = '27481635000104';
      const { accessToken, consentId } = await share({
        login: 'bruno.lima',
        company,
        permissions: BALANCES,
        choices: { 'escolha-ACCOUNT': ['cc-90133'] },
      });
      const renew = () =>
        (callers.get('open-finance') as ReceiverCaller).send({
          method: 'POST',
          origin: node.origin,
          path: `/open-banking/consents/v3/consents/${consentId}/extends`,
          token: accessToken,
          headers: { 'x-fapi-customer-ip-address': '192.0.2.7', 'x-customer-user-agent': 'Navegador/1.0' },
          json: {
            data: {
              loggedUser: { document: { identification: '64021578307', rel: 'CPF' } },
              businessEntity: { document: { identification: company, rel: 'CNPJ' } },
              expirationDateTime: new Date(Date.now() + 300 * 86_400_000).toISOString().replace(/\.\d+/, ''),
            },
          },
        });
      for (const wrong of [{ status: 503 }, { text: '{"status":"notReady"}' }]) {
        bank.set(wrong, { operation: 'findCustomer' });
        assert.deepEqual(errorOf(await renew()), [503, 'SERVICO_INDISPONIVEL']);
      }
      bank.set({}, { operation: 'findCustomer' });
      assert.equal((await renew()).status, 201);
    });
  });

  describe('and what customers have is remembered', () => {
    it('when something has changed, then it is asked for again, on every node', async () => {
      const consent = await share({
        login: 'carla.nunes',
        permissions: BALANCES,
        choices: { 'escolha-ACCOUNT': ['cc-64480'] },
      });
      const discoveries = () =>
        bank.calls.filter(
          ({ operation, body }) =>
            operation === 'discoverResources' &&
            (body as Json).asking.api === 'accounts' &&
            (body as Json).documents.cpf === CARLA,
        ).length;
      const readAll = async () => {
        for (const on of [node, other, node, other])
          assert.equal((await read(ACCOUNTS, consent, on)).status, 200);
      };
      await readAll();
      assert.equal(discoveries(), 2, 'each node has asked once');
      await readAll();
      assert.equal(discoveries(), 2);
      await tellChanged('ACCOUNT', 'cc-99999');
      await readAll();
      assert.equal(discoveries(), 4, 'each node has asked again');
      assert.equal(await node.tellChanged('nobody', [{ type: 'ACCOUNT', ref: 'cc-99999' }]), 422);
    });
  });

  describe('and systems that hand out what is wrong', { concurrency: true }, () => {
    it('when a record is of another resource, then it is never served, counted and explained', async () => {
      const which = { operation: 'getRecord', api: 'variable-incomes' };
      bank.set({ change: (found) => ({ ...(found as object), owner: 'acoes-99999' }) }, which);
      const interactionId = randomUUID();
      const answer = await read(`${SHARES}/${idOf('VARIABLE_INCOME')}`, ana, node, interactionId);
      assert.deepEqual(errorOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
      const { notes, reason } = await node.explain(interactionId);
      assert.equal(notes.validation?.foreign, 1);
      assert.match(reason, /^500 DADOS_FORA_DO_CONTRATO: .*another resource/);
      assert.equal(node.told(interactionId)?.kind, 'foreign');
      bank.set({}, which);
      assert.equal((await read(`${SHARES}/${idOf('VARIABLE_INCOME')}`, ana, node)).status, 200);
    });

    for (const { what, operation, rest } of [
      { what: 'an account', operation: 'getRecord', rest: '' },
      { what: 'transactions', operation: 'listChildren', rest: `/transactions?${year('Booking')}` },
    ])
      it(`when they answer with ${what} of another customer, then it is never served, counted and explained`, async () => {
        const which = { operation, api: 'accounts' };
        const path = `${ACCOUNTS}/${idOf('ACCOUNT')}${rest}`;
        const theirs = { ref: 'cc-64480', refs: { accountId: 'cc-64480' }, documents: { cpf: CARLA } };
        bank.set({ asIf: theirs }, which);
        const interactionId = randomUUID();
        const answer = await read(path, ana, node, interactionId);
        bank.set({}, which);
        await assertForeign(answer, interactionId, ['cc-64480', CARLA, ANA]);
        assert.equal((await read(path, ana, node)).status, 200);
      });

    it('when a list is another customer’s, then it is never served, counted and explained', async () => {
      const which = { operation: 'listRecords', api: 'accounts' };
      bank.set({ asIf: { documents: { cpf: CARLA } } }, which);
      const honest = randomUUID();
      await assertForeign(await read(ACCOUNTS, ana, node, honest), honest, ['cc-64480', CARLA, ANA]);

      // Said to be hers, it is looked at record by record.
      const claim = (found: CoreJson): CoreJson => ({ ...(found as object), owner: ANA });
      bank.set({ asIf: { documents: { cpf: CARLA } }, change: claim }, which);
      const interactionId = randomUUID();
      const { status, text, body } = await read(ACCOUNTS, ana, node, interactionId);
      bank.set({}, which);
      assert.equal(status, 200, text);
      assert.deepEqual(body.data, []);
      const { validation } = (await node.explain(interactionId)).notes;
      assert.deepEqual([validation?.records, validation?.foreign], [2, 2]);
      assert.deepEqual([node.told(interactionId)?.kind, node.told(interactionId)?.records], ['foreign', 2]);
    });

    it('when one record breaks the contract, then the others are served, and where and why is on record', async () => {
      const which = { operation: 'listChildren', api: 'credit-fixed-incomes' };
      const path = `${BONDS}/${idOf('CREDIT_FIXED_INCOME')}/transactions?${year('Transaction')}`;
      const whole = await read(path, ana, node);
      assert.ok(whole.body.data.length > 1, whole.text);
      bank.set({ change: brokenFirst }, which);
      const interactionId = randomUUID();
      const { status, text, body } = await read(path, ana, node, interactionId);
      bank.set({}, which);
      assert.equal(status, 200, text);
      assert.deepEqual(body.data, whole.body.data.slice(1));
      const { validation } = (await node.explain(interactionId)).notes;
      assert.deepEqual([validation?.broken, validation?.pointer], [1, '/transactionQuantity']);
      assert.match(String(validation?.reason), /pattern/);
      const told = node.told(interactionId);
      assert.deepEqual(
        [told?.kind, told?.records, told?.isServed, told?.pointer],
        ['breach', 1, true, '/transactionQuantity'],
      );
    });

    it('when the operator wants all or nothing, then nothing is served', async () => {
      const which = { operation: 'listChildren', api: 'treasure-titles' };
      const path = `${TREASURE}/${idOf('TREASURE_TITLE')}/transactions?${year('Transaction')}`;
      assert.equal((await read(path, ana, node)).status, 200);
      bank.set({ change: brokenFirst }, which);
      const interactionId = randomUUID();
      const answer = await read(path, ana, node, interactionId);
      bank.set({}, which);
      assert.deepEqual(errorOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
      const { reason } = await node.explain(interactionId);
      assert.match(reason, /^500 DADOS_FORA_DO_CONTRATO: .*\/transactionQuantity/);
    });
  });

  describe('and consents that end on one node', () => {
    it('when one is revoked, then the very next read on another node is refused, whatever it has kept', async () => {
      const { connection, send } = callers.get('open-finance') as ReceiverCaller;
      assert.ok(connection);
      for (let round = 0; round < 20; round += 1) {
        const consent = await share({ permissions: BALANCES, choices: { 'escolha-ACCOUNT': ['cc-30418'] } });
        for (const on of [node, other, other]) {
          assert.equal((await read(ACCOUNTS, consent, on)).status, 200);
          assert.equal((await read(FINANCE_RESOURCES, consent, on)).status, 200);
        }
        const path = `/open-banking/consents/v3/consents/${consent.consentId}`;
        const revoked = await send({ method: 'DELETE', path, origin: node.origin });
        assert.equal(revoked.status, 204, revoked.text);
        const { status } = await read(round % 2 === 0 ? ACCOUNTS : FINANCE_RESOURCES, consent, other);
        assert.equal(status, 401, `round ${round}`);
      }
    });
  });

  describe('and a list of resources that takes its time', () => {
    const which = { operation: 'discoverResources', api: 'resources' };
    const notReady: Misbehaviour = { text: '{"status":"notReady"}' };
    const list = (consent: AuthorisedConsent, on = other) => read(FINANCE_RESOURCES, consent, on);
    /** Of a customer of whom the nodes remember nothing. */
    async function newConsent(): Promise<AuthorisedConsent> {
      await tellChanged('ACCOUNT', 'cc-64480');
      return share({
        login: 'carla.nunes',
        permissions: BALANCES,
        choices: { 'escolha-ACCOUNT': ['cc-64480'] },
      });
    }

    it('when it is prepared for the first time, then it is 202 until it is ready, and never again', async () => {
      const consent = await newConsent();
      bank.set(notReady, which);
      for (let count = 0; count < 2; count += 1) {
        const { status, text } = await list(consent);
        assert.deepEqual([status, text], [202, '']);
      }
      bank.set({}, which);
      const ready = await list(consent);
      assert.equal(ready.status, 200, ready.text);
      bank.set(notReady, which);
      await tellChanged('ACCOUNT', 'cc-64480');
      for (const on of [node, other])
        assert.deepEqual(errorOf(await list(consent, on)), [504, 'RETRY_EXCEDIDO']);
      bank.set({}, which);
    });

    it('when it takes longer than a receiver waits, then it is 202, and the answer is kept for the next time', async () => {
      const consent = await newConsent();
      const asked = () => bank.calls.filter(({ operation }) => operation === which.operation).length;
      const before = asked();
      bank.set({ delayMs: 1_800, times: 1 }, which);
      const { result, ms } = await timed(list(consent));
      assert.deepEqual([result.status, result.text], [202, '']);
      assertWithin(ms, RESOURCES_BUDGET_MS);
      const statuses: number[] = [];
      while (statuses.at(-1) !== 200 && statuses.length < 4) statuses.push((await list(consent)).status);
      assert.ok(statuses.length < 4, 'it does not begin anew');
      assert.deepEqual(new Set(statuses), new Set(statuses.length === 1 ? [200] : [202, 200]));
      assert.equal(asked() - before, 1);
    });

    it('when it is not ready after five minutes, then it is 504 and never 202 again', async () => {
      const consent = await newConsent();
      bank.set(notReady, which);
      assert.equal((await list(consent)).status, 202);
      other.advance(5 * 60_000 + 1_000);
      try {
        for (let count = 0; count < 2; count += 1)
          assert.deepEqual(errorOf(await list(consent)), [504, 'RETRY_EXCEDIDO']);
        bank.set({}, which);
        const ready = await list(consent);
        assert.equal(ready.status, 200, ready.text);
        bank.set(notReady, which);
        await tellChanged('ACCOUNT', 'cc-64480');
        assert.deepEqual(errorOf(await list(consent)), [504, 'RETRY_EXCEDIDO']);
      } finally {
        other.advance(-(5 * 60_000 + 1_000));
        bank.set({}, which);
      }
    });
  });

  it('given all of this, when logs and refusals are searched, then nothing of customers or systems is in them', () => {
    const { customers } = running.sandbox.description;
    const told = [...node.logged, ...other.logged, ...refusals].join('\n');
    assert.ok(refusals.length > 20 && node.logged.length > 5);
    const secrets = [
      ...customers.flatMap(({ document, businessDocument, password }) => [
        document,
        businessDocument,
        password,
      ]),
      ...[bank, insurer].map(({ url }) => new URL(url).host),
      SECRET,
      ...['Souza', 'Guilherme', 'Carla', 'Transportes'],
      ...['cc-30418', 'cp-77120', 'fundo-90214', 'apolice-auto', 'AF-61005', 'acoes-'],
      ana.accessToken,
    ].filter((secret) => secret !== undefined);
    assert.deepEqual(
      secrets.filter((secret) => told.includes(secret)),
      [],
    );
    const errors = [...node.logged, ...other.logged].filter((line) => JSON.parse(line).level >= 50);
    assert.deepEqual(
      errors.map((line) => JSON.parse(line).err?.name ?? JSON.parse(line).msg),
      ['InstitutionFailed'],
      'but for the login while the systems were away, nothing was unexpected',
    );
  });
});

/** An answer that was true some time ago. */
function agedBy(ms: number): (found: CoreJson) => CoreJson {
  return (found) => ({ ...(found as object), asOf: new Date(Date.now() - ms).toISOString() }) as CoreJson;
}

/** The newest record without a number where one belongs. */
function brokenFirst(found: CoreJson): CoreJson {
  const { data, ...rest } = found as Json;
  const [first, ...others] = data;
  return { ...rest, data: [{ ...first, transactionQuantity: 'doze' }, ...others] };
}
