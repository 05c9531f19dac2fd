import type { OfferedResource } from '../../connectors/customer.ts';
import type { Consent } from '../../consents/consent.ts';
import type { ConsentProfile, PermissionGroup } from '../../consents/consent-profile.ts';
import { describeDetails, type ShownDetail } from './describe-details.ts';
import type { JourneyWording } from './read-journey-wording.ts';

/** What a consent asks for, as a customer is shown it. */
export interface ConsentOffer {
  readonly categories: readonly OfferedCategory[];
  readonly details: readonly ShownDetail[];
  /** True when it is a service that is asked for in the customer's name, not data to read. */
  readonly isService: boolean;
  /** True when everything it asks for are resources of which the customer has none. */
  readonly isEmpty: boolean;
}

export interface OfferedCategory {
  readonly label: string;
  readonly items: readonly OfferedItem[];
  /** Types of which the customer picks one by one. */
  readonly choices: readonly Choice[];
  /** Shared as a whole, with what is contracted later. */
  readonly whole: Whole | undefined;
}

export interface OfferedItem {
  readonly label: string;
  readonly description: string;
  /** What each permission opens. */
  readonly contents: readonly string[];
}

export interface Choice {
  /** Name of the form field. */
  readonly field: string;
  readonly label: string;
  readonly type: string;
  readonly resources: readonly OfferedResource[];
}

export interface Whole {
  readonly mode: 'grouped-resources' | 'grouped-products';
  /** What there is of it today. */
  readonly resources: readonly OfferedResource[];
}

/** A group of which a consent has all permissions, or some where each stands for itself. */
interface AskedGroup {
  readonly group: PermissionGroup;
  readonly permissions: readonly string[];
  readonly types: readonly string[];
}

/** The types of resources that a consent opens, so that the institution can be asked for them. */
export function offeredTypes(consent: Consent, profile: ConsentProfile): string[] {
  return distinct(askedGroups(consent, profile).flatMap(({ types }) => types));
}

/** Whether a consent is for a service in the customer's name, not for data to read. */
export function isService(consent: Consent, profile: ConsentProfile): boolean {
  return askedGroups(consent, profile).some(({ group }) => group.rule === 'exclusive');
}

/**
 * Puts a consent in the words of its ecosystem. Throws when something in it has none: nobody may be asked to agree to
 * what is not shown.
 */
export function offerConsent(
  consent: Consent,
  profile: ConsentProfile,
  wording: JourneyWording,
  resources: readonly OfferedResource[],
): ConsentOffer {
  const asked = askedGroups(consent, profile);
  return {
    categories: offerCategories(asked, profile, resources),
    details: describeDetails(consent.details, wording),
    isService: isService(consent, profile),
    isEmpty: asked.every(
      ({ group, types }) =>
        group.selection === 'individual' && types.length > 0 && !owned(resources, types).length,
    ),
  };
}

function askedGroups(consent: Consent, { groups, permissions, companion }: ConsentProfile): AskedGroup[] {
  const granted = new Set(consent.permissions);
  const asked = groups.flatMap((group): AskedGroup[] => {
    const names = group.permissions.filter((name) => granted.has(name));
    const isAsked = group.rule === 'each' ? names.length > 0 : names.length === group.permissions.length;
    const types = distinct(names.flatMap((name) => permissions.get(name)?.resourceType ?? []));
    return isAsked ? [{ group, permissions: names, types }] : [];
  });
  const worded = new Set([companion, ...asked.flatMap((group) => group.permissions)]);
  if (consent.permissions.some((name) => !worded.has(name)))
    throw new Error('the profile has no words for a permission of the consent');
  return asked;
}

/** A type stands in the first category that has it, and is never shared as a whole where it is picked one by one. */
function offerCategories(
  asked: readonly AskedGroup[],
  profile: ConsentProfile,
  resources: readonly OfferedResource[],
): OfferedCategory[] {
  const homes = new Map<string, PermissionGroup>();
  for (const { group, types } of asked)
    if (group.selection === 'individual')
      for (const type of types) if (!homes.has(type)) homes.set(type, group);
  const shared = resources.filter(({ type }) => !homes.has(type));
  return [...Map.groupBy(asked, ({ group }) => group.category)].map(([label, members]) => ({
    label,
    items: members.map((member) => offerItem(member, profile)),
    choices: offerChoices(label, homes, resources),
    whole: offerWhole(members, shared),
  }));
}

function offerItem({ group, permissions }: AskedGroup, profile: ConsentProfile): OfferedItem {
  const contents = permissions.flatMap((name) => profile.permissions.get(name)?.label ?? []);
  return { label: group.label, description: group.description, contents };
}

/** The only choice of a category is called like it; several are called like their groups. */
function offerChoices(
  category: string,
  homes: ReadonlyMap<string, PermissionGroup>,
  resources: readonly OfferedResource[],
): Choice[] {
  const here = [...homes].filter(([, group]) => group.category === category);
  return here.map(([type, group]) => ({
    field: `escolha-${type}`,
    label: here.length > 1 ? group.label : category,
    type,
    resources: owned(resources, [type]),
  }));
}

function offerWhole(asked: readonly AskedGroup[], resources: readonly OfferedResource[]): Whole | undefined {
  const whole = asked.filter(({ group, types }) => group.selection !== 'individual' && types.length > 0);
  if (whole.length === 0) return undefined;
  const isProducts = whole.some(({ group }) => group.selection === 'grouped-products');
  const types = distinct(whole.flatMap((member) => member.types));
  return {
    mode: isProducts ? 'grouped-products' : 'grouped-resources',
    resources: owned(resources, types),
  };
}

function owned(resources: readonly OfferedResource[], types: readonly string[]): OfferedResource[] {
  return resources.filter(({ type }) => types.includes(type));
}

function distinct<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}
