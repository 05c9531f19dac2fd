const PREFIX = 'consent:';
const MAX_LENGTH = 256;
/** Consent ids are URNs; FAPI-BR security profile, §7.1.2. */
const CONSENT_ID = /^urn:[a-zA-Z0-9][a-zA-Z0-9-]{0,31}:[a-zA-Z0-9()+,\-.:=@;$_!*'%/?#]+$/;

/** The consent ids in a space-separated scope, in their order. Scopes that only look like one are passed over. */
export function consentIdsOf(scope: unknown): readonly string[] {
  if (typeof scope !== 'string') return [];
  return scope
    .split(' ')
    .filter((token) => token.startsWith(PREFIX))
    .map((token) => token.slice(PREFIX.length))
    .filter((id) => id.length <= MAX_LENGTH && CONSENT_ID.test(id));
}

/** The consent id of a scope that names exactly one, or undefined. */
export function consentIdOf(scope: unknown): string | undefined {
  const ids = consentIdsOf(scope);
  return ids.length === 1 ? ids[0] : undefined;
}

/** The scope that stands for a consent. */
export function consentScope(id: string): string {
  return `${PREFIX}${id}`;
}

/** Whether a scope of a contract stands for whichever consent the token belongs to, such as `consent:consentId`. */
export function standsForConsent(scope: string): boolean {
  return scope.startsWith(PREFIX);
}
