import { describeConsentStore } from './support/consent-store-contract.ts';
import { createMemoryConsentStore } from './support/memory-consent-store.ts';

describeConsentStore('the consent store of the tests', () => ({ store: createMemoryConsentStore() }));
