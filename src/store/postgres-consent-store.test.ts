import { after } from 'node:test';
import { describeConsentStore } from '../../test/support/consent-store-contract.ts';
import { startSealedStores } from '../../test/support/sealed-stores.ts';

const stores = startSealedStores();
after(async () => (await stores).close());

describeConsentStore('the PostgreSQL consent store', async () => ({
  store: (await (await stores).open()).store.consents,
}));
