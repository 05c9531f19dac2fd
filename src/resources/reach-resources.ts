import type { Customer, Institution, OfferedResource } from '../connectors/institution.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import { pickedStatus, type ResourceStatus } from './resource-state.ts';

/** A resource that a consent reaches, by the institution's own reference. */
export interface ReachedResource {
  readonly type: string;
  readonly ref: string;
  readonly status: ResourceStatus;
}

/**
 * Lists what a consent reaches. What was picked one by one is listed whatever has become of it; types that are shared as
 * a whole are listed as they are now, so that what the customer acquires later appears by itself (Resources API guide,
 * selection modes). Rejects when the institution's systems are away.
 */
export async function reachResources(
  consent: Consent,
  profile: ConsentProfile,
  institution: Pick<Institution, 'customerWith' | 'discover'>,
  signal: AbortSignal,
): Promise<readonly ReachedResource[]> {
  const cpf = consent.loggedUser?.identification;
  const customer = cpf === undefined ? undefined : await institution.customerWith(cpf, signal);
  if (!customer) return [];
  const { picked, whole } = sharedTypes(consent, profile);
  const found = await discoverAll(institution, customer, consent, [...picked, ...whole], signal);
  const known = new Set(found.map(keyOf));
  const decided = new Map(
    (consent.selection?.resources ?? []).map((resource) => [keyOf(resource), resource]),
  );
  return [
    ...[...decided.values()]
      .filter(({ type }) => picked.has(type))
      .map((resource) => reached(resource, pickedStatus(resource, known.has(keyOf(resource))))),
    ...found
      .filter(({ type }) => whole.has(type))
      .map((resource) => {
        // What is shared as a whole was decided on only where others have a word in it too.
        const decision = decided.get(keyOf(resource));
        return reached(resource, decision ? pickedStatus(decision, true) : 'AVAILABLE');
      }),
  ];
}

function reached(
  { type, ref }: { readonly type: string; readonly ref: string },
  status: ResourceStatus,
): ReachedResource {
  return { type, ref, status };
}

/** Resource types that the consent's permissions open, by the way in which they were selected. */
function sharedTypes({ permissions }: Consent, { groups }: ConsentProfile) {
  const granted = new Set(permissions);
  const open = groups.filter((group) =>
    group.rule === 'each'
      ? group.permissions.some((name) => granted.has(name))
      : group.permissions.every((name) => granted.has(name)),
  );
  const typesOf = (isIndividual: boolean) =>
    open
      .filter(({ selection }) => (selection === 'individual') === isIndividual)
      .flatMap(({ resourceTypes }) => resourceTypes);
  const picked = new Set(typesOf(true));
  return { picked, whole: new Set(typesOf(false).filter((type) => !picked.has(type))) };
}

function discoverAll(
  institution: Pick<Institution, 'discover'>,
  customer: Customer,
  { businessEntity }: Consent,
  types: readonly string[],
  signal: AbortSignal,
): Promise<readonly OfferedResource[]> {
  return institution.discover(customer, businessEntity?.identification, types, signal);
}

function keyOf({ type, ref }: { readonly type: string; readonly ref: string }): string {
  return `${type} ${ref}`;
}
