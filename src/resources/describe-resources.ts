import type { Found } from '../connectors/connector.ts';
import type { OfferedResource } from '../connectors/customer.ts';
import type { Consent, PickedResource } from '../consents/consent.ts';
import type { ResourceRules } from '../consents/consent-profile.ts';
import { monthsLater } from './months-later.ts';
import { judgeResource, type ResourceState } from './resource-state.ts';
import type { RecordedState, RecordedStates } from './resource-state-store.ts';
import { settleState } from './settle-state.ts';
import type { SharedTypes } from './shared-types.ts';

/** Everything that tells what a consent reaches at a moment. */
export interface ResourceFindings {
  readonly consent: Pick<Consent, 'selection' | 'loggedUser'>;
  readonly types: SharedTypes;
  /** What the institution says that the customer has. */
  readonly found: Exclude<Found<readonly OfferedResource[]>, { readonly status: 'notReady' }>;
  readonly known: RecordedStates;
  readonly rules: ResourceRules;
  readonly idOf: (type: string, ref: string) => string;
  /** The calendar day of an instant, such as `2026-01-31`. */
  readonly dayOf: (at: number) => string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One resource that a consent reaches: by the institution's reference, and as it is recorded. */
export interface DescribedResource {
  readonly ref: string;
  readonly state: RecordedState;
  /** True once it has been unavailable for so long that it is not listed any more. */
  readonly isPurged: boolean;
}

/**
 * Lists what a consent reaches. What was picked one by one is listed whatever has become of it, even of its owner; types
 * that are shared as a whole are listed as they are now, so that what the customer acquires later appears by itself
 * (Resources API guide: selection modes, states of resources).
 */
export function describeResources(findings: ResourceFindings): DescribedResource[] {
  const { types, found } = findings;
  const decisions = keyed(findings.consent.selection?.resources ?? []);
  const offers = keyed(found.status === 'ok' ? found.data : []);
  const picked = [...decisions.values()].filter(({ type }) => types.picked.has(type));
  const whole = [...offers.values()].filter(({ type }) => types.whole.has(type));
  return [...picked, ...whole].map((resource) => {
    const key = keyOf(resource);
    return describe(resource, decisions.get(key), offers.get(key), findings);
  });
}

function describe(
  { type, ref }: Named,
  decision: PickedResource | undefined,
  offered: OfferedResource | undefined,
  findings: ResourceFindings,
): DescribedResource {
  const { known, rules, idOf, now } = findings;
  const resource = idOf(type, ref);
  const from = known.states.get(resource);
  const called = unanswered(findings) ?? judge(decision, offered, findings);
  const { status, reason } = settleState(from, called, type, rules.returningTypes);
  const since = from?.status === status ? from.since : now;
  const state = { resource, type, status, reason, since };
  return { ref, state, isPurged: isPurged(state, findings) };
}

/** Where the institution says nothing of the resources themselves, none is handed out. */
function unanswered({ found }: ResourceFindings): ResourceState | undefined {
  if (found.status === 'notFound') return { status: 'UNAVAILABLE', reason: 'OWNER_UNKNOWN' };
  if (found.status === 'refused')
    return { status: 'TEMPORARILY_UNAVAILABLE', reason: 'REFUSED_BY_INSTITUTION' };
  return undefined;
}

function judge(
  decision: PickedResource | undefined,
  offered: OfferedResource | undefined,
  { consent, rules, dayOf, now }: ResourceFindings,
): ResourceState {
  return judgeResource({
    decision,
    offered,
    owner: consent.loggedUser?.identification,
    today: dayOf(now),
    closedSharedMonths: rules.closedSharedMonths,
  });
}

function isPurged({ status, since }: RecordedState, { rules, dayOf, now }: ResourceFindings): boolean {
  if (status !== 'UNAVAILABLE') return false;
  const lastDay = monthsLater(dayOf(since), rules.unavailableListedMonths);
  return lastDay !== undefined && lastDay < dayOf(now);
}

interface Named {
  readonly type: string;
  readonly ref: string;
}

/** By type and reference: alone neither tells a resource. */
function keyed<Resource extends Named>(resources: readonly Resource[]): Map<string, Resource> {
  return new Map(resources.map((resource) => [keyOf(resource), resource]));
}

function keyOf({ type, ref }: Named): string {
  return `${type} ${ref}`;
}
