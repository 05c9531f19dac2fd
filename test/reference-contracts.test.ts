import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { before, describe, it } from 'node:test';
import { bundleSchema } from '../src/contract/bundle-schema.ts';
import { createContractLibrary } from '../src/contract/contract-library.ts';
import { renderErrorBody } from '../src/contract/error-shape.ts';
import { child } from '../src/contract/follow.ts';
import type { LoadedContracts } from '../src/contract/load-contracts.ts';
import type { Operation } from '../src/contract/operation.ts';
import { loadFolders } from './support/contract-folder.ts';
import { referenceContracts } from './support/reference-contracts.ts';
import { validator } from './support/schema-site.ts';

/**
 * What the regulators' documents say, one line for each document and below it one for each operation: file, version,
 * whether it demands a token, mount path; then method (GET unless named) and path, default/smallest/largest page size,
 * and the counted array. `-` stands for an operation that is not paged or answers with one record.
 */
const FACTS = `
ofb/acquiring-services-1.0.1.yml 1.0.1 open /open-banking/opendata-acquiring-services/v1
  /personals 25/1/1000 /data
  /businesses 25/1/1000 /data
ofb/admin-2.0.1.yml 2.0.1 open /open-banking/admin/v2
  /metrics 25/1/1000 /data
ofb/capitalization-bonds-2.0.0.yml 2.0.0 open /open-banking/opendata-capitalization/v2
  /bonds 25/1/1000 /data/*/society/products
ofb/channels-2.0.1.yml 2.0.1 open /open-banking/channels/v2
  /banking-agents 25/1/1000 /data/*/bankingAgents
  /branches 25/1/1000 /data
  /electronic-channels 25/1/1000 /data
  /phone-channels 25/1/1000 /data
  /shared-automated-teller-machines 25/1/1000 /data
ofb/common-2.0.1.yml 2.0.1 open /open-banking/discovery/v2
  /status 25/1/1000 /data/status
  /outages 25/1/1000 /data
ofb/exchange-1.0.1.yml 1.0.1 open /open-banking/opendata-exchange/v1
  /online-rates 25/1/1000 /data
  /vet-values 25/1/1000 /data
ofb/insurances-2.0.0.yml 2.0.0 open /open-banking/opendata-insurance/v2
  /personals 25/1/1000 /data/*/society/products
ofb/investments-1.0.1.yml 1.0.1 open /open-banking/opendata-investments/v1
  /funds 25/1/1000 /data
  /bank-fixed-incomes 25/1/1000 /data
  /credit-fixed-incomes 25/1/1000 /data
  /variable-incomes 25/1/1000 /data
  /treasure-titles 25/1/1000 /data
ofb/opendata-accounts-1.0.1.yml 1.0.1 open /open-banking/opendata-accounts/v1
  /personal-accounts 25/1/1000 /data
  /business-accounts 25/1/1000 /data
ofb/opendata-creditcards-1.0.1.yml 1.0.1 open /open-banking/opendata-creditcards/v1
  /personal-credit-cards 25/1/1000 /data
  /business-credit-cards 25/1/1000 /data
ofb/opendata-financings-1.0.1.yml 1.0.1 open /open-banking/opendata-financings/v1
  /personal-financings 25/1/1000 /data
  /business-financings 25/1/1000 /data
ofb/opendata-invoicefinancings-1.0.1.yml 1.0.1 open /open-banking/opendata-invoicefinancings/v1
  /personal-invoice-financings 25/1/1000 /data
  /business-invoice-financings 25/1/1000 /data
ofb/opendata-loans-1.0.1.yml 1.0.1 open /open-banking/opendata-loans/v1
  /personal-loans 25/1/1000 /data
  /business-loans 25/1/1000 /data
ofb/opendata-unarranged-1.0.1.yml 1.0.1 open /open-banking/opendata-unarranged/v1
  /personal-unarranged-account-overdraft 25/1/1000 /data
  /business-unarranged-account-overdraft 25/1/1000 /data
ofb/pension-2.0.0.yml 2.0.0 open /open-banking/opendata-pension/v2
  /risk-coverages 25/1/1000 /data/*/society/products
  /survival-coverages 25/1/1000 /data/*/society/products
ofb/consents-3.3.1.yml 3.3.1 protected /open-banking/consents/v3
  POST /consents - -
  /consents/{consentId} - -
  DELETE /consents/{consentId} - -
  /consents/{consentId}/extensions 25/25/1000 /data
  POST /consents/{consentId}/extends - -
ofb/resources-3.1.0.yml 3.1.0 protected /open-banking/resources/v3
  /resources 25/25/1000 /data
opin/admin_metrics.yaml 1.3.0 open /open-insurance/admin/v1
  /metrics 25/1/1000 -
opin/assistance-general-assets.yaml 2.0.0 open /open-insurance/products-services/v2
  /assistance-general-assets 10/1/1000 /data/brand/companies/*/products
opin/auto-extended-warranty.yaml 2.0.0 open /open-insurance/products-services/v2
  /auto-extended-warranty 10/1/1000 /data/brand/companies/*/products
opin/auto-insurance.yaml 2.0.0 open /open-insurance/products-services/v2
  /auto-insurance/{vehicleOvernightZipCode}/{fipeCode}/{year} 10/1/1000 /data/brand/companies/*/products
opin/business.yaml 2.0.0 open /open-insurance/products-services/v2
  /business 10/1/1000 /data/brand/companies/*/products
opin/capitalization-title.yaml 2.0.0 open /open-insurance/products-services/v2
  /capitalization-title 10/1/1000 /data/brand/companies/*/products
opin/condominium.yaml 2.0.0 open /open-insurance/products-services/v2
  /condominium/{commercializationArea} 10/1/1000 /data/brand/companies/*/products
opin/data_channels.yaml 2.0.0 open /open-insurance/channels/v2
  /branches 25/1/1000 /data/brand/companies/*/branches
  /electronic-channels 25/1/1000 /data/brand/companies/*/electronicChannels
  /phone-channels 25/1/1000 /data/brand/companies/*/phoneChannels
opin/directors-officers-liability.yaml 2.0.0 open /open-insurance/products-services/v2
  /directors-officers-liability 10/1/1000 /data/brand/companies/*/products
opin/discovery.yaml 1.3.0 open /open-insurance/discovery/v1
  /status 25/1/1000 /data/status
  /outages 25/1/1000 /data
opin/domestic-credit.yaml 2.0.0 open /open-insurance/products-services/v2
  /domestic-credit 10/1/1000 /data/brand/companies/*/products
opin/engineering.yaml 2.0.0 open /open-insurance/products-services/v2
  /engineering 10/1/1000 /data/brand/companies/*/products
opin/environmental-liability.yaml 2.0.0 open /open-insurance/products-services/v2
  /environmental-liability 10/1/1000 /data/brand/companies/*/products
opin/equipment-breakdown.yaml 2.0.0 open /open-insurance/products-services/v2
  /equipment-breakdown 10/1/1000 /data/brand/companies/*/products
opin/errors-omissions-liability.yaml 2.0.0 open /open-insurance/products-services/v2
  /errors-omissions-liability 10/1/1000 /data/brand/companies/*/products
opin/export-credit.yaml 2.0.0 open /open-insurance/products-services/v2
  /export-credit 10/1/1000 /data/brand/companies/*/products
opin/extended-warranty.yaml 2.0.0 open /open-insurance/products-services/v2
  /extended-warranty 10/1/1000 /data/brand/companies/*/products
opin/financial-risk.yaml 2.0.0 open /open-insurance/products-services/v2
  /financial-risk 10/1/1000 /data/brand/companies/*/products
opin/general-liability.yaml 2.0.0 open /open-insurance/products-services/v2
  /general-liability 10/1/1000 /data/brand/companies/*/products
opin/global-banking.yaml 1.1.0 open /open-insurance/products-services/v1
  /global-banking 10/1/1000 /data/brand/companies/*/products
opin/home-insurance.yaml 2.0.0 open /open-insurance/products-services/v2
  /home-insurance/commercializationArea/{commercializationArea} 10/1/1000 /data/brand/companies/*/products
opin/housing.yaml 2.0.0 open /open-insurance/products-services/v2
  /housing 10/1/1000 /data/brand/companies/*/products
opin/intermediary.yaml 2.0.0 open /open-insurance/channels/v2
  /intermediary/{countrySubDivision} 10/1/1000 /data/brand/companies/*/identification
opin/life-pension.yaml 2.0.0 open /open-insurance/products-services/v2
  /life-pension 10/1/1000 /data/brand/companies/*/products
opin/lost-profit.yaml 2.0.0 open /open-insurance/products-services/v2
  /lost-profit 10/1/1000 /data/brand/companies/*/products
opin/named-operational-risks.yaml 1.1.0 open /open-insurance/products-services/v1
  /named-operational-risks 10/1/1000 /data/brand/companies/*/products
opin/pension-plan.yaml 2.0.0 open /open-insurance/products-services/v2
  /pension-plan 10/1/1000 /data/brand/companies/*/products
opin/person.yaml 2.0.0 open /open-insurance/products-services/v2
  /person 10/1/1000 /data/brand/companies/*/products
opin/private-guarantee.yaml 2.0.0 open /open-insurance/products-services/v2
  /private-guarantee 10/1/1000 /data/brand/companies/*/products
opin/public-guarantee.yaml 2.0.0 open /open-insurance/products-services/v2
  /public-guarantee 10/1/1000 /data/brand/companies/*/products
opin/referenced-network.yaml 2.0.0 open /open-insurance/channels/v2
  /referenced-network/{countrySubDivision}/{serviceType} 10/1/1000 /data/brand/companies/*/identification
opin/rent-guarantee.yaml 2.0.0 open /open-insurance/products-services/v2
  /rent-guarantee 10/1/1000 /data/brand/companies/*/products
opin/consents_v2.yaml 2.7.0 protected /open-insurance/consents/v2
  POST /consents - -
  /consents/{consentId} - -
  DELETE /consents/{consentId} - -
opin/consents_v3.yaml 3.0.0 protected /open-insurance/consents/v3
  POST /consents - -
  /consents/{consentId} - -
  DELETE /consents/{consentId} - -
opin/customers.yaml 2.0.0 protected /open-insurance/customers/v2
  /personal/identifications - /data
  /personal/qualifications - /data
  /personal/complimentary-information - /data
  /business/identifications - /data
  /business/qualifications - /data
  /business/complimentary-information - /data
opin/insurance-acceptance-and-branches-abroad.yaml 2.0.0 protected /open-insurance/insurance-acceptance-and-branches-abroad/v2
  /insurance-acceptance-and-branches-abroad 25/1/1000 /data/*/companies/*/policies
  /insurance-acceptance-and-branches-abroad/{policyId}/policy-info - -
  /insurance-acceptance-and-branches-abroad/{policyId}/premium - -
  /insurance-acceptance-and-branches-abroad/{policyId}/claim 25/1/1000 /data
opin/insurance-auto.yaml 1.4.0 protected /open-insurance/insurance-auto/v1
  /insurance-auto 25/1/1000 /data/*/companies/*/policies
  /insurance-auto/{policyId}/policy-info - -
  /insurance-auto/{policyId}/premium - -
  /insurance-auto/{policyId}/claim 25/1/1000 /data
opin/insurance-capitalization-title.yaml 1.5.0 protected /open-insurance/insurance-capitalization-title/v1
  /insurance-capitalization-title/plans 25/1/1000 /data/*/brand/companies/*/products
  /insurance-capitalization-title/{planId}/plan-info - -
  /insurance-capitalization-title/{planId}/events 25/1/1000 /data
  /insurance-capitalization-title/{planId}/settlements 25/1/1000 /data
opin/insurance-financial-assistance.yaml 1.3.0 protected /open-insurance/insurance-financial-assistance/v1
  /insurance-financial-assistance/contracts 25/1/1000 /data/*/brand/companies/*/contracts
  /insurance-financial-assistance/{contractId}/contract-info - -
  /insurance-financial-assistance/{contractId}/movements 25/1/1000 /data
opin/insurance-financial-risk.yaml 2.0.0 protected /open-insurance/insurance-financial-risk/v2
  /insurance-financial-risk 25/1/1000 /data/*/companies/*/policies
  /insurance-financial-risk/{policyId}/policy-info - -
  /insurance-financial-risk/{policyId}/premium - -
  /insurance-financial-risk/{policyId}/claim 25/1/1000 /data
opin/insurance-housing.yaml 1.4.0 protected /open-insurance/insurance-housing/v1
  /insurance-housing 25/1/1000 /data/*/companies/*/policies
  /insurance-housing/{policyId}/policy-info - -
  /insurance-housing/{policyId}/premium - -
  /insurance-housing/{policyId}/claim 25/1/1000 /data
opin/insurance-life-pension.yaml 1.5.0 protected /open-insurance/insurance-life-pension/v1
  /insurance-life-pension/contracts 25/1/1000 /data/*/brand/companies/*/contracts
  /insurance-life-pension/{certificateId}/contract-info 25/1/1000 -
  /insurance-life-pension/{certificateId}/movements - -
  /insurance-life-pension/{certificateId}/portabilities 25/1/1000 /data/portabilityInfo
  /insurance-life-pension/{certificateId}/withdrawals 25/1/1000 /data
  /insurance-life-pension/{certificateId}/claim 25/1/1000 /data
opin/insurance-patrimonial.yaml 2.0.0 protected /open-insurance/insurance-patrimonial/v2
  /insurance-patrimonial 25/1/1000 /data/*/companies/*/policies
  /insurance-patrimonial/{policyId}/policy-info - -
  /insurance-patrimonial/{policyId}/premium - -
  /insurance-patrimonial/{policyId}/claim - /data
opin/insurance-pension-plan.yaml 1.5.0 protected /open-insurance/insurance-pension-plan/v1
  /insurance-pension-plan/contracts 25/1/1000 /data/*/brand/companies/*/contracts
  /insurance-pension-plan/{pensionIdentification}/contract-info - -
  /insurance-pension-plan/{pensionIdentification}/movements - -
  /insurance-pension-plan/{pensionIdentification}/portabilities 25/1/1000 /data/portabilityInfo
  /insurance-pension-plan/{pensionIdentification}/withdrawals 25/1/1000 /data
  /insurance-pension-plan/{pensionIdentification}/claim 25/1/1000 /data
opin/insurance-person.yaml 1.6.1 protected /open-insurance/insurance-person/v1
  /insurance-person 25/1/1000 /data/*/brand/companies/*/policies
  /insurance-person/{policyId}/policy-info - -
  /insurance-person/{policyId}/premium - -
  /insurance-person/{policyId}/claim 25/1/1000 /data
opin/insurance-responsibility.yaml 2.0.0 protected /open-insurance/insurance-responsibility/v2
  /insurance-responsibility 25/1/1000 /data/*/companies/*/policies
  /insurance-responsibility/{policyId}/policy-info - -
  /insurance-responsibility/{policyId}/premium - -
  /insurance-responsibility/{policyId}/claim 25/1/1000 /data
opin/resources_v2.yaml 2.5.0 protected /open-insurance/resources/v2
  /resources 25/1/1000 /data
opin/resources_v3.yaml 3.0.0 protected /open-insurance/resources/v3
  /resources 25/1/1000 /data
opin/v1/admin_metrics-v1.0.0.yaml 1.0.0 open /open-insurance/admin/v1
  /metrics 25/1/1000 -
opin/v1/auto-insurance-v1.0.0.yaml 1.0.0 open /open-insurance/products-services/v1
  /auto-insurance/{commercializationArea}/{fipeCode}/{year} 10/1/1000 /data/brand/company/*/products
opin/v1/auto-insurance-v1.2.0.yaml 1.2.0 open /open-insurance/products-services/v1
  /auto-insurance/{commercializationArea}/{fipeCode}/{year} 10/1/1000 /data/brand/companies/*/products
opin/v1/capitalization-title-v1.0.0.yaml 1.0.0 open /open-insurance/products-services/v1
  /capitalization-title 10/1/1000 /brand/companies/*/product
opin/v1/capitalization-title-v1.1.0.yaml 1.1.0 open /open-insurance/products-services/v1
  /capitalization-title 10/1/1000 /data/brand/companies/*/products
opin/v1/data_channels-v1.0.0.yaml 1.0.0 open /open-insurance/channels/v1
  /branches 25/1/1000 /data/brand/companies/*/branches
  /electronic-channels 25/1/1000 /brand/companies/*/electronicChannels
  /phone-channels 25/1/1000 /data/brand/companies/*/phoneChannels
opin/v1/data_channels-v1.2.0.yaml 1.2.0 open /open-insurance/channels/v1
  /branches 25/1/1000 /data/brand/companies/*/branches
  /electronic-channels 25/1/1000 /data/brand/companies/*/electronicChannels
  /phone-channels 25/1/1000 /data/brand/companies/*/phoneChannels
opin/v1/discovery-v1.0.0.yaml 1.0.0 open /open-insurance/discovery/v1
  /status 25/1/1000 /data/status
  /outages 25/1/1000 /data
opin/v1/discovery-v1.2.0.yaml 1.2.0 open /open-insurance/discovery/v1
  /status 25/1/1000 /data/status
  /outages 25/1/1000 /data
opin/v1/home-insurance-v1.0.0.yaml 1.0.0 open /open-insurance/products-services/v1
  /home-insurance/commercializationArea/{commercializationArea} 10/1/1000 /data/brand/company/*/products
opin/v1/home-insurance-v1.1.0.yaml 1.1.0 open /open-insurance/products-services/v1
  /home-insurance/commercializationArea/{commercializationArea} 10/1/1000 /data/brand/company/*/products
opin/v1/insurance-financial-assistance-v1.0.0.yaml 1.0.0 protected /open-insurance/insurance-financial-assistance/v1
  /insurance-financial-assistance/contracts 25/1/1000 /data/brand/companies/*/contracts
  /insurance-financial-assistance/{contractId}/contract-info - -
  /insurance-financial-assistance/{contractId}/movements - /data
opin/v1/insurance-financial-assistance-v1.1.0.yaml 1.1.0 protected /open-insurance/insurance-financial-assistance/v1
  /insurance-financial-assistance/contracts 25/1/1000 /data/*/brand/companies/*/contracts
  /insurance-financial-assistance/{contractId}/contract-info - -
  /insurance-financial-assistance/{contractId}/movements 25/1/1000 /data
opin/v1/life-pension-v1.0.0.yaml 1.0.0 open /open-insurance/products-services/v1
  /life-pension 10/1/1000 /*/products
opin/v1/life-pension-v1.2.0.yaml 1.2.0 open /open-insurance/products-services/v1
  /life-pension 10/1/1000 /*/products
opin/v1/pension-plan-v1.0.0.yaml 1.0.0 open /open-insurance/products-services/v1
  /pension-plan 10/1/1000 /brand/companies/products
opin/v1/pension-plan-v1.1.0.yaml 1.1.0 open /open-insurance/products-services/v1
  /pension-plan 10/1/1000 /data/brand/companies/*/products
opin/v1/person-v1.0.0.yaml 1.0.0 open /open-insurance/products-services/v1
  /person 10/1/1000 /data/brand/companies/*/products
opin/v1/person-v1.3.0.yaml 1.3.0 open /open-insurance/products-services/v1
  /person 10/1/1000 /data/brand/companies/*/products
`;

