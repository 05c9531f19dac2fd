import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationsAt } from '../../test/support/catalog-operations.ts';
import { ANA, COMPANY, gadgetConsent, reachedGadget } from '../../test/support/gadget-reader.ts';
import { NOON } from '../../test/support/made-up-consent.ts';
import type { Customer } from '../connectors/customer.ts';
import type { Operation } from '../contract/operation.ts';
import type { ReachedResource } from '../resources/reached-resources.ts';
import { createFindTarget } from './find-target.ts';
import type { Access } from './judge-access.ts';
import { createAddressing } from './product-ids.ts';

const TYPE = 'CUSTOMERS_PERSONAL_IDENTIFICATIONS';
const [personal] = operationsAt('/personal/identifications') as [Operation];

async function find(
  access: Partial<Access>,
  world: { reached?: readonly ReachedResource[]; ana?: Customer },
) {
  const findTarget = createFindTarget({
    reached: { read: async () => ({ status: 'ready', resources: world.reached ?? [] }) },
    connector: {
      customer: async () =>
        world.ana ? { status: 'ok', data: world.ana, asOf: NOON } : { status: 'notFound' },
    },
  });
  const found = await findTarget(
    { operation: personal, path: {}, query: {}, headers: {} },
    gadgetConsent(),
    { permissions: [], types: new Set([TYPE]), documents: { cpf: ANA }, ...access },
    createAddressing([personal])(personal),
    {
      brand: 'Banco',
      ecosystem: personal.ecosystem,
      api: personal.api,
      version: personal.version,
      permissions: [],
      interactionId: undefined,
      deadline: NOON,
      signal: new AbortController().signal,
    },
  );
  return 'problem' in found ? found.problem.code : [...found.shared.available.keys()];
}

const ana: Customer = { id: 'c-1', name: 'Ana', cpf: ANA, companies: [{ cnpj: COMPANY, name: 'Padaria' }] };
const owned = (ref: string, change: Partial<ReachedResource> = {}) =>
  reachedGadget(ref, { type: TYPE, ...change });

describe('given records that have no id, of a type that the consent shares', () => {
  it('when the customer has them, then they may be read', async () =>
    assert.deepEqual(await find({}, { reached: [owned('i-1')] }), ['i-1']));

  it('when there are none, or only of another type, then they are forbidden', async () => {
    assert.equal(await find({}, {}), 'RESOURCE_FORBIDDEN');
    assert.equal(await find({}, { reached: [owned('i-1', { type: 'OTHER' })] }), 'RESOURCE_FORBIDDEN');
  });

  it('when one of them waits for others, then nothing tells them apart, and all wait', async () => {
    const waiting = owned('i-2', { status: 'PENDING_AUTHORISATION', reason: 'AWAITING_APPROVAL' });
    assert.equal(
      await find({}, { reached: [owned('i-1'), waiting] }),
      'STATUS_RESOURCE_PENDING_AUTHORISATION',
    );
  });
});

describe('given records that belong to no resource at all', () => {
  const none = { types: new Set<string>() };

  it('when the customer is one still, then they may be read', async () =>
    assert.deepEqual(await find(none, { ana }), []));

  it('when the institution does not know them any more, then they are forbidden', async () =>
    assert.equal(await find(none, {}), 'RESOURCE_FORBIDDEN'));

  it('when they are of a company, then only as long as the customer acts for it', async () => {
    const documents = { cpf: ANA, cnpj: COMPANY };
    assert.deepEqual(await find({ ...none, documents }, { ana }), []);
    assert.equal(
      await find({ ...none, documents }, { ana: { ...ana, companies: [] } }),
      'RESOURCE_FORBIDDEN',
    );
  });
});
