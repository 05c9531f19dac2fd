/** A customer as the institution knows them. */
export interface Customer {
  /** Stable, never reassigned, tells nothing: the institution's own key. */
  readonly id: string;
  readonly name: string;
  readonly cpf: string;
  /** Companies the customer may act for. */
  readonly companies: readonly Company[];
}

export interface Company {
  readonly cnpj: string;
  readonly name: string;
}

/** Whose data it is: the company's where `cnpj` is given, and the person's who acts for it otherwise. */
export interface CustomerDocuments {
  readonly cpf: string;
  readonly cnpj?: string;
}

/**
 * How something of the customer's stands with the institution. `active`: in normal use. `blocked`: held for a time.
 * `closed`: ended, on the day that `closedOn` tells. `barred`: held for good. `migrated`: now somebody else's.
 */
export const SITUATIONS = ['active', 'blocked', 'closed', 'barred', 'migrated'] as const;
export type Situation = (typeof SITUATIONS)[number];

/** Something of the customer's that can be shared one by one. */
export interface OfferedResource {
  /** The institution's own reference. */
  readonly ref: string;
  /** A resource type of the ecosystem. */
  readonly type: string;
  /** How the customer knows it, such as a branch and the last digits of an account. */
  readonly label: string;
  /** CPFs of those who must approve besides the one who shares it. */
  readonly approvers: readonly string[];
  /** `active` when it is left out. */
  readonly situation?: Situation;
  /** The day on which it was closed, such as `2026-01-31`. */
  readonly closedOn?: string;
  /** Whether the customer still sees it in the institution's own channels; by default what is active or closed is seen. */
  readonly isVisible?: boolean;
}
