import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import type { ConsentProfile } from './consent-profile.ts';
import { type ConsentRequest, type Judgement, judgeRequest } from './judge-request.ts';

const NOW = Date.UTC(2026, 2, 10, 12);
const DAY = 86_400_000;
const PERSON = { identification: '52998224725', rel: 'CPF' };
const COMPANY = { identification: '12ABC34501DE35', rel: 'CNPJ' };

function judge(
  profile: ConsentProfile,
  permissions: string | readonly string[],
  change: Partial<ConsentRequest> = {},
  offered: ReadonlySet<string> = profile.products,
): Judgement {
  const request: ConsentRequest = {
    permissions: typeof permissions === 'string' ? permissions.split(' ') : permissions,
    loggedUser: PERSON,
    businessEntity: undefined,
    expiresAt: NOW + 30 * DAY,
    details: undefined,
    isLinked: undefined,
    ...change,
  };
  return judgeRequest(profile, request, { now: NOW, offered });
}

function without(profile: ConsentProfile, ...products: string[]): ReadonlySet<string> {
  return new Set([...profile.products].filter((product) => !products.includes(product)));
}

const CREDIT = ['LOANS', 'FINANCINGS', 'UNARRANGED_ACCOUNTS_OVERDRAFT', 'INVOICE_FINANCINGS'].flatMap(
  (product) =>
    ['READ', 'WARRANTIES_READ', 'SCHEDULED_INSTALMENTS_READ', 'PAYMENTS_READ'].map(
      (what) => `${product}_${what}`,
    ),
);

