import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogFolder, profiles as ecosystems } from '../../../test/support/contract-folder.ts';
import { readConsentProfiles } from '../../consents/read-consent-profiles.ts';
import { loadContracts } from '../../contract/load-contracts.ts';
import { describeDetails } from './describe-details.ts';
import { readJourneyWording } from './read-journey-wording.ts';

const insurance = readJourneyWording(catalogFolder, 'open-insurance');

describe('the particulars of a request', () => {
  it('when there are some, then they are worded in the order of the wording', () => {
    const shown = describeDetails(
      {
        endorsementInformation: {
          policyId: 'A-1',
          insuredObjectId: ['o-1', 'o-2'],
          endorsementType: 'ALTERACAO',
          requestDescription: 'Trocar o veículo',
        },
      },
      insurance,
    );
    assert.deepEqual(shown, [
      { label: 'Tipo de alteração', value: 'Alteração' },
      { label: 'Apólice', value: 'A-1' },
      { label: 'Itens segurados', value: 'o-1, o-2' },
      { label: 'O que deve mudar', value: 'Trocar o veículo' },
    ]);
  });

  it('when a member is an object, then it is one line', () => {
    const amount = { amount: '1500.00', unit: { code: 'R$', description: 'BRL' } };
    const shown = describeDetails(
      { withdrawalLifePensionInformation: { desiredTotalAmount: amount } },
      insurance,
    );
    assert.deepEqual(shown, [{ label: 'Valor do resgate', value: '1500.00 R$ BRL' }]);
  });

  it('when one has no label, then none is shown', () => {
    const details = { endorsementInformation: { policyId: 'A-1', madeUp: 'hidden' } };
    assert.throws(() => describeDetails(details, insurance), /no label/);
    assert.throws(() => describeDetails({ toString: { x: 'hidden' } }, insurance), /no label/);
  });

  it('when there are none, then nothing is shown', () => {
    assert.deepEqual(describeDetails(undefined, insurance), []);
  });

  it('when the contracts are read, then every member that a request may carry has a label', () => {
    const { operations } = loadContracts({ profiles: ecosystems, catalog: catalogFolder, contracts: [] });
    const named = new Set(
      readConsentProfiles(catalogFolder).flatMap((profile) => profile.details.map(({ member }) => member)),
    );
    let seen = 0;
    for (const operation of operations.filter(
      ({ kind, method }) => kind === 'consents' && method === 'POST',
    )) {
      const data = (operation.request?.schema() as Schema | undefined)?.properties?.data;
      for (const [member, schema] of Object.entries(data?.properties ?? {})) {
        if (!named.has(member)) continue;
        for (const [name, inner] of Object.entries(schema.properties ?? {})) {
          seen += 1;
          const details = { [member]: { [name]: exampleOf(inner) } };
          assert.doesNotThrow(() => describeDetails(details, insurance), `${member}.${name}`);
        }
      }
    }
    assert.ok(seen > 20, `the contracts have ${seen} such members`);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function exampleOf({ properties }: Schema): unknown {
  if (!properties) return 'example';
  return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, exampleOf(inner)]));
}
