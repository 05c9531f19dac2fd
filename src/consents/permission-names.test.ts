import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { consentProfiles, openInsurance } from '../../test/support/consent-profiles.ts';
import type { Operation } from '../contract/operation.ts';
import type { ConsentProfile, Permission } from './consent-profile.ts';
import { canonicalPermission } from './version-spelling.ts';

const consented = catalogOperations.filter(({ kind }) => kind === 'customer-data' || kind === 'resources');

function profileOf({ ecosystem, key }: Operation): ConsentProfile {
  const profile = consentProfiles.find((candidate) => candidate.ecosystem === ecosystem);
  if (!profile) throw new Error(`${key} is of ${ecosystem}, which has no consents`);
  return profile;
}

function nameOf({ key, version }: Operation): string {
  return `${key} ${version}`;
}

/** What the profile knows of the permissions that an operation names, `undefined` for one that it does not know. */
function permissionsOf(operation: Operation): (Permission | undefined)[] {
  const profile = profileOf(operation);
  return operation.permissions.map((name) => profile.permissions.get(canonicalPermission(profile, name)));
}

describe('given every operation of the catalog that a consent opens', () => {
  it('when its permission is looked for, then it names one, or it would be closed for ever', () => {
    assert.ok(consented.length > 90, 'the catalog has the data contracts');
    const nameless = consented.filter(({ permissions }) => permissions.length === 0);
    assert.deepEqual(nameless.map(nameOf), []);
  });

  it('when the permission is resolved, then the profile of its ecosystem knows it', () => {
    const unknown = catalogOperations
      .filter(({ permissions }) => permissions.length > 0)
      .filter((operation) => permissionsOf(operation).includes(undefined))
      .map((operation) => `${nameOf(operation)}: ${operation.permissions.join(', ')}`);
    assert.deepEqual(unknown, []);
  });

  it('when its token is judged, then it asks for the scope by which the permission is granted', () => {
    const contradicting = consented.filter((operation) =>
      permissionsOf(operation).some(
        (permission) => permission?.scope === undefined || !operation.scopes.includes(permission.scope),
      ),
    );
    assert.deepEqual(contradicting.map(nameOf), []);
  });

  it('when what it is about is looked for, then all operations of an API are about one type of resource', () => {
    const typesByApi = Map.groupBy(
      // Data on the person of the customer is a type for each permission, and nothing is picked of it.
      consented.filter(({ path }) => path.includes('{')),
      ({ ecosystem, api, version }) => `${ecosystem} ${api} ${version}`,
    );
    assert.ok(typesByApi.size > 15, 'the catalog has the APIs of resources');
    for (const [api, operations] of typesByApi) {
      const types = new Set(operations.flatMap(permissionsOf).map((permission) => permission?.resourceType));
      assert.equal(types.size, 1, `${api}: ${[...types].join(', ')}`);
      assert.ok(!types.has(undefined), `${api} is about a type of resource`);
    }
  });
});

describe('given the permissions by which data is read', () => {
  it('when a whole group is granted, then each of them opens an operation or none of its API is in the catalog', () => {
    for (const profile of consentProfiles) {
      const own = consented.filter(({ ecosystem }) => ecosystem === profile.ecosystem);
      const opening = new Set(own.flatMap(permissionsOf));
      const scopes = new Set(own.flatMap(({ scopes }) => scopes));
      const idle = [...profile.permissions.values()].filter(
        (permission) =>
          permission.scope !== undefined && scopes.has(permission.scope) && !opening.has(permission),
      );
      assert.deepEqual(
        idle.map(({ name }) => name),
        [],
        profile.ecosystem,
      );
    }
  });

  it('when a contract spells one as an earlier version of consents does, then it is the same permission', () => {
    const claims = consented.filter(({ path }) => /-(pension|pension-plan)\/\{\w+\}\/claim$/.test(path));
    assert.deepEqual(
      claims.map(({ permissions }) => permissions),
      [['LIFE_PENSION_CLAIM'], ['PENSION_PLAN_CLAIM']],
    );
    assert.deepEqual(
      claims.flatMap(permissionsOf).map((permission) => permission?.name),
      ['LIFE_PENSION_CLAIM_READ', 'PENSION_PLAN_CLAIM_READ'],
    );
    assert.equal(openInsurance.permissions.has('LIFE_PENSION_CLAIM'), false);
  });
});
