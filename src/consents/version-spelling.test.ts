import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { canonicalPermission, createSpelling } from './version-spelling.ts';

describe('given versions of an API that spell differently', () => {
  for (const [profile, version] of [
    [openFinance, '3.3.1'],
    [openInsurance, '2.7.0'],
    [openInsurance, '3.0.0'],
  ] as const) {
    it(`when a permission is written in ${profile.ecosystem} ${version}, then it is read back as it was`, () => {
      const spelling = createSpelling(profile, version);
      const written = [...profile.permissions.keys()].map(spelling.writePermission);
      assert.equal(new Set(written).size, profile.permissions.size, 'no two are written alike');
      assert.deepEqual(
        written.map((name) => canonicalPermission(profile, name)),
        [...profile.permissions.keys()],
      );
    });

    it(`when the description of a service is written in ${profile.ecosystem} ${version}, then it is read back`, () => {
      const spelling = createSpelling(profile, version);
      for (const { member } of profile.details) {
        const details = {
          [member]: { withdrawalType: 'PARCIAL', withdrawalReason: 'AQUISICAO_DE_BENS', list: ['a'] },
        };
        assert.deepEqual(spelling.readDetails({ ...spelling.writeDetails(details), other: 1 }), details);
      }
    });
  }

  it('when a value is of another member, then it stays', () => {
    const spelling = createSpelling(openInsurance, '2.7.0');
    const details = {
      withdrawalLifePensionInformation: { productName: 'TOTAL', withdrawalType: 'TOTAL' },
      endorsementInformation: { withdrawalType: 'TOTAL' },
    };
    assert.deepEqual(spelling.writeDetails(details), {
      withdrawalLifePensionInformation: { productName: 'TOTAL', withdrawalType: '1_TOTAL' },
      endorsementInformation: { withdrawalType: 'TOTAL' },
    });
  });

  it('when a request describes no service, then there is nothing to keep', () => {
    assert.equal(createSpelling(openInsurance, '3.0.0').readDetails({ permissions: [] }), undefined);
    assert.equal(createSpelling(openFinance, '3.3.1').readDetails({ endorsementInformation: {} }), undefined);
  });
});
