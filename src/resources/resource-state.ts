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
