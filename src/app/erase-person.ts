import { createConsents } from '../consents/create-consents.ts';
import { readConsentProfiles } from '../consents/read-consent-profiles.ts';
import { systemClock } from '../kernel/clock.ts';
import type { Store } from '../store/open-store.ts';
import { CATALOG } from './load-service.ts';

/** Ends a person's open consents and makes what is personal in all of them unreadable. False when there was nothing. */
export function erasePerson(store: Pick<Store, 'consents'>, cpf: string): Promise<boolean> {
  const profiles = readConsentProfiles(CATALOG);
  return createConsents({ store: store.consents, profiles, clock: systemClock }).erasePerson(cpf);
}
