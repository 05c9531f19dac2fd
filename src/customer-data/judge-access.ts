import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile, Permission } from '../consents/consent-profile.ts';
import { canonicalPermission } from '../consents/version-spelling.ts';
import type { Operation } from '../contract/operation.ts';

/** What a consent opens of an operation. */
export interface Access {
  /** All that the operation asks for, in the profile's spelling. */
  readonly permissions: readonly string[];
  /** Types of the resources that it is about; none where it is about the customer. */
  readonly types: ReadonlySet<string>;
  /** Whose data it is. */
  readonly documents: { readonly cpf: string; readonly cnpj?: string };
}

/**
 * What a consent opens of an operation; undefined where that is nothing: a permission is not granted, the operation's is
 * unknown, or it is of companies and the consent names none. Data of natural persons is never a company's, whomever the
 * consent names.
 */
export function judgeAccess(
  { permissions }: Operation,
  consent: Consent,
  profile: ConsentProfile,
): Access | undefined {
  const known = permissions.flatMap(
    (name) => profile.permissions.get(canonicalPermission(profile, name)) ?? [],
  );
  if (permissions.length === 0 || known.length < permissions.length) return undefined;
  if (!known.every(({ name }) => consent.permissions.includes(name))) return undefined;
  const documents = documentsOf(consent, known);
  return (
    documents && {
      permissions: known.map(({ name }) => name),
      types: new Set(known.flatMap(({ resourceType }) => resourceType ?? [])),
      documents,
    }
  );
}

function documentsOf(
  { loggedUser, businessEntity }: Consent,
  permissions: readonly Permission[],
): Access['documents'] | undefined {
  const cpf = loggedUser?.identification;
  const cnpj = businessEntity?.identification;
  const isOf = (kind: Permission['person']) => permissions.some(({ person }) => person === kind);
  if (cpf === undefined || (isOf('legal') && (cnpj === undefined || isOf('natural')))) return undefined;
  return cnpj === undefined || isOf('natural') ? { cpf } : { cpf, cnpj };
}
