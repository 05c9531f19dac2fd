import { randomInt, randomUUID } from 'node:crypto';
import type { Consent } from '../../src/consents/consent.ts';
import type { NewConsent } from '../../src/consents/consent-store.ts';

/** Noon of an ordinary day, in milliseconds since the epoch. */
export const NOON = Date.UTC(2026, 2, 10, 12);

/** A consent as a receiver asks for it: of nobody else, awaiting authorisation, for half a year. */
export function madeUpConsent(
  change: Partial<NewConsent> = {},
): NewConsent & Pick<Consent, 'resourcesRevision'> {
  const createdAt = change.createdAt ?? NOON;
  return {
    id: `urn:made-up:${randomUUID()}`,
    ecosystem: 'open-finance',
    clientId: 'client-1',
    organisationId: 'organisation-1',
    status: 'AWAITING_AUTHORISATION',
    createdAt,
    statusUpdatedAt: createdAt,
    expiresAt: createdAt + 180 * 86_400_000,
    permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
    loggedUser: { identification: madeUpCpf(), rel: 'CPF' },
    businessEntity: undefined,
    details: undefined,
    isLinked: undefined,
    resourcesRevision: 0,
    ...change,
  };
}

/** A CPF with valid check digits that no other call gives, but for chance. */
export function madeUpCpf(): string {
  return withCheckDigits(String(randomInt(1, 999_999_999)).padStart(9, '0'));
}

/** The CPF that begins with these nine digits. */
export function withCheckDigits(root: string): string {
  const first = cpfDigit(root);
  return `${root}${first}${cpfDigit(`${root}${first}`)}`;
}

/** Written apart from the code under test: the sum of digits times falling weights, times ten, modulo eleven. */
function cpfDigit(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1)
    sum += Number(digits[index]) * (digits.length + 1 - index);
  return ((sum * 10) % 11) % 10;
}
