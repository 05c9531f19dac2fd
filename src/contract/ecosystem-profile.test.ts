import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { profiles } from '../../test/support/contract-folder.ts';
import { classify, findProfile, isHeaderLenient } from './ecosystem-profile.ts';
import { OPERATION_KINDS, TIERS } from './operation.ts';

function kindOf(path: string, open = true) {
  const profile = findProfile(profiles, path);
  assert.ok(profile);
  const { kind, tier } = classify(profile, path, open);
  return `${profile.ecosystem} ${kind} ${tier}`;
}

describe('ecosystem profiles of the catalog', () => {
  const cases: [string, boolean, string][] = [
    ['/open-insurance/discovery/v1/status', true, 'open-insurance status high'],
    ['/open-insurance/discovery/v1/outages', true, 'open-insurance outages high'],
    ['/open-insurance/admin/v1/metrics', true, 'open-insurance metrics low'],
    ['/open-insurance/channels/v2/branches', true, 'open-insurance open-data medium'],
    [
      '/open-insurance/products-services/v2/auto-insurance/{zip}/{fipe}/{year}',
      true,
      'open-insurance open-data medium',
    ],
    ['/open-insurance/insurance-auto/v1/insurance-auto', false, 'open-insurance customer-data medium'],
    ['/open-insurance/consents/v2/consents', false, 'open-insurance consents high'],
    ['/open-insurance/consents/v2/consents/{consentId}', false, 'open-insurance consents high'],
    ['/open-banking/discovery/v2/status', true, 'open-finance status high'],
    ['/open-banking/resources/v3/resources', false, 'open-finance resources high'],
    ['/open-banking/opendata-accounts/v1/personal-accounts', true, 'open-finance open-data medium'],
    ['/open-banking', true, 'open-finance open-data medium'],
    ['/participants', true, 'directory participants medium'],
    ['/organisations/{id}/authorisations', false, 'directory directory medium'],
    ['/references/authorities', false, 'directory directory medium'],
    ['/users/superusers', false, 'directory directory medium'],
    // A longer name is another segment, and a rule of one segment does not reach deeper.
    ['/open-insurance-more/things', true, 'directory open-data medium'],
    ['/open-insurance/discovery/v1/status/more', true, 'open-insurance open-data medium'],
    ['/open-insurance/discovery/status', true, 'open-insurance open-data medium'],
    ['/open-insurance/consents-api/v1/x', true, 'open-insurance open-data medium'],
  ];
  for (const [path, open, expected] of cases) {
    it(`${path} is ${expected}`, () => assert.equal(kindOf(path, open), expected));
  }

  it('name only kinds and tiers that exist, and paths that begin with a slash', () => {
    for (const { tier, kinds, basePath } of profiles) {
      assert.ok(TIERS.includes(tier) && basePath.startsWith('/'));
      for (const rule of kinds) {
        assert.ok(
          OPERATION_KINDS.includes(rule.kind) && TIERS.includes(rule.tier) && rule.path.startsWith('/'),
          rule.path,
        );
      }
    }
  });

  it('choose the longest base path, and none where none fits', () => {
    const [profile] = profiles;
    assert.ok(profile);
    const nested = [
      { ...profile, basePath: '/a' },
      { ...profile, basePath: '/a/b' },
    ];
    assert.equal(findProfile(nested, '/a/b/c'), nested[1]);
    assert.equal(findProfile(nested, '/a/bc'), nested[0]);
    assert.equal(findProfile(nested, '/b'), undefined);
  });
});

describe('headers that callers may leave out although the contract requires them', () => {
  const lenient = (path: string, header: string) => {
    const profile = findProfile(profiles, path);
    assert.ok(profile);
    return isHeaderLenient(profile, path, header);
  };

  it('are those of the profile, in any spelling, below its path only', () => {
    assert.equal(lenient('/open-insurance/consents/v2/consents', 'X-FAPI-Interaction-Id'), true);
    assert.equal(lenient('/open-insurance/consents/v3/consents/{consentId}', 'x-fapi-interaction-id'), true);
    assert.equal(lenient('/open-insurance/consents/v2/consents', 'x-idempotency-key'), false);
    assert.equal(lenient('/open-insurance/resources/v2/resources', 'x-fapi-interaction-id'), false);
    assert.equal(lenient('/open-banking/consents/v3/consents', 'x-fapi-interaction-id'), false);
    assert.equal(lenient('/participants', 'x-fapi-interaction-id'), false);
  });
});
