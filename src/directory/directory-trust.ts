import type { ClientCertificate } from '../kernel/client-certificate.ts';

/** What a certificate of a participant says once it is believed. */
export interface CertifiedSoftware {
  /** From `organizationIdentifier`, without the ecosystem's prefix; from `OU` in certificates of the old form. */
  readonly organisationId: string;
  /** From `UID`. */
  readonly softwareId: string;
}

/** Why a certificate is not believed; for the log, never for its owner. */
export type CertificateFault =
  | 'missing'
  | 'untrusted-issuer'
  | 'expired'
  | 'not-yet-valid'
  | 'revoked'
  /** No signed and current revocation list speaks for it, and the policy demands one. */
  | 'unknown-revocation'
  | 'wrong-use'
  | 'no-participant';

export type CertificateVerdict =
  | { readonly isTrusted: true; readonly software: CertifiedSoftware }
  | { readonly isTrusted: false; readonly fault: CertificateFault };

/** Claims of a software statement that has a good signature, a known issuer and a fresh date. */
export interface SoftwareStatement {
  readonly softwareId: string;
  readonly organisationId: string;
  /** False when the directory does not approve the software or its organisation. */
  readonly isApproved: boolean;
  readonly redirectUris: readonly string[];
  readonly webhookUris: readonly string[];
  readonly jwksUri: string;
  /** Roles that are active in the ecosystem's domain. */
  readonly roles: readonly string[];
  readonly clientName: string;
  readonly organisationName: string;
  readonly clientUri: string | undefined;
  readonly logoUri: string | undefined;
  readonly tosUri: string | undefined;
  readonly policyUri: string | undefined;
}

export type StatementVerdict =
  | { readonly isValid: true; readonly statement: SoftwareStatement }
  /** Why not, for the `error_description`. */
  | { readonly isValid: false; readonly reason: string };

/** A public key of a participant, as in a JWK set. */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kid?: string; readonly use?: string };

/** How old what is known of the directory is. */
export interface DirectoryAge {
  /** When it was last fetched, in milliseconds since the epoch; undefined when it never was. */
  readonly fetchedAt: number | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly failure: string | undefined;
}

/** What the authorization server asks the directory of its ecosystem. Last good data serves while the directory is away. */
export interface DirectoryTrust {
  /** Judges chain, dates, use, revocation and subject. `undefined` is judged as missing. */
  certificate(presented: ClientCertificate | undefined): Promise<CertificateVerdict>;
  /** Judges signature, algorithm, issuer, age (5 minutes) and form of a software statement assertion. Rejects when the directory's keys cannot be had. */
  statement(jws: string): Promise<StatementVerdict>;
  /** Keys at a `jwks_uri` of the directory's key store, cached; a `kid` that is not known yet is asked for anew. Rejects when there are none. */
  keys(jwksUri: string, kid?: string): Promise<readonly PublicJwk[]>;
  age(): DirectoryAge;
}
