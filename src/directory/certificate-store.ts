/** What a certificate is for. */
export type CertificateUse = 'client' | 'server' | 'signing';

/** Why a certificate was revoked: the reasons of RFC 5280 §5.3.1 that an authority of this kind has a use for. */
export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'privilegeWithdrawn';

/** A certificate that was issued, with what became of it. Instants are in milliseconds since the epoch. */
export interface IssuedCertificate {
  /** Lower-case hexadecimal, unique among all issuers. */
  readonly serialNumber: string;
  /** Key of the issuer's revocation list. */
  readonly issuer: string;
  readonly use: CertificateUse;
  /** Whose it is; undefined for certificates of the directory's own servers. */
  readonly organisationId: string | undefined;
  readonly softwareId: string | undefined;
  /** PEM of the certificate alone. */
  readonly certificate: string;
  /** PEM of the certificate followed by its issuer, as servers and clients send it. */
  readonly chain: string;
  /** SHA-256 over the DER, base64url without padding. */
  readonly thumbprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revokedAt: number | undefined;
  readonly revocationReason: RevocationReason | undefined;
  /** Serial number of the certificate that took its place. */
  readonly renewedBy: string | undefined;
}

/** Which certificates are wanted; members that are absent do not restrict. */
export interface CertificateFilter {
  readonly organisationId?: string;
  readonly softwareId?: string;
  readonly use?: CertificateUse;
  /** Only those that are neither revoked nor renewed. */
  readonly isCurrent?: true;
  /** Only those that end before this instant. */
  readonly endsBefore?: number;
  /** Only those that end at this instant or later. */
  readonly endsFrom?: number;
}

export interface Revocation {
  readonly serialNumber: string;
  readonly revokedAt: number;
  readonly reason: RevocationReason;
}

/** Where issued certificates are kept for ever. Methods reject while the database is away. */
export interface CertificateStore {
  add(certificate: IssuedCertificate): Promise<void>;
  /** Adds a certificate in the place of another one. False, and nothing is kept, when that was renewed or revoked before. */
  addRenewal(renewed: string, certificate: IssuedCertificate): Promise<boolean>;
  find(serialNumber: string): Promise<IssuedCertificate | undefined>;
  /** In order of issue, the newest last. At most 1000. */
  list(filter: CertificateFilter): Promise<readonly IssuedCertificate[]>;
  /** True when it is revoked by this call; false when there is none with that number or it was revoked before. */
  revoke(serialNumber: string, revocation: Omit<Revocation, 'serialNumber'>): Promise<boolean>;
  /** Revoked certificates of an issuer that end at `endsFrom` or later, in order of revocation. */
  revocations(issuer: string, endsFrom: number): Promise<readonly Revocation[]>;
}
