/**
 * Encrypts what must not be read from the database alone. The context is authenticated with the content, so that what
 * was sealed for one place cannot be moved to another.
 */
export interface Sealer {
  seal(content: Uint8Array, context: string): Uint8Array;
  /** Throws when the content was not sealed for this context, or by a key that is not known. */
  open(sealed: Uint8Array, context: string): Uint8Array;
  /** A key for one purpose, always the same: for finding values that are kept sealed, and for stable public ids. */
  derive(purpose: string): Uint8Array;
}
