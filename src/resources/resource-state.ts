import type { OfferedResource } from '../connectors/institution.ts';
import type { PickedResource } from '../consents/consent.ts';

/** State of a resource in a consent, as the Resources API words it. */
export type ResourceStatus =
  | 'AVAILABLE'
  | 'UNAVAILABLE'
  | 'TEMPORARILY_UNAVAILABLE'
  | 'PENDING_AUTHORISATION';

/**
 * The state of a resource that the customer picked: a refusal by one of several approvers is final, somebody's missing
 * word makes it wait, and what the institution does not know any more is unavailable.
 */
export function pickedStatus(
  { awaiting, isRefused }: Pick<PickedResource, 'awaiting' | 'isRefused'>,
  isThere: boolean,
): ResourceStatus {
  if (isRefused || !isThere) return 'UNAVAILABLE';
  return awaiting.length > 0 ? 'PENDING_AUTHORISATION' : 'AVAILABLE';
}

/**
 * The state of a resource that came to be shared as a whole after the consent was given: nobody has been asked about it,
 * so it waits where somebody besides its owner would have to be.
 *
 * @param owner CPF of the customer who gave the consent
 */
export function unpickedStatus(
  { approvers }: Pick<OfferedResource, 'approvers'>,
  owner: string | undefined,
): ResourceStatus {
  return approvers.some((approver) => approver !== owner) ? 'PENDING_AUTHORISATION' : 'AVAILABLE';
}