/** Documents with operations for which no error status has a body. */
const WITHOUT_ERROR_BODIES = new Set([
  'directory/openapi.yaml',
  'directory/swagger_participants.yaml',
  'ofb/participants-1.0.0.yml',
  'opin/v1/admin_metrics-v1.0.0.yaml',
  'opin/v1/discovery-v1.0.0.yaml',
]);

/** The heading of this operation's permission is misspelt, so it needs an entry in the configuration. */
const MISSPELT =
  'GET /open-insurance/insurance-pension-plan/v1/insurance-pension-plan/{pensionIdentification}/portabilities';

const needsReferences =
  referenceContracts === undefined
    ? { skip: 'no reference contracts here: set GUICHE_REFERENCE_CONTRACTS to their folder to compare' }
    : {};

function fileOf({ source }: Operation): string {
  return relative(referenceContracts ?? '', source.file).replaceAll('\\', '/');
}

/** An operation in the form of the table. */
function factsOf({ key, version, open, paging, answer }: Operation): string {
  const pages = paging ? `${paging.defaultSize}/${paging.minSize}/${paging.maxSize}` : '-';
  const counted = answer.countedArray ? `/${answer.countedArray.join('/')}` : '-';
  return `${version} ${open ? 'open' : 'protected'} ${key} ${pages} ${counted}`;
}

