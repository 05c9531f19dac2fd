/**
 * What the steps of a call have found out on its way, kept for whoever asks later why it was answered as it was. Nobody
 * decides anything by it, and nothing in it is personal: ids of consents, receivers and public ids of resources, never
 * documents, names, tokens or data.
 */
export interface CallNotes {
  /** Where the caller stood with its limits, by limit: requests counted in the window, this one included. */
  limits?: Readonly<Record<string, { readonly count: number; readonly limit: number }>>;
  certificate?: {
    readonly thumbprint?: string;
    readonly isTrusted: boolean;
    readonly organisationId?: string;
    readonly softwareId?: string;
    /** Why it is not trusted. */
    readonly reason?: string;
  };
  token?: {
    readonly kind: 'customer' | 'own';
    readonly clientId?: string;
    /** Milliseconds since the epoch. */
    readonly expiresAt?: number;
    /** What is wrong with it. */
    readonly fault?: 'absent' | 'malformed' | 'unknown' | 'expired' | 'bound-to-another-certificate';
    readonly missingScopes?: readonly string[];
  };
  consent?: {
    readonly id: string;
    readonly status?: string;
    readonly revision?: number;
    /** What is wrong with it. */
    readonly fault?:
      | 'unknown'
      | 'not-authorised'
      | 'of-another-receiver'
      | 'of-another-grant'
      | 'of-another-customer';
  };
  permission?: {
    /** What the operation asks for. */
    readonly asked: readonly string[];
    readonly isGranted: boolean;
    readonly reason?: string;
  };
  resource?: {
    /** As the receiver knows it. */
    readonly id?: string;
    readonly type?: string;
    readonly status?: string;
    /** Why it has that status, or why the call does not reach it. */
    readonly reason?: string;
    /** How many resources of the consent the call could read. */
    readonly shared?: number;
  };
  connector?: {
    readonly name: string;
    /** What it answered, or `late` and `away`. */
    readonly outcome: string;
    /** Milliseconds that it was waited for, and those that it had. */
    readonly waitedMs: number;
    readonly budgetMs: number;
    /** When what it told was true, in milliseconds since the epoch. */
    readonly asOf?: number;
    /** Whether an answer from before was served in its place. */
    readonly isSnapshot?: boolean;
  };
  validation?: {
    readonly records: number;
    readonly broken: number;
    readonly foreign: number;
    /** JSON pointer (RFC 6901) and rule of the first fault. */
    readonly pointer?: string;
    readonly reason?: string;
  };
}

/** Adds what a step has found out to a call's notes, where somebody keeps them. */
export function note(call: { readonly notes?: CallNotes }, found: CallNotes): void {
  if (call.notes) Object.assign(call.notes, found);
}
