import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/**
 * Encrypts with AES-256-GCM under a random nonce. The context is authenticated, not kept: who decrypts must name it.
 * Answers with nonce, tag and ciphertext in a row. A key of 32 bytes may be used for 2^32 contents (NIST SP 800-38D §8.3).
 */
export function encrypt(key: KeyObject, content: Uint8Array, context: string): Buffer {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(context));
  const ciphertext = [cipher.update(content), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...ciphertext]);
}

/** Throws when the content was encrypted with another key or context, or has been altered. */
export function decrypt(key: KeyObject, encrypted: Uint8Array, context: string): Buffer {
  const tagEnd = NONCE_LENGTH + TAG_LENGTH;
  if (encrypted.length < tagEnd) throw new Error('the encrypted content is cut short');
  const decipher = createDecipheriv(CIPHER, key, encrypted.subarray(0, NONCE_LENGTH), {
    authTagLength: TAG_LENGTH,
  });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(encrypted.subarray(NONCE_LENGTH, tagEnd));
  return Buffer.concat([decipher.update(encrypted.subarray(tagEnd)), decipher.final()]);
}
