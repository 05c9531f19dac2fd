import type { Json } from '../connectors/connector.ts';
import { isRecord } from './enclosed-records.ts';
import type { Target } from './find-target.ts';
import { type Addressing, isListOfResources } from './product-ids.ts';

/** A record of a resource that the consent does not share. */
export const NOT_SHARED = Symbol('not shared');
/** A record of another resource than the one that was asked for, or of one that is not the customer's at all. */
export const NOT_OURS = Symbol('of another resource');
/** A record of a list of resources that does not say which it is of. */
export const NAMELESS = Symbol('of no resource');

/**
 * The record as the receiver sees it, with public ids; frozen when it was. In a list of resources those of the customer
 * that are not shared are nobody's business.
 */
export function publishRecord(
  addressing: Addressing,
  { resource: wanted, shared }: Target,
  record: Json,
): Json | typeof NOT_SHARED | typeof NOT_OURS | typeof NAMELESS {
  const { idName } = addressing;
  const isOfResources = isListOfResources(addressing);
  if (idName === undefined || !isRecord(record) || !(idName in record))
    return isOfResources ? NAMELESS : record;
  const ref = String(record[idName]);
  const resource = shared.available.get(ref);
  if (isOfResources && !resource) return isOwned(shared, ref) ? NOT_SHARED : NOT_OURS;
  if (!resource || (wanted && resource.ref !== wanted.ref)) return NOT_OURS;
  const published = { ...record, [idName]: resource.id };
  return Object.isFrozen(record) ? Object.freeze(published) : published;
}

/** Whether a reference may be the customer's. What has been picked may be so no longer, and is not shared then. */
export function isOwned({ all, owned }: Target['shared'], ref: string): boolean {
  return owned === undefined || owned.has(ref) || all.some((resource) => resource.ref === ref);
}
