import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findHolder, findHolders } from './find-holder.ts';
import type { CustomFetch } from './mtls-fetch.ts';
import { createReceiver, type Receiver } from './receiver.ts';

const BANK = {
  OrganisationId: 'a0000000-0000-4000-8000-000000000001',
  OrganisationName: 'Banco Araucária',
  LegalEntityName: 'Banco Araucária S.A.',
  RegistrationNumber: '99887766000155',
  Status: 'Active',
  OrgDomainRoleClaims: [{ AuthorisationDomain: 'Open Banking', Status: 'Active' }],
  AuthorisationServers: [
    server('s-1', 'Araucária', 'https://auth.araucaria.example'),
    server('s-2', 'Conta Pinhão', 'https://auth.pinhao.example'),
  ],
};
const INSURER = {
  ...BANK,
  OrganisationId: 'a0000000-0000-4000-8000-000000000002',
  OrganisationName: 'Seguros Jatobá',
  LegalEntityName: 'Seguros Jatobá S.A.',
  RegistrationNumber: '12.ABC.345/01DE-35',
  OrgDomainRoleClaims: [
    { AuthorisationDomain: 'Open Insurance', Status: 'Active' },
    { AuthorisationDomain: 'Open Banking', Status: 'Inactive' },
  ],
  AuthorisationServers: [server('s-3', 'Jatobá', 'https://auth.jatoba.example')],
};
const LIST = [BANK, INSURER];

function server(id: string, name: string, issuer: string) {
  return {
    AuthorisationServerId: id,
    CustomerFriendlyName: name,
    OpenIDDiscoveryDocument: `${issuer}/.well-known/openid-configuration`,
    ApiResources: [
      {
        ApiFamilyType: 'consents',
        ApiVersion: '3.1.0',
        ApiDiscoveryEndpoints: [
          { ApiEndpoint: `${issuer}/consents/v3/consents` },
          { ApiEndpoint: 'http://in-the-clear.example/consents/v3/consents' },
        ],
      },
    ],
  };
}

function receiverWith(fetch: CustomFetch): Receiver {
  return createReceiver({ keys: { signing: {}, encryption: {} }, fetch });
}

const asleep = receiverWith(() => Promise.reject(new Error('nobody is asked')));

describe('given a list of participants', () => {
  for (const [query, found] of [
    [{ authorisationServerId: 's-2' }, 's-2'],
    [{ name: 'conta pinhao' }, 's-2'],
    [{ name: 'SEGUROS JATOBÁ S.A.' }, 's-3'],
    [{ cnpj: '12ABC34501DE35' }, 's-3'],
    [{ cnpj: '12.abc.345/01de-35', authorisationDomain: 'Open Insurance' }, 's-3'],
    [{ organisationId: INSURER.OrganisationId }, 's-3'],
  ] as const)
    it(`when ${JSON.stringify(query)} is looked for, then ${found} is found`, async () => {
      assert.equal((await findHolder(asleep, LIST, query)).authorisationServerId, found);
    });

  it('when several are like it, then it is said how many', async () => {
    await assert.rejects(findHolder(asleep, LIST, { cnpj: '99.887.766/0001-55' }), {
      name: 'HolderNotFound',
      matches: 2,
    });
  });

  for (const query of [
    { name: 'Banco' },
    { cnpj: '' },
    { cnpj: '12ABC34501DE35', authorisationDomain: 'Open Banking' },
    { organisationId: 'a' },
  ])
    it(`when ${JSON.stringify(query)} is looked for, then none is found`, async () => {
      await assert.rejects(findHolder(asleep, LIST, query), { name: 'HolderNotFound', matches: 0 });
    });

  it('when a holder is found, then it has its issuer and what it serves over TLS', async () => {
    assert.deepEqual(await findHolder(asleep, LIST, { name: 'Jatobá' }), {
      organisationId: INSURER.OrganisationId,
      authorisationServerId: 's-3',
      name: 'Jatobá',
      issuer: 'https://auth.jatoba.example',
      apis: [
        {
          family: 'consents',
          version: '3.1.0',
          endpoints: ['https://auth.jatoba.example/consents/v3/consents'],
        },
      ],
    });
  });

  it('when the list is anything at all, then what is no holder is passed over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.jsonValue(), fc.constant(INSURER))), async (list) => {
        const found = await findHolders(asleep, list);
        assert.equal(found.length, list.filter((entry) => entry === INSURER).length);
      }),
    );
  });
});

describe('given the address of the list of participants', () => {
  const answering = (body: string, status = 200) => receiverWith(async () => new Response(body, { status }));
  const find = (receiver: Receiver) =>
    findHolder(receiver, 'https://directory.example/participants', { name: 'Jatobá' });

  it('when it answers, then the holder is found there', async () => {
    assert.equal((await find(answering(JSON.stringify(LIST)))).authorisationServerId, 's-3');
  });

  it('when it refuses, then that is told', async () => {
    await assert.rejects(find(answering('', 503)), { name: 'HolderRefusal', status: 503 });
  });

  it('when it answers with something else, then that is told', async () => {
    for (const body of ['<html>', '{}', '[1]'])
      await assert.rejects(find(answering(body)), { name: 'UnusableAnswer', fault: 'malformed' });
  });

  it('when it does not answer, then that is told', async () => {
    await assert.rejects(find(asleep), { name: 'NoAnswer' });
  });
});
