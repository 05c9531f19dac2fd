import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import type { PageAnchor } from './page-anchor.ts';

/** What a key of paging remembers of the page that it leads to. */
export interface PageMark {
  readonly page: number;
  readonly size: number;
  /** What tells the filters that the list was read with. */
  readonly selection: string;
  /** The connector's word for where the page begins. */
  readonly cursor?: string;
  readonly anchor?: PageAnchor;
}

export interface PageKeys {
  /**
   * @param binding what the key is good for: one operation, path and consent
   */
  seal(binding: string, mark: PageMark): string;
  /** What a key remembers; `expired` by its own word, `forged` when it was not made for the binding. */
  open(binding: string, key: string): PageMark | 'forged' | 'expired';
}

export interface PageKeysSettings {
  readonly sealer: Pick<Sealer, 'derive'>;
  readonly ecosystem: string;
  readonly clock: Pick<Clock, 'now'>;
}

const LIFETIME_SECONDS = 3600;
/** By how much the clock of the node that made a key may be ahead. */
const CLOCKS_DIFFER_SECONDS = 300;
/** A secret seals for so long: random nonces are good for 2^32 keys of one secret (NIST SP 800-38D §8.3). */
const PERIOD_SECONDS = 86_400;
const CIPHER = 'aes-256-gcm';
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
/** Of the instant at which a key expires, in seconds since the epoch, which stands in the clear before the rest. */
const EXPIRY_LENGTH = 6;
const FORM = /^[A-Za-z0-9_-]{46,2048}$/;

/**
 * Creates what makes and reads the keys that links of pages carry. A key tells nothing to whoever carries it, cannot be
 * altered or used elsewhere, and is good for an hour, on every node.
 */
export function createPageKeys({ sealer, ecosystem, clock }: PageKeysSettings): PageKeys {
  let secret: { readonly period: number; readonly key: KeyObject } | undefined;

  function secretOf(expiry: number): KeyObject {
    const period = Math.floor(expiry / PERIOD_SECONDS);
    if (secret?.period !== period)
      secret = {
        period,
        key: createSecretKey(sealer.derive(`keys of paging of ${ecosystem}, day ${period}`)),
      };
    return secret.key;
  }

  return {
    seal(binding, mark) {
      const expiry = Math.floor(clock.now() / 1000) + LIFETIME_SECONDS;
      const head = Buffer.alloc(EXPIRY_LENGTH);
      head.writeUIntBE(expiry, 0, EXPIRY_LENGTH);
      const nonce = randomBytes(NONCE_LENGTH);
      const cipher = createCipheriv(CIPHER, secretOf(expiry), nonce);
      cipher.setAAD(Buffer.from(`${expiry} ${binding}`));
      const content = Buffer.concat([cipher.update(writeMark(mark)), cipher.final()]);
      return Buffer.concat([head, nonce, cipher.getAuthTag(), content]).toString('base64url');
    },

    open(binding, key) {
      if (!FORM.test(key)) return 'forged';
      const bytes = Buffer.from(key, 'base64url');
      const expiry = bytes.readUIntBE(0, EXPIRY_LENGTH);
      const left = expiry - clock.now() / 1000;
      if (left <= 0) return 'expired';
      if (left > LIFETIME_SECONDS + CLOCKS_DIFFER_SECONDS) return 'forged';
      const tagAt = EXPIRY_LENGTH + NONCE_LENGTH;
      const decipher = createDecipheriv(CIPHER, secretOf(expiry), bytes.subarray(EXPIRY_LENGTH, tagAt), {
        authTagLength: TAG_LENGTH,
      });
      decipher.setAAD(Buffer.from(`${expiry} ${binding}`));
      decipher.setAuthTag(bytes.subarray(tagAt, tagAt + TAG_LENGTH));
      try {
        const content = [decipher.update(bytes.subarray(tagAt + TAG_LENGTH)), decipher.final()];
        return readMark(Buffer.concat(content).toString());
      } catch {
        return 'forged';
      }
    },
  };
}

function writeMark({ page, size, selection, cursor, anchor }: PageMark): string {
  return JSON.stringify([
    page,
    size,
    selection,
    cursor ?? null,
    anchor?.index ?? null,
    anchor?.digests ?? [],
  ]);
}

function readMark(text: string): PageMark {
  const [page, size, selection, cursor, index, digests] = JSON.parse(text);
  return {
    page,
    size,
    selection,
    ...(cursor !== null && { cursor }),
    ...(index !== null && { anchor: { index, digests } }),
  };
}
