/** Something an authorization server did or refused, for the audit trail. Nothing in it is personal. */
export interface AuthorizationEvent {
  readonly kind:
    | 'certificate'
    | 'registration'
    | 'registration-update'
    | 'registration-end'
    | 'pushed-request'
    | 'authorization'
    | 'token'
    | 'revocation';
  readonly clientId?: string;
  readonly consentId?: string;
  /** `done`, or the error code that the caller was told, or why a certificate was not believed. */
  readonly outcome: string;
}

export type OnAuthorizationEvent = (event: AuthorizationEvent) => void;
