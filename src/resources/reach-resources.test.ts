import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { madeUpConsent } from '../../test/support/made-up-consent.ts';
import type { Customer, Institution, OfferedResource } from '../connectors/institution.ts';
import type { Consent, PickedResource } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import { reachResources } from './reach-resources.ts';

const [ANA, BEA, COMPANY] = ['11144477735', '52998224725', '11222333000181'];
const CREDIT = openFinance.groups.find(({ id }) => id === 'credit-operations')?.permissions ?? [];

function owned(type: string, ref: string, approvers: readonly string[] = []): OfferedResource {
  return { type, ref, label: ref, approvers };
}

function picked(type: string, ref: string, change: Partial<PickedResource> = {}): PickedResource {
  return { type, ref, awaiting: [], isRefused: false, ...change };
}

/** Ana's consent once she has given it. */
function authorised(
  permissions: readonly string[],
  resources: readonly PickedResource[] = [],
  change: Partial<Consent> = {},
): Consent {
  return {
    ...madeUpConsent({ permissions: [...permissions, 'RESOURCES_READ'] }),
    loggedUser: { identification: ANA, rel: 'CPF' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources, approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
    ...change,
  };
}

/** An institution with one customer; what her company has is apart. It answers with more than it is asked for. */
function institutionOf(own: readonly OfferedResource[], companys: readonly OfferedResource[] = []) {
  const ana: Customer = { id: 'c-1', name: 'Ana', cpf: ANA, companies: [{ cnpj: COMPANY, name: 'Firma' }] };
  const asked: string[] = [];
  const institution: Pick<Institution, 'customerWith' | 'discover'> = {
    customerWith: async (cpf) => (cpf === ANA ? ana : undefined),
    async discover(_customer, cnpj, types) {
      asked.push(...types);
      return cnpj === COMPANY ? companys : own;
    },
  };
  return { institution, asked };
}

async function reach(
  consent: Consent,
  institution: Pick<Institution, 'customerWith' | 'discover'>,
  profile: ConsentProfile = openFinance,
): Promise<string[]> {
  const reached = await reachResources(consent, profile, institution, AbortSignal.timeout(1000));
  return reached.map(({ type, ref, status }) => `${type} ${ref} ${status}`);
}

const BALANCES = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ'];

describe('given accounts, which are picked one by one', () => {
  it('when an account was not picked, or opened since, then it is not listed (vector 17)', async () => {
    const { institution } = institutionOf([owned('ACCOUNT', 'one'), owned('ACCOUNT', 'opened-since')]);
    const consent = authorised(BALANCES, [picked('ACCOUNT', 'one')]);
    assert.deepEqual(await reach(consent, institution), ['ACCOUNT one AVAILABLE']);
  });

  it('when a picked account is gone, then it is listed as unavailable', async () => {
    const { institution } = institutionOf([owned('ACCOUNT', 'one')]);
    const consent = authorised(BALANCES, [picked('ACCOUNT', 'one'), picked('ACCOUNT', 'gone')]);
    assert.deepEqual(await reach(consent, institution), [
      'ACCOUNT one AVAILABLE',
      'ACCOUNT gone UNAVAILABLE',
    ]);
  });

  it('when one awaits an approver and one was refused, then each has its own state', async () => {
    const accounts = ['mine', 'ours', 'refused'];
    const { institution } = institutionOf(accounts.map((ref) => owned('ACCOUNT', ref)));
    const consent = authorised(BALANCES, [
      picked('ACCOUNT', 'mine'),
      picked('ACCOUNT', 'ours', { awaiting: [BEA] }),
      picked('ACCOUNT', 'refused', { isRefused: true }),
    ]);
    assert.deepEqual(await reach(consent, institution), [
      'ACCOUNT mine AVAILABLE',
      'ACCOUNT ours PENDING_AUTHORISATION',
      'ACCOUNT refused UNAVAILABLE',
    ]);
  });

  it('when the institution does not know the customer any more, then what was picked is unavailable', async () => {
    const { institution, asked } = institutionOf([owned('ACCOUNT', 'one'), owned('LOAN', 'l')]);
    const consent = authorised([...BALANCES, ...CREDIT], [picked('ACCOUNT', 'one')], {
      loggedUser: { identification: BEA, rel: 'CPF' },
    });
    assert.deepEqual(await reach(consent, institution), ['ACCOUNT one UNAVAILABLE']);
    assert.deepEqual(asked, [], 'nobody’s resources were asked for');
  });

  it('when the person of the consent has been erased, then nothing is available', async () => {
    const { institution } = institutionOf([owned('ACCOUNT', 'one')]);
    const consent = authorised(BALANCES, [picked('ACCOUNT', 'one')], { loggedUser: undefined });
    assert.deepEqual(await reach(consent, institution), ['ACCOUNT one UNAVAILABLE']);
  });

  it('when its permissions were not granted, then what was picked of a type is not listed', async () => {
    const { institution } = institutionOf([owned('ACCOUNT', 'one'), owned('CREDIT_CARD_ACCOUNT', 'card')]);
    const consent = authorised(BALANCES, [picked('ACCOUNT', 'one'), picked('CREDIT_CARD_ACCOUNT', 'card')]);
    assert.deepEqual(await reach(consent, institution), ['ACCOUNT one AVAILABLE']);
  });
});

describe('given credit operations, which are shared as a whole', () => {
  it('when a loan is taken out after the consent, then it appears by itself (vector 16)', async () => {
    const consent = authorised(CREDIT);
    const before = institutionOf([owned('FINANCING', 'old')]);
    assert.deepEqual(await reach(consent, before.institution), ['FINANCING old AVAILABLE']);
    const after = institutionOf([owned('FINANCING', 'old'), owned('LOAN', 'new')]);
    assert.deepEqual(await reach(consent, after.institution), [
      'FINANCING old AVAILABLE',
      'LOAN new AVAILABLE',
    ]);
  });

  it('when nothing is owned, then the list is empty', async () => {
    assert.deepEqual(await reach(authorised(CREDIT), institutionOf([]).institution), []);
  });

  it('when approvers have been asked about some, then their word lies over what is there', async () => {
    const { institution } = institutionOf([
      owned('LOAN', 'mine'),
      owned('LOAN', 'ours', [BEA]),
      owned('LOAN', 'refused', [BEA]),
      owned('LOAN', 'approved', [BEA]),
    ]);
    const consent = authorised(CREDIT, [
      picked('LOAN', 'ours', { awaiting: [BEA] }),
      picked('LOAN', 'refused', { isRefused: true }),
      picked('LOAN', 'approved'),
    ]);
    assert.deepEqual(await reach(consent, institution), [
      'LOAN mine AVAILABLE',
      'LOAN ours PENDING_AUTHORISATION',
      'LOAN refused UNAVAILABLE',
      'LOAN approved AVAILABLE',
    ]);
  });

  it('when one acquired since needs a word that nobody was asked for, then it is not available', async () => {
    const { institution } = institutionOf([owned('LOAN', 'new-and-ours', [ANA, BEA])]);
    assert.deepEqual(await reach(authorised(CREDIT), institution), [
      'LOAN new-and-ours PENDING_AUTHORISATION',
    ]);
  });

  it('when two types have one reference, then the word on one is not the word on the other', async () => {
    const { institution } = institutionOf([owned('LOAN', '1', [BEA]), owned('FINANCING', '1')]);
    const consent = authorised(CREDIT, [picked('LOAN', '1', { isRefused: true })]);
    assert.deepEqual(await reach(consent, institution), ['LOAN 1 UNAVAILABLE', 'FINANCING 1 AVAILABLE']);
  });

  it('when only a part of the group is granted, then nothing of it is reached', async () => {
    const { institution, asked } = institutionOf([owned('LOAN', 'one')]);
    assert.deepEqual(await reach(authorised(CREDIT.slice(1)), institution), []);
    assert.deepEqual(asked, []);
  });

  it('when the institution answers with more than it was asked for, then the rest is left out', async () => {
    const { institution, asked } = institutionOf([owned('LOAN', 'one'), owned('ACCOUNT', 'not-asked-for')]);
    assert.deepEqual(await reach(authorised(CREDIT), institution), ['LOAN one AVAILABLE']);
    assert.ok(!asked.includes('ACCOUNT'));
  });
});

describe('given a consent for a company', () => {
  it('when its resources are listed, then they are the company’s and not the person’s own', async () => {
    const { institution } = institutionOf([owned('LOAN', 'own')], [owned('LOAN', 'companys')]);
    const consent = authorised(CREDIT, [], { businessEntity: { identification: COMPANY, rel: 'CNPJ' } });
    assert.deepEqual(await reach(consent, institution), ['LOAN companys AVAILABLE']);
  });
});

describe('given Open Insurance, where permissions of a group stand for themselves', () => {
  const [identification, qualification] = [
    'CUSTOMERS_PERSONAL_IDENTIFICATIONS',
    'CUSTOMERS_PERSONAL_QUALIFICATION',
  ];

  it('when one of them is granted, then only what that one opens is reached', async () => {
    const { institution, asked } = institutionOf([owned(identification, 'i'), owned(qualification, 'q')]);
    const consent = authorised([`${identification}_READ`]);
    assert.deepEqual(await reach(consent, institution, openInsurance), [`${identification} i AVAILABLE`]);
    assert.deepEqual(asked, [identification]);
  });

  it('when policies are picked, then the policies of other branches are not reached', async () => {
    const [auto, housing] = ['DAMAGES_AND_PEOPLE_AUTO', 'DAMAGES_AND_PEOPLE_HOUSING'];
    const { institution } = institutionOf([owned(auto, 'car'), owned(auto, 'bike'), owned(housing, 'h')]);
    const consent = authorised([`${auto}_READ`], [picked(auto, 'car')]);
    assert.deepEqual(await reach(consent, institution, openInsurance), [`${auto} car AVAILABLE`]);
  });
});

describe('given an institution whose systems are away', () => {
  it('when resources are asked for, then nothing is said of them', async () => {
    const away = async () => {
      throw new Error('away');
    };
    await assert.rejects(reach(authorised(CREDIT), { customerWith: away, discover: away }), /away/);
    const { institution } = institutionOf([]);
    await assert.rejects(reach(authorised(CREDIT), { ...institution, discover: away }), /away/);
  });
});
