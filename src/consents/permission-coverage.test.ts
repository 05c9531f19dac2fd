import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { consentProfiles, openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import type { ConsentProfile } from './consent-profile.ts';
import {
  grantablePermissions,
  isForOneService,
  mixesExclusiveGroups,
  uncoveredPermissions,
} from './permission-coverage.ts';

/** The groups as the regulators' tables have them: sets of permissions, of which one covers its members. */
function groupsByDefinition({ groups, companion }: ConsentProfile): ReadonlySet<string>[] {
  return groups.flatMap(({ rule, permissions }) => {
    if (rule === 'each') return permissions.map((name) => new Set([name, companion]));
    return [new Set(rule === 'whole' ? [...permissions, companion] : permissions)];
  });
}

/** Requests that are near the truth: whole groups, with some permissions taken out and some put in. */
function requests(profile: ConsentProfile): fc.Arbitrary<Set<string>> {
  const names = [...profile.permissions.keys()];
  return fc
    .record({
      groups: fc.subarray([...profile.groups], { maxLength: 5 }),
      companion: fc.boolean(),
      out: fc.subarray(names, { maxLength: 3 }),
      more: fc.subarray(names, { maxLength: 2 }),
    })
    .map(({ groups, companion, out, more }) => {
      const wanted = new Set([...groups.flatMap(({ permissions }) => permissions), ...more]);
      if (companion) wanted.add(profile.companion);
      for (const name of out) wanted.delete(name);
      return wanted;
    });
}

function isWithin(inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean {
  return [...inner].every((name) => outer.has(name));
}

for (const profile of consentProfiles) {
  const definition = groupsByDefinition(profile);
  const offers = fc.subarray([...profile.products]).map((products) => new Set(products));

  describe(`given any request in ${profile.ecosystem}`, () => {
    it('when it is judged, then a permission is covered exactly when a group with it is wholly inside', () => {
      fc.assert(
        fc.property(requests(profile), (requested) => {
          const wanted = [...requested].filter(
            (name) => !definition.some((group) => group.has(name) && isWithin(group, requested)),
          );
          assert.deepEqual(uncoveredPermissions(profile, requested), wanted);
        }),
      );
    });

    it('when it is granted, then what is granted was asked for, in its order, and is well combined', () => {
      fc.assert(
        fc.property(requests(profile), offers, (requested, offered) => {
          const granted = grantablePermissions(profile, requested, offered);
          assert.deepEqual(
            [...requested].filter((name) => granted.includes(name)),
            granted,
          );
          assert.deepEqual(uncoveredPermissions(profile, new Set(granted)), []);
        }),
      );
    });

    it('when the institution offers everything, then all that is covered and has an API is granted', () => {
      fc.assert(
        fc.property(requests(profile), (requested) => {
          const uncovered = new Set(uncoveredPermissions(profile, requested));
          const granted = new Set(grantablePermissions(profile, requested, profile.products));
          const missing = [...requested].filter((name) => !uncovered.has(name) && !granted.has(name));
          return missing.every((name) => profile.permissions.get(name)?.scope === undefined);
        }),
      );
    });

    it('when the institution offers more, then nothing that was granted is lost', () => {
      fc.assert(
        fc.property(requests(profile), offers, offers, (requested, some, others) => {
          const fewer = new Set(grantablePermissions(profile, requested, some));
          const more = new Set(grantablePermissions(profile, requested, new Set([...some, ...others])));
          return isWithin(fewer, more);
        }),
      );
    });
  });
}

describe('given groups that stand alone', () => {
  const one = ['QUOTE_AUTO_READ', 'QUOTE_AUTO_CREATE', 'QUOTE_AUTO_UPDATE'];

  it('when a request has one of them and nothing else, then nothing is mixed, whole or not', () => {
    assert.ok(!mixesExclusiveGroups(openInsurance, new Set(one)));
    assert.ok(!mixesExclusiveGroups(openInsurance, new Set(one.slice(1))));
  });

  it('when another permission stands beside it, then they are mixed', () => {
    for (const other of ['RESOURCES_READ', 'QUOTE_AUTO_LEAD_CREATE', 'CAPITALIZATION_TITLE_READ'])
      assert.ok(mixesExclusiveGroups(openInsurance, new Set([...one, other])), other);
  });

  it('when a request is to read data only, then nothing is mixed', () => {
    assert.ok(!mixesExclusiveGroups(openInsurance, new Set(['RESOURCES_READ', 'LIFE_PENSION_READ'])));
    assert.ok(!mixesExclusiveGroups(openFinance, new Set(openFinance.permissions.keys())));
  });

  it('when a consent has their permissions, then it is for one service', () => {
    assert.ok(isForOneService(openInsurance, one));
    assert.ok(!isForOneService(openInsurance, ['RESOURCES_READ', 'LIFE_PENSION_READ']));
  });
});
