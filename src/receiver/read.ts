import type { Access } from './access.ts';
import type { HolderAnswer } from './call-holder.ts';
import type { Target } from './holder.ts';
import { type ReadOptions, readOnce } from './read-once.ts';
import { HolderRefusal } from './receiver-errors.ts';
import { readResources } from './resources.ts';

export interface ReadOneOptions extends ReadOptions {
  /**
   * Id of the resource that the target is about. When the holder refuses with 403 or 404, the list of resources is read
   * again and the refusal has the resource's `currentState`.
   */
  readonly resourceId?: string;
}

/** No resource of that id is in the list. */
const NOT_LISTED = 'NOT_LISTED';

/**
 * Reads one thing that the consent opens.
 *
 * Rejects with `HolderRefusal` for a status of 400 and more, `AccessEnded` when the consent is over, `NoAnswer` when none
 * came, `UnusableAnswer` when it is of no use or the target is none of the holder's, and with the reason of the signal.
 */
export async function read<T = unknown>(
  access: Access,
  target: Target,
  { resourceId, ...options }: ReadOneOptions = {},
): Promise<HolderAnswer<T>> {
  try {
    return await readOnce<T>(access, target, options);
  } catch (error) {
    if (resourceId === undefined || !(error instanceof HolderRefusal) || ![403, 404].includes(error.status))
      throw error;
    const state = await currentState(access, resourceId, options.signal);
    throw state === undefined ? error : error.withState(state);
  }
}

/** Undefined where the list cannot be had: the refusal is worth more than the reason why nothing more is known. */
async function currentState(
  access: Access,
  resourceId: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const listed = await readResources(access, { ...(signal && { signal }), patienceMs: 0 }).catch(
    () => undefined,
  );
  if (listed?.status !== 'ready') return undefined;
  return listed.resources.find((resource) => resource.resourceId === resourceId)?.status ?? NOT_LISTED;
}
