import type { ProblemCode } from '../kernel/problem.ts';
import type { Rejection } from './consent.ts';

/** Whom a permission concerns: natural persons (PF), companies (PJ), or both. */
export type PersonKind = 'natural' | 'legal' | 'any';

/**
 * How the permissions of a group are asked for: `whole` together and with the companion; `each` on its own and with
 * the companion; `exclusive` together and with nothing else.
 */
export const GROUP_RULES = ['whole', 'each', 'exclusive'] as const;
export type GroupRule = (typeof GROUP_RULES)[number];

/** How the customer picks what is shared: resource by resource, all of a type, or all of several types together. */
export const SELECTION_MODES = ['individual', 'grouped-resources', 'grouped-products'] as const;
export type SelectionMode = (typeof SELECTION_MODES)[number];

/** Rules that a request for a consent can be judged by; a profile names those of its ecosystem, in their order. */
export const CREATION_RULES = [
  'known-permissions',
  'distinct-permissions',
  'valid-documents',
  'one-kind-of-person',
  'company-present',
  'company-permissions',
  'one-exclusive-group',
  'complete-groups',
  'service-details',
  'end-date',
  'offered-products',
] as const;
export type CreationRule = (typeof CREATION_RULES)[number];

/** One permission, in the profile's spelling. */
export interface Permission {
  readonly name: string;
  /** What it lets be read or done, in Portuguese for the customer. */
  readonly label: string;
  /** Scope of the API that asks for it; undefined while no published API does. */
  readonly scope: string | undefined;
  readonly resourceType: string | undefined;
  /** What an institution must offer for it to be granted: the resource type, else the scope. */
  readonly product: string | undefined;
  readonly person: PersonKind;
}

/** Permissions that belong together, as the regulator groups them and the customer sees them. */
export interface PermissionGroup {
  readonly id: string;
  /** Heading that groups stand under, in Portuguese; groups of one category follow each other. */
  readonly category: string;
  readonly label: string;
  /** In plain words, what is shared or done. */
  readonly description: string;
  readonly rule: GroupRule;
  readonly selection: SelectionMode;
  /** True when it is granted even by an institution that does not offer its products. */
  readonly isKept: boolean;
  /** Without the companion. */
  readonly permissions: readonly string[];
  readonly scopes: readonly string[];
  readonly resourceTypes: readonly string[];
}

/** Permissions that cover each other: each of them is covered by a request that has all of them. */
export interface Cover {
  readonly group: PermissionGroup;
  readonly permissions: readonly string[];
}

export interface ExpiryRule {
  readonly isRequired: boolean;
  /** How far ahead an end may lie, in calendar months. */
  readonly maxMonths: number;
  /** By how much the receiver's clock may be ahead, in milliseconds. */
  readonly toleranceMs: number;
}

/** How a refusal is worded where it differs from the table of problems. */
export interface RefusalWording {
  readonly status?: number;
  readonly wireCode?: string;
}

/** A reason for which a consent may end. */
export interface RejectionReason {
  readonly code: string;
  /** The permission without which the reason makes no sense. */
  readonly permission?: string;
}

/** A member of the request's `data` that describes a service, and the permissions that require it. */
export interface DetailRule {
  readonly member: string;
  readonly permissions: readonly string[];
}

/** How one major version of the API writes what is kept in the profile's spelling. */
export interface VersionSpelling {
  readonly major: number;
  readonly permissions: ReadonlyMap<string, string>;
  /** Names of members of `data`. */
  readonly details: ReadonlyMap<string, string>;
  /** Values of a member of such a member: member of `data`, its member, value. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, string>>>;
  /** Rejection reasons that the version does not know. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** What differs in the states of resources (guidance to the Resources API: states of resources, preparation of lists). */
export interface ResourceRules {
  /** For how long after its authorisation a list may be in preparation, in milliseconds; undefined for ever. */
  readonly preparationMs: number | undefined;
  /** For how many months something that was closed is shared like what is not. */
  readonly closedSharedMonths: number;
  /** For how many months what is unavailable goes on being listed. */
  readonly unavailableListedMonths: number;
  /** Types of which what was unavailable may become available again. */
  readonly returningTypes: ReadonlySet<string>;
}

/** What differs between ecosystems in consents, as data: `catalog/<ecosystem>/consents.yaml`. */
export interface ConsentProfile {
  readonly ecosystem: string;
  /** How long a consent awaits authorisation, in milliseconds. */
  readonly awaitingMs: number;
  readonly expiry: ExpiryRule;
  /** The permission that must accompany those of `whole` and `each` groups, and is of no use alone. */
  readonly companion: string;
  readonly deletion: { readonly rejectedBy: Rejection['rejectedBy'] };
  /** Request header that makes a repeated request one; undefined where every request makes a consent. */
  readonly idempotencyHeader: string | undefined;
  readonly creationRules: readonly CreationRule[];
  readonly refusals: ReadonlyMap<ProblemCode, RefusalWording>;
  readonly rejectionReasons: readonly RejectionReason[];
  readonly details: readonly DetailRule[];
  readonly resources: ResourceRules;
  readonly permissions: ReadonlyMap<string, Permission>;
  /** In the order in which the customer sees them. */
  readonly groups: readonly PermissionGroup[];
  readonly covers: readonly Cover[];
  readonly versions: readonly VersionSpelling[];
  /** Spellings of any version of the API, to the profile's. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Everything that an institution can offer: resource types, and scopes of what has none. */
  readonly products: ReadonlySet<string>;
}
