import type { Approval, Consent, ConsentExtension, PickedResource, Rejection } from './consent.ts';
import type { ConsentProfile } from './consent-profile.ts';
import type { ConsentAct, ConsentChange } from './consent-store.ts';
import type { ApprovedResource, AskedResource, Authorisation } from './consents.ts';
import { isForOneService } from './permission-coverage.ts';

/** A step in a consent's life: what changes, and what the ledger says of it. */
export interface Transition {
  readonly change: ConsentChange;
  readonly act: ConsentAct;
}

/** Reason of an end by the customer's own will, or by the receiver in the customer's name; worded by the state. */
export const OWN_WILL = 'CUSTOMER_MANUALLY_REJECTED';
const OWN_WILL_ONCE_AUTHORISED = 'CUSTOMER_MANUALLY_REVOKED';
const LONGEST_EXPLANATION = 140;

/**
 * What time, or the erasure of its person, has done to a consent by `now`; undefined when nothing. Its
 * `statusUpdatedAt` is the moment at which the rule became true, so that it does not matter when somebody looks.
 */
export function timeTransition(
  consent: Consent,
  { awaitingMs }: ConsentProfile,
  now: number,
): Transition | undefined {
  if (!isOpen(consent)) return undefined;
  const ends: { at: number; code: string }[] = [];
  if (consent.status === 'AWAITING_AUTHORISATION')
    ends.push({ at: consent.createdAt + awaitingMs, code: 'CONSENT_EXPIRED' });
  if (consent.expiresAt !== undefined) ends.push({ at: consent.expiresAt, code: 'CONSENT_MAX_DATE_REACHED' });
  // Of nobody: whom it concerns cannot be read any more.
  if (consent.loggedUser === undefined)
    ends.push({ at: moment(consent, now), code: 'CONSENT_TECHNICAL_ISSUE' });
  const [first] = ends.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
  return first && end({ rejectedBy: 'ASPSP', code: first.code }, first.at, 'clock');
}

/**
 * The customer's yes; undefined when the consent does not await it.
 *
 * @throws RangeError when more is granted than was asked for, or nothing
 */
export function authoriseTransition(
  consent: Consent,
  { subject, grantId, permissions, selection }: Authorisation,
  now: number,
): Transition | undefined {
  if (consent.status !== 'AWAITING_AUTHORISATION') return undefined;
  if (permissions.length === 0 || permissions.some((name) => !consent.permissions.includes(name)))
    throw new RangeError('an authorisation grants some of the permissions of the consent, and no others');
  return {
    change: {
      status: 'AUTHORISED',
      statusUpdatedAt: moment(consent, now),
      permissions: consent.permissions.filter((name) => permissions.includes(name)),
      subject,
      grantId,
      selection,
    },
    act: { event: 'authorised', actor: `customer:${subject}` },
  };
}

/**
 * The end of a consent by somebody's will; undefined when it has ended. That a customer ended it is worded by the state
 * in which it was: rejected before it was authorised, revoked after.
 *
 * @throws RangeError for a reason that the ecosystem does not have, or that does not belong to this consent
 */
export function rejectTransition(
  consent: Consent,
  profile: ConsentProfile,
  rejection: Rejection,
  actor: string,
  now: number,
): Transition | undefined {
  if (!isOpen(consent)) return undefined;
  const code = wordedByState(consent, rejection.code);
  checkReason(consent, profile, code, rejection.additionalInformation);
  return end({ ...rejection, code }, moment(consent, now), actor);
}

/** The service that was agreed to has been initiated; undefined for consents to read data, and for those not authorised. */
export function consumeTransition(
  consent: Consent,
  profile: ConsentProfile,
  now: number,
): Transition | undefined {
  if (consent.status !== 'AUTHORISED' || !isForOneService(profile, consent.permissions)) return undefined;
  return {
    change: { status: 'CONSUMED', statusUpdatedAt: moment(consent, now) },
    act: { event: 'consumed', actor: 'institution' },
  };
}

/**
 * A further approver's word on the resources that await it: those that are named are approved, the others refused.
 * Undefined when the consent is not authorised or the approver has nothing to decide. The consent itself stays
 * authorised; a refused resource is unavailable for ever (guidance to the Resources API: several approvers).
 */
