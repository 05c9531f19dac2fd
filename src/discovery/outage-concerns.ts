import type { Outage } from './outage.ts';

/**
 * Tells whether an outage concerns an ecosystem.
 *
 * @param keys the keys of all operations of the ecosystem
 */
export function outageConcerns(
  outage: Outage,
  ecosystem: string,
  keys: { has(key: string): boolean },
): boolean {
  if (outage.ecosystem !== undefined) return outage.ecosystem === ecosystem;
  return !outage.isPartial || outage.endpoints.some((key) => keys.has(key));
}
