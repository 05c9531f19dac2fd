import type { ResourceState } from './resource-state.ts';

/**
 * The state that a resource comes into when facts call for one (Resources API guide, transitions of states): nothing
 * becomes pending again, and what is unavailable stays so, but for types whose resources may return. Where the way is
 * barred the status stays what it was, and the reason says so.
 *
 * @param from as recorded; undefined for a resource of which nothing is, which may come into any state
 * @param returningTypes types of which what was unavailable may become available again
 */
export function settleState(
  from: ResourceState | undefined,
  called: ResourceState,
  type: string,
  returningTypes: ReadonlySet<string>,
): ResourceState {
  if (!from || from.status === called.status) return called;
  if (from.status === 'UNAVAILABLE')
    return called.status === 'AVAILABLE' && returningTypes.has(type)
      ? called
      : { status: from.status, reason: 'FINAL' };
  return called.status === 'PENDING_AUTHORISATION'
    ? { status: from.status, reason: 'NEVER_PENDING_AGAIN' }
    : called;
}
