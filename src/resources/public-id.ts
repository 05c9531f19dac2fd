import { createHmac } from 'node:crypto';
import type { Sealer } from '../kernel/sealer.ts';

const ID_LENGTH = 40;

/**
 * Makes the function that tells the public id of a resource: always the same for one customer's resource, whatever the
 * consent, and of no use to whoever wants to know the institution's own reference. The form is one that every version of
 * the Resources APIs takes: letters and digits, up to 60 characters.
 */
export function createPublicId(
  sealer: Pick<Sealer, 'derive'>,
  ecosystem: string,
): (subject: string, type: string, ref: string) => string {
  const key = sealer.derive(`resource ids of ${ecosystem}`);
  return (subject, type, ref) =>
    createHmac('sha256', key)
      .update(JSON.stringify([subject, type, ref]))
      .digest('hex')
      .slice(0, ID_LENGTH);
}
