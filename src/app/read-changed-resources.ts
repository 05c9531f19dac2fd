import type { ChangedResource } from '../connectors/connector.ts';

const MOST = 1_000;
const TYPE = /^[A-Z][A-Z0-9_]{0,79}$/;
/** A connector's own reference: printable ASCII. */
const REF = /^[\x20-\x7e]{1,256}$/;

export type ReadChangedResources =
  | { readonly resources: readonly ChangedResource[] }
  | { readonly faults: readonly string[] };

/** Reads what the institution says has changed: `{"resources": [{"type": "ACCOUNT", "ref": "a-1"}]}`, up to 1,000 of them. */
export function readChangedResources(body: unknown): ReadChangedResources {
  const given = (body as { resources?: unknown } | null | undefined)?.resources;
  if (!Array.isArray(given) || given.length === 0 || given.length > MOST)
    return { faults: [`resources must be a list of 1 to ${MOST} things`] };
  const faults = given.flatMap((each: unknown, index) => {
    const { type, ref } = (each ?? {}) as Record<string, unknown>;
    const wrong = [
      ...(typeof type === 'string' && TYPE.test(type)
        ? []
        : [`resources[${index}].type must match ${TYPE.source}`]),
      ...(typeof ref === 'string' && REF.test(ref)
        ? []
        : [`resources[${index}].ref must match ${REF.source}`]),
    ];
    return wrong;
  });
  if (faults.length > 0) return { faults };
  return { resources: (given as ChangedResource[]).map(({ type, ref }) => ({ type, ref })) };
}
