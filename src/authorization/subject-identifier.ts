import { createHmac } from 'node:crypto';
import type { Sealer } from '../kernel/sealer.ts';

/**
 * Makes the function that tells a customer's public id, the `sub` of tokens: always the same for one customer of one
 * ecosystem, for all receivers alike (`subject_type` public), and of no use to whoever wants to know the customer.
 */
export function createSubjectIdentifier(
  sealer: Pick<Sealer, 'derive'>,
  ecosystem: string,
): (customerId: string) => string {
  const key = sealer.derive(`subject identifiers of ${ecosystem}`);
  return (customerId) => createHmac('sha256', key).update(customerId).digest('base64url');
}
