import type { Json } from '../connectors/connector.ts';
import type { Operation } from '../contract/operation.ts';
import type { Target } from './find-target.ts';

interface Kept<Result> {
  readonly operation: Operation;
  readonly target: Pick<Target, 'shared' | 'resource'>;
  readonly result: Result;
}

/** Of one content: as many consents, or versions of an API, that read it in turn. */
const MOST_KEPT = 8;

/**
 * Makes the function that keeps what was made of a connector's content, as long as the content is there. Only what is
 * frozen is kept: it stays as it was found. The same content is something else to another operation or consent.
 */
export function createContentMemory<Result>(): (
  operation: Operation,
  target: Target,
  content: Json,
  make: () => Result,
) => Result {
  const memory = new WeakMap<object, Kept<Result>[]>();
  return (operation, target, content, make) => {
    if (typeof content !== 'object' || content === null || !Object.isFrozen(content)) return make();
    const kept = memory.get(content) ?? [];
    const known = kept.find(
      (each) =>
        each.operation === operation &&
        each.target.shared === target.shared &&
        each.target.resource === target.resource,
    );
    if (known) return known.result;
    const result = make();
    kept.unshift({ operation, target: { shared: target.shared, resource: target.resource }, result });
    kept.length = Math.min(kept.length, MOST_KEPT);
    memory.set(content, kept);
    return result;
  };
}
