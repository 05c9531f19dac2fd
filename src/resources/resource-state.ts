import type { OfferedResource } from '../connectors/customer.ts';
import type { PickedResource } from '../consents/consent.ts';
import { monthsLater } from './months-later.ts';
import type { StateReason } from './state-reasons.ts';

/** State of a resource in a consent, as the Resources API words it. */
export type ResourceStatus =
  | 'AVAILABLE'
  | 'UNAVAILABLE'
  | 'TEMPORARILY_UNAVAILABLE'
  | 'PENDING_AUTHORISATION';

export interface ResourceState {
  readonly status: ResourceStatus;
  readonly reason: StateReason;
}

/** Everything that bears on the state of a resource. */
export interface ResourceFacts {
  /** The customer's and the approvers' word; undefined where nobody has been asked about this one by itself. */
  readonly decision: Pick<PickedResource, 'awaiting' | 'isRefused'> | undefined;
  /** What the institution says of it; undefined when it does not have it any more. */
  readonly offered: Omit<OfferedResource, 'ref' | 'type' | 'label'> | undefined;
  /** CPF of the customer who gave the consent. */
  readonly owner: string | undefined;
  /** The day on which it is judged, such as `2026-01-31`. */
  readonly today: string;
  /** For how many months something that was closed is shared. */
  readonly closedSharedMonths: number;
}

/**
 * The state that the facts call for, whatever it was before (Resources API guide: states of resources, several
 * approvers). What ends the sharing weighs more than an approval that is missing, and that more than what passes.
 */
export function judgeResource(facts: ResourceFacts): ResourceState {
  const { decision, offered } = facts;
  if (decision?.isRefused) return state('UNAVAILABLE', 'REFUSED_BY_APPROVER');
  if (!offered) return state('UNAVAILABLE', 'GONE');
  const standing = judgeSituation(offered, facts);
  if (standing.status === 'UNAVAILABLE') return standing;
  return missingApproval(facts, offered.approvers) ?? standing;
}

/**
 * Somebody's missing word. Of what came to be shared as a whole after the consent was given nobody has been asked, so it
 * waits where somebody besides its owner would have to be.
 */
function missingApproval(
  { decision, owner }: ResourceFacts,
  approvers: readonly string[],
): ResourceState | undefined {
  if (decision) return decision.awaiting.length > 0 ? PENDING : undefined;
  return approvers.some((approver) => approver !== owner)
    ? state('PENDING_AUTHORISATION', 'NOT_ASKED')
    : undefined;
}

/** What the customer sees in the institution's own channels is shared, unless it has ended for good. */
function judgeSituation(offered: NonNullable<ResourceFacts['offered']>, facts: ResourceFacts): ResourceState {
  const { situation = 'active' } = offered;
  switch (situation) {
    case 'active':
      return offered.isVisible === false ? state('TEMPORARILY_UNAVAILABLE', 'HIDDEN') : IN_USE;
    case 'blocked':
      return offered.isVisible === true
        ? state('AVAILABLE', 'BLOCKED_BUT_SEEN')
        : state('TEMPORARILY_UNAVAILABLE', 'BLOCKED');
    case 'closed':
      return judgeClosed(offered, facts);
    case 'barred':
      return state('UNAVAILABLE', 'BARRED');
    case 'migrated':
      return state('UNAVAILABLE', 'MIGRATED');
  }
}

function judgeClosed(
  { closedOn = '', isVisible = true }: NonNullable<ResourceFacts['offered']>,
  { today, closedSharedMonths }: ResourceFacts,
): ResourceState {
  if (!isVisible) return state('UNAVAILABLE', 'CLOSED_UNSEEN');
  const lastDay = monthsLater(closedOn, closedSharedMonths);
  if (lastDay === undefined) return state('UNAVAILABLE', 'CLOSED_UNDATED');
  return today <= lastDay ? state('AVAILABLE', 'CLOSED_RECENTLY') : state('UNAVAILABLE', 'CLOSED_LONG_AGO');
}

const IN_USE = state('AVAILABLE', 'IN_USE');
const PENDING = state('PENDING_AUTHORISATION', 'AWAITING_APPROVAL');

function state(status: ResourceStatus, reason: StateReason): ResourceState {
  return Object.freeze({ status, reason });
}