describe('given the vectors of the groups in Open Finance', () => {
  const BALANCES = 'ACCOUNTS_READ ACCOUNTS_BALANCES_READ RESOURCES_READ';
  const PERSONAL = 'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ';
  const BUSINESS = 'CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ';

  for (const permissions of [
    BALANCES,
    [...CREDIT, 'RESOURCES_READ'].join(' '),
    'EXCHANGES_READ RESOURCES_READ',
  ])
    it(`when ${permissions.slice(0, 50)} is asked for, then all of it is granted in its order`, () => {
      assert.deepEqual(judge(openFinance, permissions), { granted: permissions.split(' ') });
    });

  for (const permissions of [
    'ACCOUNTS_READ RESOURCES_READ',
    'ACCOUNTS_BALANCES_READ RESOURCES_READ',
    'RESOURCES_READ',
    'ACCOUNTS_READ ACCOUNTS_BALANCES_READ',
    'FUNDS_READ RESOURCES_READ',
    [...CREDIT.slice(1), 'RESOURCES_READ'].join(' '),
  ])
    it(`when ${permissions.slice(0, 50)} is asked for, then the combination is wrong`, () => {
      assert.deepEqual(judge(openFinance, permissions), { refusal: 'COMBINACAO_PERMISSOES_INCORRETA' });
    });

  for (const missing of CREDIT)
    it(`when of the sixteen ${missing} is missing, then the combination is wrong`, () => {
      const permissions = [...CREDIT.filter((name) => name !== missing), 'RESOURCES_READ'];
      assert.deepEqual(judge(openFinance, permissions), { refusal: 'COMBINACAO_PERMISSOES_INCORRETA' });
    });

  it('when exchange is not sold, then its permission is granted all the same', () => {
    const judgement = judge(
      openFinance,
      'EXCHANGES_READ RESOURCES_READ',
      {},
      without(openFinance, 'EXCHANGE'),
    );
    assert.deepEqual(judgement, { granted: ['EXCHANGES_READ', 'RESOURCES_READ'] });
  });

  it('when no credit and no investment is sold, then their permissions are granted all the same', () => {
    const permissions = [
      ...CREDIT,
      ...['BANK_FIXED_INCOMES', 'CREDIT_FIXED_INCOMES', 'FUNDS', 'VARIABLE_INCOMES', 'TREASURE_TITLES'].map(
        (product) => `${product}_READ`,
      ),
      'RESOURCES_READ',
    ];
    assert.deepEqual(judge(openFinance, permissions, {}, new Set()), { granted: permissions });
  });

  it('when natural and legal persons are asked for together, then that is what is wrong', () => {
    for (const businessEntity of [undefined, COMPANY])
      assert.deepEqual(judge(openFinance, `${PERSONAL} ${BUSINESS} RESOURCES_READ`, { businessEntity }), {
        refusal: 'PERMISSAO_PF_PJ_EM_CONJUNTO',
      });
  });

  it('when a company is asked for and not named, then that is what is wrong', () => {
    assert.deepEqual(judge(openFinance, `${BUSINESS} RESOURCES_READ`), {
      refusal: 'INFORMACOES_PJ_NAO_INFORMADAS',
    });
  });

  it('when a company is named beside permissions of natural persons, then that is what is wrong', () => {
    assert.deepEqual(judge(openFinance, `${PERSONAL} RESOURCES_READ`, { businessEntity: COMPANY }), {
      refusal: 'PERMISSOES_PJ_INCORRETAS',
    });
  });

  it('when a company is named and its accounts are asked for, then they are granted', () => {
    assert.ok('granted' in judge(openFinance, BALANCES, { businessEntity: COMPANY }));
    assert.ok('granted' in judge(openFinance, `${BUSINESS} RESOURCES_READ`, { businessEntity: COMPANY }));
  });

  it('when a permission does not exist, then it is unknown before anything else is judged', () => {
    assert.deepEqual(judge(openFinance, 'FOO_READ'), { refusal: 'PERMISSAO_DESCONHECIDA' });
    assert.deepEqual(judge(openFinance, `${PERSONAL} ${BUSINESS} FOO_READ`), {
      refusal: 'PERMISSAO_DESCONHECIDA',
    });
  });

  it('when a permission comes twice, then it is refused', () => {
    assert.deepEqual(judge(openFinance, `${BALANCES} RESOURCES_READ`), { refusal: 'PERMISSAO_REPETIDA' });
  });

  it('when accounts are not offered, then nothing functional remains of a request for balances', () => {
    assert.deepEqual(judge(openFinance, BALANCES, {}, without(openFinance, 'ACCOUNT')), {
      refusal: 'SEM_PERMISSOES_FUNCIONAIS_RESTANTES',
    });
  });

  it('when accounts are all that is offered, then the companion is granted with them', () => {
    const judgement = judge(openFinance, BALANCES, {}, new Set(['ACCOUNT']));
    assert.deepEqual(judgement, { granted: BALANCES.split(' ') });
  });

  it('when accounts are not offered and cards are, then the rest is granted', () => {
    const cards = 'CREDIT_CARDS_ACCOUNTS_READ CREDIT_CARDS_ACCOUNTS_LIMITS_READ';
    const judgement = judge(openFinance, `${BALANCES} ${cards}`, {}, without(openFinance, 'ACCOUNT'));
    assert.deepEqual(judgement, { granted: ['RESOURCES_READ', ...cards.split(' ')] });
  });

  it('when the end is past or too far ahead, then the date is wrong', () => {
    for (const expiresAt of [NOW - DAY, NOW, NOW + 400 * DAY, Number.NaN])
      assert.deepEqual(judge(openFinance, BALANCES, { expiresAt }), { refusal: 'DATA_EXPIRACAO_INVALIDA' });
  });

  it('when there is no end, then the consent is without end', () => {
    assert.ok('granted' in judge(openFinance, BALANCES, { expiresAt: undefined }));
  });

  it('when a document has a wrong check digit, then it is refused, company or person', () => {
    for (const change of [
      { loggedUser: { identification: '52998224724', rel: 'CPF' } },
      { loggedUser: { identification: '52998224725', rel: 'RNE' } },
      { businessEntity: { identification: '12ABC34501DE36', rel: 'CNPJ' } },
    ])
      assert.deepEqual(judge(openFinance, BALANCES, change), { refusal: 'DOCUMENTO_INVALIDO' });
  });

  it('when several rules are broken, then the first of the profile’s order is told', () => {
    const broken = { expiresAt: NOW - DAY };
    assert.deepEqual(judge(openFinance, 'ACCOUNTS_READ RESOURCES_READ', broken, new Set()), {
      refusal: 'COMBINACAO_PERMISSOES_INCORRETA',
    });
    const otherOrder = { ...openFinance, creationRules: openFinance.creationRules.toReversed() };
    assert.deepEqual(judge(otherOrder, 'ACCOUNTS_READ RESOURCES_READ', broken, new Set()), {
      refusal: 'SEM_PERMISSOES_FUNCIONAIS_RESTANTES',
    });
  });
});

