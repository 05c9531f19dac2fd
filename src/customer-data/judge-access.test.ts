import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationsAt } from '../../test/support/catalog-operations.ts';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { madeUpConsent } from '../../test/support/made-up-consent.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Operation } from '../contract/operation.ts';
import { createJudgeAccess } from './judge-access.ts';

const ANA = '11144477735';
const COMPANY = '11222333000181';
const [personal] = operationsAt('/personal/identifications') as [Operation];
const [business] = operationsAt('/business/identifications') as [Operation];
const [accounts] = operationsAt('/accounts/v2/accounts') as [Operation];

function judge(operation: Operation, consent: Consent, profile: ConsentProfile) {
  const access = createJudgeAccess(profile)(operation, consent);
  return typeof access === 'string' ? { fault: access } : access;
}

function documentsOf(judged: ReturnType<typeof judge>) {
  return 'documents' in judged ? judged.documents : undefined;
}

function permissionsOf(judged: ReturnType<typeof judge>) {
  return 'permissions' in judged ? judged.permissions : undefined;
}

function consentOf(permissions: Iterable<string>, cnpj?: string): Consent {
  return {
    ...madeUpConsent({ permissions: [...permissions], loggedUser: { identification: ANA, rel: 'CPF' } }),
    businessEntity: cnpj === undefined ? undefined : { identification: cnpj, rel: 'CNPJ' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources: [], approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
  };
}

const everything = consentOf(openInsurance.permissions.keys());
const ofCompany = consentOf(openInsurance.permissions.keys(), COMPANY);

describe('given a consent and an operation', () => {
  it('when the consent names no company, then data of companies is closed and that of the person is open', () => {
    assert.deepEqual(judge(business, everything, openInsurance), { fault: 'no-company' });
    assert.deepEqual(documentsOf(judge(personal, everything, openInsurance)), { cpf: ANA });
  });

  it('when it names one, then data of companies is that company’s, and that of persons never', () => {
    assert.deepEqual(documentsOf(judge(business, ofCompany, openInsurance)), { cpf: ANA, cnpj: COMPANY });
    assert.deepEqual(documentsOf(judge(personal, ofCompany, openInsurance)), { cpf: ANA });
  });

  it('when data is of either, then it is whose the consent is', () => {
    const granted = ['ACCOUNTS_READ', 'RESOURCES_READ'];
    assert.deepEqual(documentsOf(judge(accounts, consentOf(granted), openFinance)), { cpf: ANA });
    assert.deepEqual(documentsOf(judge(accounts, consentOf(granted, COMPANY), openFinance)), {
      cpf: ANA,
      cnpj: COMPANY,
    });
  });

  it('when one of several permissions is missing, then it is closed', () => {
    const both: Operation = { ...accounts, permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ'] };
    assert.deepEqual(judge(both, consentOf(['ACCOUNTS_READ']), openFinance), { fault: 'not-granted' });
    assert.deepEqual(
      permissionsOf(judge(both, consentOf(['ACCOUNTS_BALANCES_READ', 'ACCOUNTS_READ']), openFinance)),
      ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ'],
    );
  });

  it('when a version spells the permission its own way, then it is the same permission', () => {
    const [alias, name] =
      [...openInsurance.aliases].find(([, each]) => everything.permissions.includes(each)) ?? [];
    assert.ok(alias && name);
    const spelled: Operation = { ...personal, permissions: [alias] };
    assert.deepEqual(permissionsOf(judge(spelled, everything, openInsurance)), [name]);
  });

  it('when a permission is unknown or none is stated, then it is closed, even if the consent has it', () => {
    for (const permissions of [[], ['UNHEARD_OF_READ'], ['ACCOUNTS_READ', 'UNHEARD_OF_READ']])
      assert.deepEqual(
        judge({ ...accounts, permissions }, consentOf(['ACCOUNTS_READ', 'UNHEARD_OF_READ']), openFinance),
        { fault: 'unknown-permission' },
      );
  });

  it('when the person has been erased from the consent, then it opens nothing', () => {
    const erased = { ...consentOf(['ACCOUNTS_READ']), loggedUser: undefined };
    assert.deepEqual(judge(accounts, erased, openFinance), { fault: 'person-erased' });
  });
});
