import type { ConsentProfile } from '../../src/consents/consent-profile.ts';
import { readConsentProfiles } from '../../src/consents/read-consent-profiles.ts';
import { catalogFolder } from './contract-folder.ts';

/** The consent profiles of the catalog. */
export const consentProfiles: readonly ConsentProfile[] = readConsentProfiles(catalogFolder);

export const openFinance: ConsentProfile = profileOf('open-finance');
export const openInsurance: ConsentProfile = profileOf('open-insurance');

function profileOf(ecosystem: string): ConsentProfile {
  const profile = consentProfiles.find((candidate) => candidate.ecosystem === ecosystem);
  if (!profile) throw new Error(`the catalog has no consent profile for ${ecosystem}`);
  return profile;
}
