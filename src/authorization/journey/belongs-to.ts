import type { Customer } from '../../connectors/customer.ts';
import type { Consent } from '../../consents/consent.ts';

/**
 * Whether a consent is for this customer to confirm: they are the person it names and, where it names a company, may act
 * for it. A consent whose person has been erased is nobody's.
 */
export function belongsTo(customer: Customer, { loggedUser, businessEntity }: Consent): boolean {
  if (loggedUser === undefined || loggedUser.identification !== customer.cpf) return false;
  return (
    businessEntity === undefined ||
    customer.companies.some(({ cnpj }) => cnpj === businessEntity.identification)
  );
}