export function approveTransition(
  consent: Consent,
  approver: string,
  approved: readonly ApprovedResource[],
  subject: string,
  now: number,
): Transition | undefined {
  const { status, selection } = consent;
  const isPending = (approval: Approval) => approval.approver === approver && approval.decision === 'PENDING';
  if (status !== 'AUTHORISED' || !selection?.approvals.some(isPending)) return undefined;

  const isAsked = (resource: PickedResource) => resource.awaiting.includes(approver);
  const isApproved = (resource: PickedResource) =>
    isAsked(resource) && approved.some(({ type, ref }) => type === resource.type && ref === resource.ref);
  const decision = selection.resources.some(isApproved) ? 'APPROVED' : 'REFUSED';
  return {
    change: {
      selection: {
        resources: selection.resources.map((resource) =>
          isAsked(resource)
            ? {
                ...resource,
                awaiting: resource.awaiting.filter((other) => other !== approver),
                isRefused: resource.isRefused || !isApproved(resource),
              }
            : resource,
        ),
        approvals: selection.approvals.map((approval) =>
          isPending(approval) ? { approver, decision, decidedAt: wholeSecond(now) } : approval,
        ),
      },
    },
    act: { event: 'approval', actor: `customer:${subject}` },
  };
}

/**
 * Further approvers are asked about resources that came to be shared as a whole since the consent was given; what has been
 * decided on or asked about stays as it is. Undefined when nobody is left to be asked, or the consent is not authorised.
 */
export function askTransition(
  { status, selection, loggedUser }: Consent,
  resources: readonly AskedResource[],
): Transition | undefined {
  if (status !== 'AUTHORISED' || !selection) return undefined;
  const isKnown = (asked: AskedResource) =>
    selection.resources.some(({ type, ref }) => type === asked.type && ref === asked.ref);
  const added = resources
    .filter((asked) => !isKnown(asked))
    .map(({ type, ref, approvers }) => ({
      type,
      ref,
      awaiting: [...new Set(approvers)].filter((approver) => approver !== loggedUser?.identification),
      isRefused: false,
    }))
    .filter(({ awaiting }) => awaiting.length > 0);
  if (added.length === 0) return undefined;
  const pending = new Set(
    selection.approvals.filter(({ decision }) => decision === 'PENDING').map(({ approver }) => approver),
  );
  const asked = new Set(added.flatMap(({ awaiting }) => awaiting));
  return {
    change: {
      selection: {
        resources: [...selection.resources, ...added],
        approvals: [
          ...selection.approvals,
          ...[...asked]
            .filter((approver) => !pending.has(approver))
            .map((approver): Approval => ({ approver, decision: 'PENDING' })),
        ],
      },
    },
    act: { event: 'approval', actor: 'institution' },
  };
}

/** A later end, without the customer's coming back. State and permissions stay as they are. */
export function renewTransition(
  consent: Consent,
  renewal: Omit<ConsentExtension, 'requestedAt' | 'previousExpiresAt'>,
  actor: string,
  now: number,
): Transition {
  const extension = { ...renewal, requestedAt: wholeSecond(now), previousExpiresAt: consent.expiresAt };
  return { change: { expiresAt: renewal.expiresAt, extension }, act: { event: 'extended', actor } };
}

/** True until a consent has reached a state that it never leaves. */
export function isOpen({ status }: Consent): boolean {
  return status === 'AWAITING_AUTHORISATION' || status === 'AUTHORISED';
}

/** Consents are kept by the second, which is what answers show. */
export function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}

/** Never before what is known of the consent, whatever the clock of this node says. */
function moment({ statusUpdatedAt }: Consent, now: number): number {
  return Math.max(wholeSecond(now), statusUpdatedAt);
}

function end(rejection: Rejection, at: number, actor: string): Transition {
  return {
    change: { status: 'REJECTED', statusUpdatedAt: at, rejection },
    act: { event: 'rejected', actor },
  };
}

function wordedByState({ status }: Consent, code: string): string {
  if (code !== OWN_WILL && code !== OWN_WILL_ONCE_AUTHORISED) return code;
  return status === 'AUTHORISED' ? OWN_WILL_ONCE_AUTHORISED : OWN_WILL;
}

function checkReason(
  { permissions }: Consent,
  { rejectionReasons }: ConsentProfile,
  code: string,
  explanation: string | undefined,
): void {
  const reason = rejectionReasons.find((known) => known.code === code);
  if (!reason) throw new RangeError(`the ecosystem has no reason ${code}`);
  if (reason.permission !== undefined && !permissions.includes(reason.permission))
    throw new RangeError(`the reason ${code} belongs to consents with ${reason.permission}`);
  if (explanation === undefined) return;
  // Characters as the contracts count them, not the units that JavaScript stores them in.
  if (
    [...explanation].length > LONGEST_EXPLANATION ||
    explanation === '' ||
    explanation !== explanation.trim()
  )
    throw new RangeError('an explanation has up to 140 characters and no blank at its ends');
}
