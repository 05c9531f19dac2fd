import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Clock } from '../kernel/clock.ts';
import type { SigningKeyStore, StoredSigningKey } from './signing-key-store.ts';

const MODULUS_BITS = 2048;
const DAY_MS = 86_400_000;
/** Nodes that start together with an empty store name the same instant, and so agree on one first key. */
const FIRST_KEY_GRAIN_MS = 3_600_000;

/** How long a key is in use, and how long it is known before and after. All in milliseconds. */
export interface KeySchedule {
  readonly signsFor: number;
  /** How long before it is used a key is published, so that whoever caches the key set has met it. */
  readonly publishedBefore: number;
  /** How long after its last use a key stays published: longer than anything lives that it has signed. */
  readonly publishedAfter: number;
}

export const DEFAULT_KEY_SCHEDULE: KeySchedule = {
  signsFor: 90 * DAY_MS,
  publishedBefore: DAY_MS,
  publishedAfter: DAY_MS,
};

export interface KeyRingSettings {
  readonly store: SigningKeyStore;
  /** Under which name the store keeps the ring. */
  readonly name: string;
  readonly algorithm: 'PS256' | 'RSA-OAEP';
  readonly clock: Pick<Clock, 'now'>;
  readonly schedule?: KeySchedule;
}

/** The keys of one use of an issuer, which take turns. All nodes see the same ones through the store. */
export interface KeyRing {
  /**
   * Private JSON Web Keys to publish now, the one in use first. Adds the next key when its time has come, and deletes
   * those that ended. Rejects while the store is away.
   */
  keys(): Promise<readonly JWK[]>;
}

/** Creates the ring over its store. Nothing is read or made before it is first asked. */
export function createKeyRing(settings: KeyRingSettings): KeyRing {
  const { store, name, algorithm, clock, schedule = DEFAULT_KEY_SCHEDULE } = settings;

  async function add(signsFrom: number): Promise<readonly StoredSigningKey[]> {
    const { privateKey } = await generateKeyPair(algorithm, {
      modulusLength: MODULUS_BITS,
      extractable: true,
    });
    const bare = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(bare);
    const jwk = { ...bare, kid, alg: algorithm, use: algorithm === 'PS256' ? 'sig' : 'enc' };
    return store.add(name, { kid, jwk, signsFrom, endsAt: endOf(signsFrom, schedule) });
  }

  async function current(): Promise<readonly StoredSigningKey[]> {
    const now = clock.now();
    const known = (await store.list(name)).filter(({ endsAt }) => endsAt > now);
    const inUse = latest(known.filter(({ signsFrom }) => signsFrom <= now));
    const next = known.some(({ signsFrom }) => signsFrom > now);
    if (!inUse) return next ? known : add(Math.floor(now / FIRST_KEY_GRAIN_MS) * FIRST_KEY_GRAIN_MS);
    const change = inUse.signsFrom + schedule.signsFor;
    if (next || now < change - schedule.publishedBefore) return known;
    return add(Math.max(change, now + schedule.publishedBefore));
  }

  return {
    async keys() {
      const stored = await current();
      const now = clock.now();
      await store.sweep(now);
      const published = stored.filter(({ endsAt }) => endsAt > now);
      const inUse = latest(published.filter(({ signsFrom }) => signsFrom <= now)) ?? published[0];
      return published
        .toSorted((a, b) => Number(b === inUse) - Number(a === inUse) || b.signsFrom - a.signsFrom)
        .map(({ jwk }) => jwk as JWK);
    },
  };
}

/** A successor may be late by as long as it has to be published before its use. */
function endOf(signsFrom: number, schedule: KeySchedule): number {
  return signsFrom + schedule.signsFor + schedule.publishedBefore + schedule.publishedAfter;
}

function latest(keys: readonly StoredSigningKey[]): StoredSigningKey | undefined {
  return keys.toSorted((a, b) => b.signsFrom - a.signsFrom)[0];
}
