import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationsAt } from '../../test/support/catalog-operations.ts';
import { openInsurance } from '../../test/support/consent-profiles.ts';
import { madeUpConsent } from '../../test/support/made-up-consent.ts';
import type { Customer, OfferedResource } from '../connectors/institution.ts';
import type { Operation } from '../contract/operation.ts';
import { findTarget } from './find-target.ts';
import type { Access } from './judge-access.ts';
import { createAddressing } from './product-ids.ts';

const ANA = '11144477735';
const COMPANY = '11222333000181';
const TYPE = 'CUSTOMERS_PERSONAL_IDENTIFICATIONS';
const [personal] = operationsAt('/personal/identifications') as [Operation];

async function find(
  access: Partial<Access>,
  world: { offered?: readonly OfferedResource[]; ana?: Customer },
) {
  const consent = {
    ...madeUpConsent({
      permissions: [`${TYPE}_READ`, 'RESOURCES_READ'],
      loggedUser: { identification: ANA, rel: 'CPF' },
    }),
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources: [], approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
  } as const;
  const found = await findTarget(
    { operation: personal, path: {}, query: {}, headers: {} },
    consent,
    'sub-ana',
    { permissions: [], types: new Set([TYPE]), documents: { cpf: ANA }, ...access },
    createAddressing([personal])(personal),
    {
      profile: openInsurance,
      institution: { customerWith: async () => world.ana, discover: async () => world.offered ?? [] },
      publicIdOf: (_subject, _type, ref) => `public-${ref}`,
    },
    new AbortController().signal,
  );
  return 'code' in found ? found.code : [...found.shared.keys()];
}

const ana: Customer = { id: 'c-1', name: 'Ana', cpf: ANA, companies: [{ cnpj: COMPANY, name: 'Padaria' }] };
const owned = (ref: string, ...approvers: string[]) => ({ type: TYPE, ref, label: ref, approvers });

describe('given records that have no id, of a type that the consent shares', () => {
  it('when the customer has them, then they may be read', async () =>
    assert.deepEqual(await find({}, { ana, offered: [owned('i-1')] }), ['i-1']));

  it('when there are none, then they are forbidden', async () =>
    assert.equal(await find({}, { ana }), 'RESOURCE_FORBIDDEN'));

  it('when one of them waits for others, then nothing tells them apart, and all wait', async () =>
    assert.equal(
      await find({}, { ana, offered: [owned('i-1'), owned('i-2', '52998224725')] }),
      'STATUS_RESOURCE_PENDING_AUTHORISATION',
    ));
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