function readFacts(): Map<string, string[]> {
  const facts = new Map<string, string[]>();
  let [file = '', version = '', openness = '', mount = ''] = [] as string[];
  for (const line of FACTS.trim().split('\n')) {
    if (!line.startsWith(' ')) {
      [file = '', version = '', openness = '', mount = ''] = line.split(' ');
      facts.set(file, []);
      continue;
    }
    const [, method = 'GET', path, pages, counted] =
      /^(?:([A-Z]+) )?(\S+) (\S+) (\S+)$/.exec(line.trim()) ?? [];
    facts.get(file)?.push(`${version} ${openness} ${method} ${mount}${path} ${pages} ${counted}`);
  }
  return facts;
}

describe('reference contracts', needsReferences, () => {
  let loaded: LoadedContracts;
  const byFile = new Map<string, Operation[]>();

  before(() => {
    loaded = loadFolders(referenceContracts ?? '');
    for (const operation of loaded.operations) {
      const file = fileOf(operation);
      byFile.set(file, [...(byFile.get(file) ?? []), operation]);
    }
  });

  it('load without an error or a warning', () => {
    assert.deepEqual(
      loaded.diagnostics.filter(({ severity }) => severity !== 'info'),
      [],
    );
    assert.equal(byFile.size, loaded.documents);
  });

  for (const [file, facts] of readFacts()) {
    it(`${file} compiles to the operations, versions, page sizes and counted arrays of the table`, () => {
      assert.deepEqual((byFile.get(file) ?? []).map(factsOf).sort(), facts.sort());
    });
  }

  it('have success schemas that bundle and compile, whole and cut', () => {
    let schemas = 0;
    for (const operation of loaded.operations) {
      const whole = operation.answer.schema();
      if (whole === undefined) continue;
      schemas += 1;
      const split = operation.answer.split();
      const parts = split ? [split.skeleton, split.record] : [whole];
      for (const schema of parts)
        assert.doesNotThrow(() => validator(schema), `${fileOf(operation)} ${operation.key}`);
    }
    assert.ok(schemas >= 208, `${schemas} schemas`);
  });

  it('can be cut along their counted arrays, except the lists of the directory, which are combinations', () => {
    const whole = loaded.operations
      .filter(({ answer }) => answer.countedArray && !answer.split())
      .map(fileOf);
    assert.deepEqual([...new Set(whole)], ['directory/openapi.yaml']);
  });

  it('get error bodies that fit their own 404 schema', () => {
    const library = createContractLibrary();
    const moment = Date.UTC(2024, 1, 29, 12, 30, 15);
    let checked = 0;
    for (const operation of loaded.operations) {
      const name = `${fileOf(operation)} ${operation.key}`;
      const shape = operation.errorShape(404);
      if (!shape) {
        assert.ok(WITHOUT_ERROR_BODIES.has(fileOf(operation)), `no error shape: ${name}`);
        continue;
      }
      const { document } = library.open(operation.source.file, referenceContracts ?? '');
      assert.ok(document);
      const [path = '', method = ''] = operation.source.pointer.slice('/paths/'.length).split('/');
      const steps = [
        'paths',
        path.replaceAll('~1', '/').replaceAll('~0', '~'),
        method,
        'responses',
        '404',
        'content',
      ];
      const content = child(library, { document, node: document.content, pointer: '' }, ...steps);
      const [mediaType] = Object.keys(content?.node ?? {});
      const schema = content && mediaType !== undefined && child(library, content, mediaType, 'schema');
      if (!schema) continue;
      checked += 1;
      const body = renderErrorBody(shape, {
        code: 'NAO_ENCONTRADO',
        title: 'Não encontrado',
        detail: 'x'.repeat(5000),
        at: moment,
      });
      assert.equal(
        validator(bundleSchema(library, schema))(body),
        true,
        `${name}: ${JSON.stringify(body).slice(0, 300)}`,
      );
    }
    assert.ok(checked > 180, `${checked} bodies checked`);
  });

  it('resolve a permission for every protected operation of the insurance documents that state any', () => {
    const stating = [...byFile].filter(
      ([file, operations]) =>
        file.startsWith('opin/') && operations.some(({ permissions }) => permissions.length > 0),
    );
    const operations = stating.flatMap(([, found]) => found);
    assert.ok(stating.length >= 16, `${stating.length} documents`);
    assert.deepEqual(
      operations.filter(({ open }) => open),
      [],
    );
    assert.deepEqual(
      operations.filter(({ permissions }) => permissions.length !== 1).map(({ key }) => key),
      [MISSPELT],
    );
    assert.ok(
      operations.every(({ permissions }) => permissions.every((name) => /^[A-Z]+(_[A-Z]+)+$/.test(name))),
    );
  });
});
