/** States of a consent. `CONSUMED` exists in Open Insurance only, once the service that was agreed to has been initiated. */
export type ConsentStatus = 'AWAITING_AUTHORISATION' | 'AUTHORISED' | 'REJECTED' | 'CONSUMED';

/** A CPF or CNPJ and the word for which of them it is, as in `loggedUser.document`. */
export interface IdentityDocument {
  readonly identification: string;
  readonly rel: string;
}

/** Who ended a consent, and why. */
export interface Rejection {
  readonly rejectedBy: 'USER' | 'ASPSP' | 'TPP';
  readonly code: string;
  readonly additionalInformation?: string;
}

/** A resource that the customer picked, by the institution's own reference. */
export interface PickedResource {
  readonly type: string;
  readonly ref: string;
  /** Documents of those who still have to approve; empty when nobody does. */
  readonly awaiting: readonly string[];
  /** True once one of them has refused: the resource stays unavailable. */
  readonly isRefused: boolean;
}

/** One approval that needs more people than the one who gave the consent. */
export interface Approval {
  /** CPF of the approver. */
  readonly approver: string;
  readonly decision: 'PENDING' | 'APPROVED' | 'REFUSED';
  readonly decidedAt?: number;
}

/** What the customer agreed to share, beside the permissions. */
export interface Selection {
  /** Picked one by one; of types that are shared as a whole, those in which others have a word too. */
  readonly resources: readonly PickedResource[];
  readonly approvals: readonly Approval[];
}

/**
 * A consent as it is kept. Instants are milliseconds since the epoch, whole seconds. Personal members are undefined once
 * the subject has been erased.
 */
export interface Consent {
  /** `urn:<namespace>:<uuid>`. */
  readonly id: string;
  readonly ecosystem: string;
  readonly clientId: string;
  readonly organisationId: string;
  readonly status: ConsentStatus;
  readonly createdAt: number;
  readonly statusUpdatedAt: number;
  /** Undefined for a consent without end. */
  readonly expiresAt: number | undefined;
  /** Granted permissions in the profile's canonical spelling, in the order of the request. */
  readonly permissions: readonly string[];
  readonly loggedUser: IdentityDocument | undefined;
  readonly businessEntity: IdentityDocument | undefined;
  /** Further members of the request's `data`, as the contract has them, to be repeated in answers. May be personal. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly isLinked: boolean | undefined;
  readonly rejection: Rejection | undefined;
  /** What was picked; undefined until it is authorised. */
  readonly selection: Selection | undefined;
  /** Stable public id of the customer who authorised it: the `sub` of its tokens. */
  readonly subject: string | undefined;
  /** The authorization server's grant; undefined until it is authorised. */
  readonly grantId: string | undefined;
  /** Counts changes: who changes a consent names the revision that was read, and loses when it is no longer the newest. */
  readonly revision: number;
  /**
   * Counts what has been recorded of its resources' states; 0 until the first time. No change of the consent itself, and
   * not in the ledger.
   */
  readonly resourcesRevision: number;
}

/** One renewal without redirect (Open Finance). */
export interface ConsentExtension {
  readonly requestedAt: number;
  readonly expiresAt: number | undefined;
  readonly previousExpiresAt: number | undefined;
  readonly loggedUser: IdentityDocument | undefined;
  readonly customerIpAddress: string;
  readonly customerUserAgent: string;
}
