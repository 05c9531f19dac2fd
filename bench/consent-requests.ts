import { join } from 'node:path';
import type { ConsentProfile } from '../src/consents/consent-profile.ts';
import { readConsentProfiles } from '../src/consents/read-consent-profiles.ts';
import { projectFolder } from './places.ts';

/** Both, in the order of the results. */
export const ECOSYSTEMS = ['open-finance', 'open-insurance'] as const;

const LIFE_MS = 90 * 86_400_000;
const CPF_ROOTS = 1_000_000_000;

/** Members of `data` of a request for a consent. */
export interface ConsentRequestData {
  readonly permissions: readonly string[];
  readonly loggedUser: { readonly document: { readonly identification: string; readonly rel: 'CPF' } };
  readonly expirationDateTime: string;
}

/** Everything that a natural person of an ecosystem can share: the largest request there is. */
export function widestPermissions(ecosystem: string): readonly string[] {
  const { groups, permissions, companion } = profileOf(ecosystem);
  const shared = groups
    .filter(({ rule }) => rule !== 'exclusive')
    .flatMap((group) => group.permissions)
    .filter((name) => permissions.get(name)?.person !== 'legal');
  return [...new Set([...shared, companion])];
}

/** A request of the largest kind, for three months. */
export function composeRequest(permissions: readonly string[], cpf: string): ConsentRequestData {
  return {
    permissions,
    loggedUser: { document: { identification: cpf, rel: 'CPF' } },
    expirationDateTime: new Date(Date.now() + LIFE_MS).toISOString().replace(/\.\d+/, ''),
  };
}

/** A made-up CPF with right check digits; another one for every number below 999,999,999. */
export function inventCpf(number: number): string {
  const root = String((number % (CPF_ROOTS - 1)) + 1).padStart(9, '0');
  const first = checkDigit(root);
  return `${root}${first}${checkDigit(`${root}${first}`)}`;
}

function profileOf(ecosystem: string): ConsentProfile {
  const found = readConsentProfiles(join(projectFolder, 'catalog')).find(
    (profile) => profile.ecosystem === ecosystem,
  );
  if (!found) throw new Error(`the catalog has no consents of ${ecosystem}`);
  return found;
}

/** Weights rise from 2 at the right end. */
function checkDigit(digits: string): number {
  const sum = [...digits].reverse().reduce((all, digit, index) => all + Number(digit) * (index + 2), 0);
  const remainder = sum % 11;
  return remainder < 2 ? 0 : 11 - remainder;
}
