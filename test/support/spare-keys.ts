import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK } from 'jose';
import type { ReceiverKeys } from '../../src/receiver/receiver-keys.ts';
import { keptFolder } from './kept-folder.ts';

/** So many keys differ from each other, one after another; what a scenario compares is never further apart. */
const COUNT = 48;
const MODULUS_BITS = 2048;
const FILE = 'keys.json';

let kept: Promise<readonly string[]> | undefined;
let next = process.pid % COUNT;

/** An RSA key of 2048 bits for a test that needs one, and does not mind that others have had it: making one takes long. */
export async function spareKey(): Promise<KeyObject> {
  kept ??= readKeys();
  const keys = await kept;
  next = (next + 1) % COUNT;
  return createPrivateKey(keys[next] as string);
}

/** A spare key as Web Cryptography has it: a pair that signs with SHA-256. */
export async function spareSigningPair(): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = await spareKey();
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
}

/** Spare keys in the form in which `generateReceiverKeys` makes new ones. */
export async function spareReceiverKeys(name: string): Promise<Pick<ReceiverKeys, 'signing' | 'encryption'>> {
  const [signing, encryption] = [await exportJWK(await spareKey()), await exportJWK(await spareKey())];
  return {
    signing: { ...signing, kid: `${name}-sig`, use: 'sig', alg: 'PS256' },
    encryption: { ...encryption, kid: `${name}-enc`, use: 'enc', alg: 'RSA-OAEP' },
  };
}

async function readKeys(): Promise<readonly string[]> {
  const folder = await keptFolder('keys', async (made) => {
    const pairs = Array.from({ length: COUNT }, () =>
      promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS }),
    );
    const texts = (await Promise.all(pairs)).map(({ privateKey }) =>
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    writeFileSync(join(made, FILE), JSON.stringify(texts), { mode: 0o600 });
  });
  return JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
}
