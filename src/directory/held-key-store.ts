/** A key of the directory itself. It is one of a line: each generation takes over from the one before. */
export interface HeldKey {
  /** What it signs, such as `root` or `statements:<ecosystem>`. */
  readonly purpose: string;
  /** Counted from 1. */
  readonly generation: number;
  /** Private key as PKCS #8 in DER, sealed for `heldKeyContext`. */
  readonly sealed: Uint8Array;
  /** What the world sees of it: a certificate as PEM, or a public JWK as JSON. */
  readonly published: string;
  /** From when it signs, in milliseconds since the epoch. */
  readonly signsFrom: number;
}

/** Where the directory keeps its own keys, for all nodes alike. Methods reject while the database is away. */
export interface HeldKeyStore {
  /** All generations, the oldest first. */
  list(purpose: string): Promise<readonly HeldKey[]>;
  /** Adds a generation unless another node was faster; answers with all generations then, the oldest first. */
  add(key: HeldKey): Promise<readonly HeldKey[]>;
}

/** The context a held key is sealed for, so that one key's bytes cannot stand in for another's. */
export function heldKeyContext({ purpose, generation }: Pick<HeldKey, 'purpose' | 'generation'>): string {
  return `held-key:${purpose}:${generation}`;
}
