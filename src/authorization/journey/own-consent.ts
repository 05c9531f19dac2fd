import type { Customer } from '../../connectors/customer.ts';
import type { Consent, PickedResource } from '../../consents/consent.ts';

/** Path of the customer's own area. */
export const START = '/consentimentos';

/** A consent as one of its people sees it. */
export interface OwnConsent {
  readonly consent: Consent;
  /** True for the person who gave it; others only approve. */
  readonly isOwner: boolean;
  /** What waits for this person's word. */
  readonly awaiting: readonly PickedResource[];
}

/** Path of a consent's page. */
export function pathOf({ id }: Consent): string {
  return `${START}/${encodeURIComponent(id)}`;
}

/** Name of the form field by which an approver says yes or no to a resource. */
export function approvalField({ type, ref }: Pick<PickedResource, 'type' | 'ref'>): string {
  return `resposta-${type}-${ref}`;
}

/** Whether its owner can still end it. */
export function canEnd({ consent, isOwner }: OwnConsent): boolean {
  return isOwner && (consent.status === 'AUTHORISED' || consent.status === 'AWAITING_AUTHORISATION');
}

/** A consent as this customer sees it. */
export function ownConsent(consent: Consent, { cpf }: Customer): OwnConsent {
  const isActive = consent.status === 'AUTHORISED';
  const picked = isActive ? (consent.selection?.resources ?? []) : [];
  return {
    consent,
    isOwner: consent.loggedUser?.identification === cpf,
    awaiting: picked.filter(({ awaiting, isRefused }) => awaiting.includes(cpf) && !isRefused),
  };
}

/** Whether this customer was asked to approve part of a consent. */
export function isApprover({ selection }: Consent, { cpf }: Customer): boolean {
  return selection?.approvals.some(({ approver }) => approver === cpf) ?? false;
}
