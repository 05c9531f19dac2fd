import { createPublicKey, type JsonWebKey, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';
import type { PublicJwk } from './directory-trust.ts';
import type { KeyOwner, KeySetName, KeySetPlace } from './key-set-path.ts';
import type { ParticipantKey, ParticipantKeyStore } from './participant-key-store.ts';
import { readSubjectKey, UnfitKey } from './subject-key.ts';

const MOST_OWNERS_AT_HAND = 1000;
/** How long keys of an owner are taken for granted: what another node adds is published so much later. */
const KNOWN_MS = 1000;
const MOST_KEYS_OF_OWNER = 100;
const KID = /^[\x21-\x7e]{1,255}$/;

/** A key set as it is published (RFC 7517 §5). */
export interface KeySet {
  readonly keys: readonly PublicJwk[];
}

/** The key store of a directory: public keys by organisation and software, active and inactive. */
export interface KeyStore {
  /**
   * Adds a key that signs (`use: sig`) or that messages are encrypted for (`use: enc`). Without a `kid` it gets its
   * thumbprint (RFC 7638). Rejects with {@link UnfitKey} when it is not a public RSA key of 2048 bits or more, has
   * another use or a `kid` that is taken, or the owner has 100 keys.
   */
  addApplicationKey(owner: KeyOwner, jwk: Readonly<Record<string, unknown>>): Promise<ParticipantKey>;
  /** Adds the key of a client certificate, with the certificate. The `kid` is the certificate's thumbprint. Same rejections. */
  addTransportCertificate(owner: KeyOwner, certificate: string): Promise<ParticipantKey>;
  /** Moves a key to the inactive set. False when the owner has no active key of that `kid`. */
  deactivate(owner: KeyOwner, kid: string): Promise<boolean>;
  /** All keys of an owner, in order of addition. */
  list(owner: KeyOwner): Promise<readonly ParticipantKey[]>;
  /** The published set; undefined for an owner that never had a key. */
  keySet(place: KeySetPlace): Promise<KeySet | undefined>;
}

export interface KeyStoreSettings {
  readonly store: ParticipantKeyStore;
  readonly clock: Pick<Clock, 'now'>;
}

/** Creates a key store over where keys are kept. */
export function createKeyStore({ store, clock }: KeyStoreSettings): KeyStore {
  const known = new LRUCache<string, { at: number; keys: Promise<readonly ParticipantKey[]> }>({
    max: MOST_OWNERS_AT_HAND,
  });
  const nameOf = ({ organisationId, softwareId }: KeyOwner) => JSON.stringify([organisationId, softwareId]);

  function list(owner: KeyOwner): Promise<readonly ParticipantKey[]> {
    const name = nameOf(owner);
    const before = known.get(name);
    const age = before ? clock.now() - before.at : Number.POSITIVE_INFINITY;
    if (before && age >= 0 && age < KNOWN_MS) return before.keys;
    const entry = { at: clock.now(), keys: store.list(owner) };
    known.set(name, entry);
    entry.keys.catch(() => {
      if (known.peek(name) === entry) known.delete(name);
    });
    return entry.keys;
  }

  async function add(owner: KeyOwner, name: KeySetName, jwk: PublicJwk): Promise<ParticipantKey> {
    if ((await store.list(owner)).length >= MOST_KEYS_OF_OWNER) throw new UnfitKey('there are too many keys');
    const kid = jwk.kid as string;
    const key = { owner, name, kid, jwk, addedAt: clock.now(), deactivatedAt: undefined };
    const isAdded = await store.add(key);
    known.delete(nameOf(owner));
    if (!isAdded) throw new UnfitKey('there is a key with that kid already');
    return key;
  }

  async function addApplicationKey(
    owner: KeyOwner,
    given: Readonly<Record<string, unknown>>,
  ): Promise<ParticipantKey> {
    const { n, e } = await rsaMembers(given);
    const { use, kid = await calculateJwkThumbprint({ kty: 'RSA', n, e }) } = given;
    if (use !== 'sig' && use !== 'enc') throw new UnfitKey('the use of the key is neither sig nor enc');
    if (typeof kid !== 'string' || !KID.test(kid))
      throw new UnfitKey('the kid has other characters than visible ones');
    const alg = use === 'sig' ? 'PS256' : 'RSA-OAEP';
    return add(owner, 'application', { kty: 'RSA', use, alg, kid, n, e });
  }

  async function addTransportCertificate(owner: KeyOwner, certificate: string): Promise<ParticipantKey> {
    const parsed = openCertificate(certificate);
    const { n, e } = await rsaMembers({ ...parsed.publicKey.export({ format: 'jwk' }) });
    const thumbprint = Buffer.from(parsed.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    const x5c = [parsed.raw.toString('base64')];
    return add(owner, 'transport', {
      kty: 'RSA',
      use: 'sig',
      kid: thumbprint,
      n,
      e,
      x5c,
      'x5t#S256': thumbprint,
    });
  }

  async function deactivate(owner: KeyOwner, kid: string): Promise<boolean> {
    const isDeactivated = await store.deactivate(owner, kid, clock.now());
    known.delete(nameOf(owner));
    return isDeactivated;
  }

  async function keySet({ owner, name, state }: KeySetPlace): Promise<KeySet | undefined> {
    const all = await list(owner);
    if (all.length === 0) return undefined;
    const isWanted = (key: ParticipantKey) =>
      key.name === name && (key.deactivatedAt === undefined) === (state === 'active');
    return { keys: all.filter(isWanted).map(({ jwk }) => jwk) };
  }

  return { addApplicationKey, addTransportCertificate, deactivate, list, keySet };
}

/** The public members of a key, in the form that the key itself has and not the one that was sent. */
async function rsaMembers(jwk: Readonly<Record<string, unknown>>): Promise<{ n: string; e: string }> {
  await readSubjectKey({ jwk });
  const { n, e } = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ format: 'jwk' });
  return { n: n as string, e: e as string };
}

function openCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new UnfitKey('the certificate cannot be read');
  }
}
