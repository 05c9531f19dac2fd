import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { BASE, bodyOf, callerOf, gadgetConsent } from '../../test/support/gadget-reader.ts';
import { NOON } from '../../test/support/made-up-consent.ts';
import { createMemoryResourceStateStore } from '../../test/support/memory-resource-state-store.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Asking } from '../connectors/connector.ts';
import { createFolderConnector } from '../connectors/folder-connector.ts';
import type { Answer, Call } from '../contract/call.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createReachedResources } from '../resources/reached-resources.ts';
import { createReadCustomerData } from './read-customer-data.ts';

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
      const connector = await createFolderConnector({
        folder,
        passwordHash: () => undefined,
        clock,
        onFault: assert.ifError,
      });
      const things = await connector.discover({ cpf }, [type], askingOf());
      assert.ok(things.status === 'ok');
      const consent = gadgetConsent({
        ecosystem: profile.ecosystem,
        permissions: [...profile.permissions.keys()],
        loggedUser: { identification: cpf, rel: 'CPF' },
        selection: {
          resources: things.data.map(({ ref }) => ({ type, ref, awaiting: [], isRefused: false })),
          approvals: [],
        },
      });
      const newest = new Map(
        catalogOperations.filter(({ path }) => path.startsWith(`${api}/`)).map((each) => [each.path, each]),
      );
      assert.ok(newest.size >= 3);
      const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
      const states = createMemoryResourceStateStore();
      const { step } = createReadCustomerData({
        profile,
        operations: [...newest.values()],
        consents: { find: async () => consent },
        reached: createReachedResources({ profile, connector, states, publicIdOf, dayOf, clock }),
        connector,
        connectorNameOf: () => 'folder',
        brand: name,
        sealer: { derive: () => new Uint8Array(32) },
        budgetMsOf: () => 1_000,
        snapshotSecondsOf: () => 0,
        snapshotBytes: 1024,
        policyOf: () => 'block',
        todayOf: () => undefined,
        earliestDayOf: () => undefined,
        baseUrl: BASE,
        maxPageSize: 1000,
        clock,
        onEvent: (event) => assert.fail(JSON.stringify(event)),
      });
      const [resource] = things.data;
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
        if (parameter === undefined) assert.equal(body.meta.totalRecords, things.data.length);
      }
    });
});

function publicIdOf(_subject: string, type: string, ref: string): string {
  return `pub-${type.length}-${ref}`;
}

function askingOf(): Asking {
  return {
    brand: 'example',
    ecosystem: 'any',
    api: undefined,
    version: undefined,
    permissions: [],
    interactionId: undefined,
    deadline: NOON,
    signal: new AbortController().signal,
  };
}
