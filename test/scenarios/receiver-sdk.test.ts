import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
// As any other program imports it.
import {
  type Access,
  type AccessTokens,
  authorizationUrl,
  connectHolder,
  createConsent,
  deleteConsent,
  exchange,
  findHolder,
  HolderRefusal,
  pages,
  read,
  readConsent,
  readHolderStatus,
  records,
  registerReceiver,
  resources,
  restoreAccess,
  tokensOf,
} from 'guiche/receiver';
import { approveAsCustomer } from '../../src/app/sandbox/simulated-customer.ts';
import { freshSoftware, statementFor } from '../support/fresh-software.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'examples', 'receiver', 'consolidated-view.ts');
const LONGEST_RUN_MS = 60_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** In each ecosystem: how the holder is looked for, and what is asked for and read. */
const PLANS = {
  'open-finance': {
    query: { cnpj: '99.418.206/0001-01', authorisationDomain: 'Open Banking' },
    permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
    scope: 'accounts',
    type: 'ACCOUNT',
    detail: { family: 'accounts', path: '/accounts/{accountId}/balances', id: 'accountId' },
    list: { family: 'accounts', path: '/accounts', at: undefined },
  },
  'open-insurance': {
    query: { name: 'aurora seguros', authorisationDomain: 'Open Insurance' },
    permissions: [
      'FINANCIAL_ASSISTANCE_READ',
      'FINANCIAL_ASSISTANCE_CONTRACTINFO_READ',
      'FINANCIAL_ASSISTANCE_MOVEMENTS_READ',
      'RESOURCES_READ',
    ],
    scope: 'insurance-financial-assistance',
    type: 'FINANCIAL_ASSISTANCE',
    detail: {
      family: 'insurance-financial-assistance',
      path: '/insurance-financial-assistance/{contractId}/contract-info',
      id: 'contractId',
    },
    list: {
      family: 'insurance-financial-assistance',
      path: '/insurance-financial-assistance/contracts',
      at: '/data/*/brand/companies/*/contracts',
    },
  },
} as const;

let running: TestSandbox;
before(async () => {
  running = await startTestSandbox({ withConsents: true });
});

