import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Sealer } from '../kernel/sealer.ts';
import { decrypt, encrypt } from './authenticated-encryption.ts';

/** Layout of what is sealed: this byte, the length of the master key's id, the id, nonce, tag, ciphertext. */
const LAYOUT = 1;
const KEY_LENGTH = 32;

/** A key that the operator keeps outside of the database. */
export interface MasterKey {
  /** Tells keys apart, never reused: 1 to 64 characters. Kept in the clear beside what the key has sealed. */
  readonly id: string;
  /** 32 random bytes. */
  readonly secret: Uint8Array;
}

/** Seals with the newest master key and opens with any. */
export interface MasterSeal {
  /** Id of the key that seals now. */
  readonly newest: string;
  seal(content: Uint8Array, context: string): Buffer;
  /** Throws when the content was not sealed for this context, or by a key that is not known. */
  open(sealed: Uint8Array, context: string): Buffer;
}

export interface KeyRing extends Sealer, MasterSeal {
  seal(content: Uint8Array, context: string): Buffer;
  open(sealed: Uint8Array, context: string): Buffer;
}

export interface KeyRingSettings {
  /** The newest first: it seals. */
  readonly masterKeys: readonly MasterKey[];
  /** 32 bytes from which all other keys derive. It outlives master keys, so that derived keys never change. */
  readonly root: Uint8Array;
}

/** Creates the sealer of a data holder. Throws on keys that are not fit to be used. */
export function createKeyRing({ masterKeys, root }: KeyRingSettings): KeyRing {
  if (root.length !== KEY_LENGTH)
    throw new RangeError(`the root has ${root.length} bytes, not ${KEY_LENGTH}`);
  return { ...createMasterSeal(masterKeys), derive: (purpose) => deriveKey(root, purpose) };
}

/** Creates the part of a key ring that needs no root. Throws on keys that are not fit to be used. */
export function createMasterSeal(masterKeys: readonly MasterKey[]): MasterSeal {
  const keys = new Map(masterKeys.map(({ id, secret }) => [id, sealingKey(id, secret)]));
  const [newest] = keys.keys();
  if (newest === undefined) throw new RangeError('there is no master key');
  if (keys.size < masterKeys.length) throw new RangeError('two master keys have the same id');
  const label = Buffer.from(newest);
  const header = Buffer.concat([Buffer.from([LAYOUT, label.length]), label]);

  return {
    newest,
    seal: (content, context) =>
      Buffer.concat([header, encrypt(keys.get(newest) as KeyObject, content, context)]),
    open(sealed, context) {
      const labelEnd = 2 + (sealed[1] ?? 0);
      const id = Buffer.from(sealed.subarray(2, labelEnd)).toString();
      const key = sealed[0] === LAYOUT ? keys.get(id) : undefined;
      if (!key) throw new Error('sealed with a master key that is not known');
      return decrypt(key, sealed.subarray(labelEnd), context);
    },
  };
}

function sealingKey(id: string, secret: Uint8Array): KeyObject {
  if (!/^[\w.-]{1,64}$/.test(id))
    throw new RangeError('the id of a master key has 1 to 64 letters, digits, dots, hyphens or underscores');
  if (secret.length !== KEY_LENGTH)
    throw new RangeError(`master key ${id} has ${secret.length} bytes, not ${KEY_LENGTH}`);
  return createSecretKey(deriveKey(secret, 'seal'));
}

/** HKDF-SHA256 (RFC 5869), one key for each purpose. */
function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'guiche', purpose, KEY_LENGTH));
}
