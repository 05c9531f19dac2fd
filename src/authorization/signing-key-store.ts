/** A signing key of an issuer. It is published before it signs and after it has signed, so that no signature is unknown. */
export interface StoredSigningKey {
  readonly kid: string;
  /** Private JWK; kept sealed. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** From when it signs, in milliseconds since the epoch. */
  readonly signsFrom: number;
  /** From when it is not published any more. */
  readonly endsAt: number;
}

/** Where signing keys are kept, for all nodes alike. Methods reject while the database is away. */
export interface SigningKeyStore {
  list(issuer: string): Promise<readonly StoredSigningKey[]>;
  /** Adds a key unless another node has added one that signs from the same instant or later; answers with all keys then. */
  add(issuer: string, key: StoredSigningKey): Promise<readonly StoredSigningKey[]>;
  /** Deletes keys that ended before that instant. */
  sweep(before: number): Promise<void>;
}
