import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { catalogFolder } from '../../../test/support/contract-folder.ts';
import { madeUpConsent } from '../../../test/support/made-up-consent.ts';
import type { OfferedResource } from '../../connectors/customer.ts';
import type { Consent } from '../../consents/consent.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { readConsentProfiles } from '../../consents/read-consent-profiles.ts';
import { offerConsent, offeredTypes } from './consent-offer.ts';
import { readJourneyWording } from './read-journey-wording.ts';

const profiles = readConsentProfiles(catalogFolder);
const finance = profileOf('open-finance');
const insurance = profileOf('open-insurance');

function profileOf(ecosystem: string): ConsentProfile {
  return profiles.find((profile) => profile.ecosystem === ecosystem) as ConsentProfile;
}

function consentOf(permissions: readonly string[], change: Partial<Consent> = {}): Consent {
  return {
    ...madeUpConsent({ permissions }),
    rejection: undefined,
    selection: undefined,
    subject: undefined,
    grantId: undefined,
    revision: 1,
    ...change,
  };
}

function resource(type: string, ref = `ref-of-${type}`): OfferedResource {
  return { type, ref, label: `label of ${ref}`, approvers: [] };
}

function offer(profile: ConsentProfile, consent: Consent, resources: readonly OfferedResource[] = []) {
  return offerConsent(consent, profile, readJourneyWording(catalogFolder, profile.ecosystem), resources);
}

describe('what a consent asks for, in words', () => {
  it('when groups share a type picked one by one, then it is picked once', () => {
    const consent = consentOf([
      'ACCOUNTS_READ',
      'ACCOUNTS_BALANCES_READ',
      'ACCOUNTS_TRANSACTIONS_READ',
      'RESOURCES_READ',
    ]);
    const { categories } = offer(finance, consent, [resource('ACCOUNT', 'one'), resource('ACCOUNT', 'two')]);
    assert.deepEqual(
      categories.map(({ label, items }) => [label, items.map((item) => item.label)]),
      [['Contas', ['Saldos', 'Extratos']]],
    );
    assert.deepEqual(
      categories[0]?.choices.map(({ type, resources }) => [type, resources.map(({ ref }) => ref)]),
      [['ACCOUNT', ['one', 'two']]],
    );
    assert.equal(categories[0]?.whole, undefined);
  });

  it('when products are shared in a bundle, then there is nothing to pick and everything owned is shown', () => {
    const permissions = finance.groups.find(({ id }) => id === 'investments')?.permissions ?? [];
    const owned = [resource('FUND'), resource('TREASURE_TITLE'), resource('ACCOUNT')];
    const { categories, isEmpty } = offer(finance, consentOf([...permissions, 'RESOURCES_READ']), owned);
    assert.deepEqual(categories[0]?.choices, []);
    assert.equal(categories[0]?.whole?.mode, 'grouped-products');
    assert.deepEqual(
      categories[0]?.whole?.resources.map(({ type }) => type),
      ['FUND', 'TREASURE_TITLE'],
    );
    assert.equal(isEmpty, false);
  });

  it('when a type is shared as a whole, then its mode says so', () => {
    const { categories } = offer(finance, consentOf(['EXCHANGES_READ', 'RESOURCES_READ']));
    assert.equal(categories[0]?.whole?.mode, 'grouped-resources');
  });

  it('when only some permissions of a group that has them one by one are asked for, then only those are shown', () => {
    const consent = consentOf(['DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ']);
    const { categories } = offer(insurance, consent, [resource('DAMAGES_AND_PEOPLE_AUTO')]);
    assert.equal(categories[0]?.items[0]?.contents.length, 1);
    assert.deepEqual(offeredTypes(consent, insurance), ['DAMAGES_AND_PEOPLE_AUTO']);
  });

  it('when several types of one category are picked, then each is called by its own name', () => {
    const consent = consentOf([
      'DAMAGES_AND_PEOPLE_AUTO_READ',
      'DAMAGES_AND_PEOPLE_HOUSING_READ',
      'RESOURCES_READ',
    ]);
    const labels = offer(insurance, consent).categories[0]?.choices.map(({ label }) => label);
    assert.deepEqual(labels, ['Seguro de automóveis', 'Seguro habitacional']);
  });

  it('when a service is asked for, then it is told apart from reading', () => {
    assert.equal(
      offer(insurance, consentOf(['QUOTE_AUTO_READ', 'QUOTE_AUTO_CREATE', 'QUOTE_AUTO_UPDATE'])).isService,
      true,
    );
    assert.equal(offer(finance, consentOf(['EXCHANGES_READ', 'RESOURCES_READ'])).isService, false);
  });

  it('when everything asked for is picked one by one and nothing is owned, then there is nothing to share', () => {
    const accounts = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
    assert.equal(offer(finance, consentOf(accounts), [resource('CREDIT_CARD_ACCOUNT')]).isEmpty, true);
    assert.equal(offer(finance, consentOf([...accounts, 'EXCHANGES_READ'])).isEmpty, false);
    const withData = [...accounts, 'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ'];
    assert.equal(offer(finance, consentOf(withData)).isEmpty, false);
  });

  it('when a permission has no words, then nothing is offered at all', () => {
    assert.throws(
      () => offer(finance, consentOf(['EXCHANGES_READ', 'MADE_UP_READ'])),
      /no words for a permission/,
    );
    assert.throws(
      () => offer(finance, consentOf(['ACCOUNTS_READ', 'RESOURCES_READ'])),
      /no words for a permission/,
    );
  });

  it('when any groups are asked for together, then every permission is shown, and every type in one place', () => {
    for (const profile of [finance, insurance])
      fc.assert(
        fc.property(fc.subarray([...profile.groups], { minLength: 1 }), (groups) => {
          const permissions = [...new Set(groups.flatMap((group) => group.permissions)), profile.companion];
          const consent = consentOf(permissions);
          const owned = offeredTypes(consent, profile).map((type) => resource(type));
          const { categories } = offer(profile, consent, owned);
          const shown = categories.flatMap(({ items }) => items.flatMap(({ contents }) => contents));
          for (const name of permissions.slice(0, -1))
            assert.ok(shown.includes(profile.permissions.get(name)?.label ?? ''), name);
          const places = categories.flatMap(({ choices, whole }) => [
            ...choices.flatMap(({ resources }) => resources),
            ...(whole?.resources ?? []),
          ]);
          assert.deepEqual(places.map(({ type }) => type).sort(), owned.map(({ type }) => type).sort());
        }),
        { numRuns: 60 },
      );
  });
});