for (const ecosystem of ['open-finance', 'open-insurance'] as const)
  describe(`given a receiver that is new in ${ecosystem}`, () => {
    const plan = PLANS[ecosystem];
    const kept: AccessTokens[] = [];
    let access: Access;
    let connection: Awaited<ReturnType<typeof connectHolder>>;

    before(async () => {
      const software = await freshSoftware(running, ecosystem);
      const receiver = running.createReceiver(software.keys);
      const holder = await findHolder(
        receiver,
        String(running.sandbox.description.directory.participantsUrl),
        plan.query,
      );
      const { clientId } = await registerReceiver(receiver, {
        holder,
        statement: await statementFor(running, software),
        redirectUris: [software.redirectUris[0]],
        jwksUri: software.jwksUri,
      });
      connection = await connectHolder(receiver, { holder, clientId });
      access = await authorise(software.redirectUris[0]);
    });

    async function authorise(redirectUri: string): Promise<Access> {
      const [customer] = running.customers(ecosystem);
      assert.ok(customer);
      const { consentId } = await createConsent(connection, {
        ...running.consentRequest(ecosystem),
        permissions: plan.permissions,
      });
      const started = await authorizationUrl(connection, {
        consentId,
        redirectUri,
        scopes: ['resources', plan.scope],
      });
      const fetch = running.browser.fetch;
      const callback = await approveAsCustomer(started.url, redirectUri, { ...customer, fetch });
      return exchange(connection, callback, started, { onTokens: (tokens) => void kept.push(tokens) });
    }

    function detailOf(resourceId: string) {
      const { family, path, id } = plan.detail;
      return { family, path, params: { [id]: resourceId } };
    }

    async function firstResource(): Promise<string> {
      const shared = await resources(access).poll();
      const found = shared.find(({ type }) => type === plan.type);
      assert.ok(found, 'something is shared');
      return found.resourceId;
    }

    it('when the customer has confirmed, then the consent is authorised and its tokens were kept', async () => {
      const consent = await readConsent(connection, access.consentId);
      assert.equal(consent.status, 'AUTHORISED');
      assert.deepEqual(kept[0], tokensOf(access));
      assert.ok((kept[0]?.expiresAt ?? 0) > Date.now());
    });

    it('when what is shared is read, then each resource and its details come', async () => {
      const shared = await resources(access).poll();
      assert.ok(shared.every(({ type, status }) => type === plan.type && status === 'AVAILABLE'));
      for (const { resourceId } of shared) {
        const answer = await read<{ data: object }>(access, detailOf(resourceId), { resourceId });
        assert.ok(Object.keys(answer.body.data).length > 0);
        assert.match(answer.interactionId, UUID);
      }
    });

    it('when the list is iterated, then its records are those of the resources, each once', async () => {
      const { family, path, at } = plan.list;
      const found: string[] = [];
      for await (const record of records<Record<string, string>>(access, { family, path }, at ? { at } : {}))
        found.push(String(record[plan.detail.id]));
      const shared = (await resources(access).poll()).map(({ resourceId }) => resourceId);
      assert.deepEqual(found.toSorted(), shared.toSorted());
      for await (const page of pages(access, { family, path })) assert.equal(page.status, 200);
    });

    it('when something is read that is not shared, then the refusal says why and where it stands', async () => {
      const id = 'a'.repeat(40);
      await assert.rejects(read(access, detailOf(id), { resourceId: id }), (error: HolderRefusal) => {
        assert.ok(error instanceof HolderRefusal);
        assert.deepEqual(
          { status: error.status, kind: error.reason.kind, state: error.currentState },
          { status: 403, kind: 'forbidden', state: 'NOT_LISTED' },
        );
        assert.match(String(error.interactionId), UUID);
        return true;
      });
    });

    it('when the access token does not count any more, then it is refreshed by itself', async () => {
      const tokens = tokensOf(access);
      const changed: AccessTokens[] = [];
      const restored = restoreAccess(
        connection,
        { ...tokens, accessToken: 'forgotten' },
        { onTokens: (now) => void changed.push(now) },
      );
      const shared = await resources(restored).poll();
      assert.ok(shared.length > 0);
      assert.equal(changed.length, 1);
      assert.deepEqual(changed[0], tokensOf(restored));
    });

    it('when the holder is asked how it is, then it says so without a consent', async () => {
      const receiver = running.createReceiver((await freshSoftware(running, ecosystem)).keys);
      const status = await readHolderStatus(receiver, connection.holder);
      assert.ok(status.isReached);
      assert.equal(status.code, 'OK');
    });

    it('when the receiver deletes the consent, then the next read says that access has ended', async () => {
      const target = detailOf(await firstResource());
      await deleteConsent(connection, access.consentId);
      await assert.rejects(read(access, target), { name: 'AccessEnded', consentId: access.consentId });
    });
  });

describe('given the example program and a sandbox', () => {
  it('when it is run, then it prints what the customer has at both institutions', async () => {
    const { description } = running.sandbox;
    const file = join(temporaryFolder(), 'sandbox.json');
    writeFileSync(file, `${JSON.stringify(description)}\n`);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM, file], {
      timeout: LONGEST_RUN_MS,
    });
    assert.equal(stderr, '');
    const sections = stdout.split('\n\n').map((section) => section.trim());
    assert.deepEqual(
      sections.map((section) => section.split('\n', 1)[0]),
      ['What the customer shares with Bússola Finanças', 'Banco Ipê', 'Aurora Seguros'],
    );
    const [, bank = '', insurer = ''] = sections;
    const balances = [...bank.matchAll(/^ {2}CONTA_\w+ \S+: (-?\d+\.\d\d) BRL$/gm)].map(([, amount]) =>
      Number(amount),
    );
    assert.ok(balances.length > 0);
    const sum = balances.reduce((all, amount) => all + amount, 0);
    assert.match(bank, new RegExp(`available altogether: ${sum.toFixed(2).replace('.', '\\.')} BRL`));
    assert.match(insurer, /^ {2}FINANCIAL_ASSISTANCE \w{8}: read/m);
    for (const { document } of description.customers) assert.ok(!stdout.includes(document));
  });
});

it('given all of these reads, when the log is looked at, then nothing unexpected happened', () => {
  assert.deepEqual(running.logged, []);
});