describe('given the rules of Open Insurance', () => {
  it('when one permission of a branch comes with the companion, then it is granted', () => {
    const permissions = 'DAMAGES_AND_PEOPLE_AUTO_PREMIUM_READ RESOURCES_READ';
    assert.deepEqual(judge(openInsurance, permissions), { granted: permissions.split(' ') });
  });

  for (const permissions of [
    'DAMAGES_AND_PEOPLE_TRANSPORT_PREMIUM_READ',
    'RESOURCES_READ',
    'QUOTE_AUTO_LEAD_UPDATE',
    'QUOTE_AUTO_READ QUOTE_AUTO_CREATE',
  ])
    it(`when ${permissions} is asked for, then something mandatory is missing`, () => {
      assert.deepEqual(judge(openInsurance, permissions), { refusal: 'COMBINACAO_PERMISSOES_INCORRETA' });
    });

  for (const permissions of [
    'LIFE_PENSION_READ RESOURCES_READ QUOTE_AUTO_LEAD_CREATE QUOTE_AUTO_LEAD_UPDATE',
    'LIFE_PENSION_READ QUOTE_AUTO_LEAD_UPDATE',
    'QUOTE_AUTO_LEAD_CREATE QUOTE_AUTO_LEAD_UPDATE QUOTE_RURAL_LEAD_CREATE QUOTE_RURAL_LEAD_UPDATE',
  ])
    it(`when ${permissions.slice(0, 60)} is asked for, then groups are mixed`, () => {
      assert.deepEqual(judge(openInsurance, permissions), { refusal: 'AGRUPAMENTOS_EXCLUSIVOS_EM_CONJUNTO' });
    });

  it('when every group for one service is asked for alone, then it is granted where an API takes it', () => {
    const details = Object.fromEntries(openInsurance.details.map(({ member }) => [member, {}]));
    for (const { rule, permissions, scopes } of openInsurance.groups) {
      if (rule !== 'exclusive') continue;
      const expected =
        scopes.length > 0 ? { granted: permissions } : { refusal: 'SEM_PERMISSOES_FUNCIONAIS_RESTANTES' };
      assert.deepEqual(judge(openInsurance, permissions, { details }), expected, permissions.join(' '));
    }
  });

  it('when what describes the service is missing, then it is refused', () => {
    const endorsement = (details: ConsentRequest['details']) =>
      judge(openInsurance, 'ENDORSEMENT_REQUEST_CREATE', { details });
    const refusal = { refusal: 'INFORMACOES_DO_SERVICO_NAO_INFORMADAS' };
    assert.deepEqual(endorsement(undefined), refusal);
    assert.deepEqual(endorsement({ claimNotificationInformation: {} }), refusal);
    assert.deepEqual(endorsement({ endorsementInformation: {} }), {
      granted: ['ENDORSEMENT_REQUEST_CREATE'],
    });
  });

  it('when there is no end, then the date is wrong', () => {
    assert.deepEqual(judge(openInsurance, 'LIFE_PENSION_READ RESOURCES_READ', { expiresAt: undefined }), {
      refusal: 'DATA_EXPIRACAO_INVALIDA',
    });
  });

  it('when a branch is not offered, then only its permissions go', () => {
    const judgement = judge(
      openInsurance,
      'LIFE_PENSION_READ DAMAGES_AND_PEOPLE_AUTO_READ RESOURCES_READ',
      {},
      without(openInsurance, 'DAMAGES_AND_PEOPLE_AUTO'),
    );
    assert.deepEqual(judgement, { granted: ['LIFE_PENSION_READ', 'RESOURCES_READ'] });
  });

  it('when natural and legal persons are asked for together, then no rule forbids it', () => {
    const permissions =
      'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ RESOURCES_READ';
    assert.ok('granted' in judge(openInsurance, permissions));
  });
});
