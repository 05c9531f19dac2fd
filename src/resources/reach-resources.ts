import type { Customer, Institution, OfferedResource } from '../connectors/institution.ts';
import type { Consent, PickedResource } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import { pickedStatus, type ResourceStatus, unpickedStatus } from './resource-state.ts';

/** A resource that a consent reaches, by the institution's own reference. */
export interface ReachedResource {
  readonly type: string;
  readonly ref: string;
  readonly status: ResourceStatus;
}

/**
 * Lists what a consent reaches. What was picked one by one is listed whatever has become of it, even of its owner; types
 * that are shared as a whole are listed as they are now, so that what the customer acquires later appears by itself
 * (Resources API guide, selection modes). Rejects when the institution's systems are away.
 */
export async function reachResources(
  consent: Consent,
  profile: ConsentProfile,
  institution: Pick<Institution, 'customerWith' | 'discover'>,
  signal: AbortSignal,
): Promise<readonly ReachedResource[]> {
  const { picked, whole } = sharedTypes(consent, profile);
  const customer = await findOwner(consent, institution, signal);
  const found = customer ? await discover(institution, customer, consent, [...picked, ...whole], signal) : [];
  const decisions = new Map(
    (consent.selection?.resources ?? []).map((resource) => [keyOf(resource), resource]),
  );
  return [
    ...listPicked(picked, decisions, new Set(found.map(keyOf))),
    ...listWhole(whole, decisions, found, customer),
  ];
}

type Decisions = ReadonlyMap<string, PickedResource>;

function listPicked(
  types: ReadonlySet<string>,
  decisions: Decisions,
  there: ReadonlySet<string>,
): ReachedResource[] {
  return [...decisions.values()]
    .filter(({ type }) => types.has(type))
    .map((decision) => reached(decision, pickedStatus(decision, there.has(keyOf(decision)))));
}

/** What is shared as a whole was decided on only where others had a word in it when the consent was given. */
function listWhole(
  types: ReadonlySet<string>,
  decisions: Decisions,
  found: readonly OfferedResource[],
  owner: Customer | undefined,
): ReachedResource[] {
  return found
    .filter(({ type }) => types.has(type))
    .map((resource) => {
      const decision = decisions.get(keyOf(resource));
      return reached(
        resource,
        decision ? pickedStatus(decision, true) : unpickedStatus(resource, owner?.cpf),
      );
    });
}

function reached(
  { type, ref }: { readonly type: string; readonly ref: string },
  status: ResourceStatus,
): ReachedResource {
  return { type, ref, status };
}

/** Types of what the granted permissions open, by the way in which resources of them are selected. */
function sharedTypes({ permissions }: Consent, profile: ConsentProfile) {
  const granted = new Set(permissions);
  const typesOf = (isIndividual: boolean) =>
    profile.groups
      .filter(({ selection }) => (selection === 'individual') === isIndividual)
      .flatMap((group) => {
        const names = group.permissions.filter((name) => granted.has(name));
        const isOpen = group.rule === 'each' || names.length === group.permissions.length;
        // By permission and not by group: of a group whose permissions stand for themselves only some may be granted.
        return isOpen ? names.flatMap((name) => profile.permissions.get(name)?.resourceType ?? []) : [];
      });
  const picked = new Set(typesOf(true));
  return { picked, whole: new Set(typesOf(false).filter((type) => !picked.has(type))) };
}

/** The customer who gave the consent; undefined when the institution does not know them any more. */
async function findOwner(
  { loggedUser }: Consent,
  institution: Pick<Institution, 'customerWith'>,
  signal: AbortSignal,
): Promise<Customer | undefined> {
  return loggedUser && institution.customerWith(loggedUser.identification, signal);
}

function discover(
  institution: Pick<Institution, 'discover'>,
  owner: Customer,
  { businessEntity }: Consent,
  types: readonly string[],
  signal: AbortSignal,
): Promise<readonly OfferedResource[]> {
  return institution.discover(owner, businessEntity?.identification, types, signal);
}

function keyOf({ type, ref }: { readonly type: string; readonly ref: string }): string {
  return `${type} ${ref}`;
}
