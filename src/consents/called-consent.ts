import type { Call } from '../contract/call.ts';
import type { Consent } from './consent.ts';

/** Consents that were read for calls, for as long as these last. */
const consents = new WeakMap<Call, Consent>();

/** Hands the consent of a call's token on to the steps after the one that has read it. */
export function keepCalledConsent(call: Call, consent: Consent): void {
  consents.set(call, consent);
}

/** The consent of the call's token, as it was when the token was checked; undefined where no step has read it. */
export function calledConsent(call: Call): Consent | undefined {
  return consents.get(call);
}
