import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { callHolder } from '../../src/receiver/call-holder.ts';
import type { HolderConnection } from '../../src/receiver/connect-holder.ts';
import { catalogOperations } from '../support/catalog-operations.ts';
import { schemaValidator } from '../support/schema-validator.ts';
import type { Json } from '../support/send-request.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';

/** What the example customers share, and the endpoints that their files answer. */
const READS = {
  'open-finance': {
    list: '/open-banking/accounts/v2/accounts',
    id: 'accountId',
    item: '/open-banking/accounts/v2/accounts/{accountId}',
    child: '/open-banking/accounts/v2/accounts/{accountId}/balances',
    type: 'ACCOUNT',
  },
  'open-insurance': {
    list: '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance/contracts',
    id: 'contractId',
    item: '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance/{contractId}/contract-info',
    child:
      '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance/{contractId}/movements',
    type: 'FINANCIAL_ASSISTANCE',
  },
} as const;

let running: TestSandbox;
before(async () => {
  running = await startTestSandbox({ withConsents: true });
});

for (const ecosystem of ['open-finance', 'open-insurance'] as const)
  describe(`given a consent of ${ecosystem} that shares everything`, () => {
    const { list, id, item, child, type } = READS[ecosystem];
    let connection: HolderConnection;
    let origin: string;
    let token: string;
    let resources: Json[];

    before(async () => {
      connection = await running.connect(0, ecosystem);
      origin = new URL(running.institution(ecosystem).mtlsBase).origin;
      token = running.sandbox.description.consents.find((consent) => consent.ecosystem === ecosystem)
        ?.accessToken as string;
      const answer = await callHolder(connection, token, running.institution(ecosystem).resourcesUrl);
      resources = ((await answer.json()) as Json).data.filter((resource: Json) => resource.type === type);
    });

    async function read(path: string): Promise<{ status: number; body: Json; version: string | null }> {
      const answer = await callHolder(connection, token, `${origin}${path}`);
      const text = await answer.text();
      return {
        status: answer.status,
        version: answer.headers.get('x-v'),
        body: text === '' ? undefined : JSON.parse(text),
      };
    }

    /** The client throws what comes with a challenge. */
    function statusWith(accessToken: string): Promise<number> {
      return callHolder(connection, accessToken, `${origin}${list}`).then(
        ({ status }) => status,
        ({ status }) => status,
      );
    }

    function assertFits(template: string, version: string | null, body: Json): void {
      const operation = catalogOperations.find(
        (candidate) =>
          candidate.path === template && candidate.method === 'GET' && candidate.version === version,
      );
      const validate = schemaValidator(operation?.answer.schema() ?? false);
      assert.ok(validate(body), JSON.stringify(validate.errors?.slice(0, 3)));
    }

    it('when the list is read, then it has the resources that are shared, by their public ids', async () => {
      const { status, body, version } = await read(list);
      assert.equal(status, 200);
      assertFits(list, version, body);
      const ids = [...JSON.stringify(body).matchAll(new RegExp(`"${id}":"([^"]+)"`, 'g'))].map(
        ([, one]) => one,
      );
      assert.ok(ids.length > 0);
      assert.ok(ids.every((one) => resources.some(({ resourceId }) => resourceId === one)));
    });

    it('when one of them and what belongs to it are read, then both fit their contracts', async () => {
      for (const template of [item, child]) {
        const { status, body, version } = await read(template.replace(/\{\w+\}/, resources[0]?.resourceId));
        assert.equal(status, 200, template);
        assertFits(template, version, body);
      }
    });

    it('when an id is of nothing that is shared, then it is refused like one that does not exist', async () => {
      const unknown = await read(item.replace(/\{\w+\}/, 'a'.repeat(40)));
      assert.equal(unknown.status, 403);
      assert.equal(unknown.body.errors[0].code, 'RESOURCE_FORBIDDEN');
    });

    it('when the token is of a consent without the permission, then the read is refused', async () => {
      const { accessToken } = await running.authorised(0, ecosystem);
      assert.equal(await statusWith(accessToken), 403);
    });

    it('when the token is none of ours, then the read is refused', async () => {
      assert.equal(await statusWith('nothing'), 401);
    });
  });

it('given all of these reads, when the log is looked at, then nothing unexpected happened', () => {
  assert.deepEqual(running.logged, []);
});
