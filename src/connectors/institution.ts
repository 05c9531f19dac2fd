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
}

/**
 * The institution's own systems, as far as consents need them. Methods reject when a system is away; they must obey the
 * signal.
 */
export interface Institution {
  /** The customer behind a login, or undefined. Takes as long for an unknown login as for a wrong password. */
  authenticate(login: string, password: string, signal: AbortSignal): Promise<Customer | undefined>;
  customer(id: string, signal: AbortSignal): Promise<Customer | undefined>;
  /** The customer with a CPF, for consents that were given before. */
  customerWith(cpf: string, signal: AbortSignal): Promise<Customer | undefined>;
  /** What the customer has of these types; of the company's when one is named. */
  discover(
    customer: Customer,
    cnpj: string | undefined,
    types: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly OfferedResource[]>;
}
