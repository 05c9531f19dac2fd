import type { CustomerDocuments } from '../connectors/customer.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile, Permission } from '../consents/consent-profile.ts';
import { canonicalPermission } from '../consents/version-spelling.ts';
import type { Operation } from '../contract/operation.ts';

/** What a consent opens of an operation. */
export interface Access {
  /** All that the operation asks for, in the profile's spelling. */
  readonly permissions: readonly string[];
  /** Types of the resources that it is about; none where it is about the customer. The same set for every read of it. */
  readonly types: ReadonlySet<string>;
  /** Whose data it is. */
  readonly documents: CustomerDocuments;
}

/** Why a consent opens nothing of an operation. */
export type AccessFault = 'unknown-permission' | 'not-granted' | 'no-company' | 'person-erased';

/** What an operation asks for, whatever the consent. */
interface Demand {
  readonly permissions: readonly string[];
  readonly types: ReadonlySet<string>;
  readonly isOfPersons: boolean;
  readonly isOfCompanies: boolean;
}

/**
 * Makes the function that tells what a consent opens of an operation, or why that is nothing: a permission is not
 * granted, the operation's is unknown, or it is of companies and the consent names none. Data of natural persons is never
 * a company's, whomever the consent names.
 */
export function createJudgeAccess(
  profile: ConsentProfile,
): (operation: Operation, consent: Consent) => Access | AccessFault {
  const demands = new WeakMap<Operation, Demand | 'unknown-permission'>();
  return (operation, consent) => {
    const demand = demands.get(operation) ?? readDemand(operation, profile);
    demands.set(operation, demand);
    if (typeof demand === 'string') return demand;
    const { permissions, types } = demand;
    if (!permissions.every((name) => consent.permissions.includes(name))) return 'not-granted';
    const documents = documentsOf(consent, demand);
    return typeof documents === 'string' ? documents : { permissions, types, documents };
  };
}

function readDemand({ permissions }: Operation, profile: ConsentProfile): Demand | 'unknown-permission' {
  const known = permissions.flatMap(
    (name) => profile.permissions.get(canonicalPermission(profile, name)) ?? [],
  );
  if (permissions.length === 0 || known.length < permissions.length) return 'unknown-permission';
  const isOf = (kind: Permission['person']) => known.some(({ person }) => person === kind);
  return {
    permissions: known.map(({ name }) => name),
    types: new Set(known.flatMap(({ resourceType }) => resourceType ?? [])),
    isOfPersons: isOf('natural'),
    isOfCompanies: isOf('legal'),
  };
}

function documentsOf(
  { loggedUser, businessEntity }: Consent,
  { isOfPersons, isOfCompanies }: Demand,
): CustomerDocuments | AccessFault {
  const cpf = loggedUser?.identification;
  const cnpj = businessEntity?.identification;
  if (cpf === undefined) return 'person-erased';
  if (isOfCompanies && (cnpj === undefined || isOfPersons)) return 'no-company';
  return cnpj === undefined || isOfPersons ? { cpf } : { cpf, cnpj };
}
