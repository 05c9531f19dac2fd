import type { X509Certificate } from 'node:crypto';

/** A client certificate as it was presented. Whether it may be believed is the directory's to say. */
export interface ClientCertificate {
  readonly leaf: X509Certificate;
  /** Further certificates that came with it, nearest to the leaf first. */
  readonly intermediates: readonly X509Certificate[];
  /** SHA-256 of the leaf in DER, base64url without padding: the `x5t#S256` that tokens are bound to (RFC 8705 §3.1). */
  readonly thumbprint: string;
}
