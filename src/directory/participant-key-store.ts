import type { PublicJwk } from './directory-trust.ts';
import type { KeyOwner, KeySetName } from './key-set-path.ts';

/** A public key of a participant. Its `kid` is its own among the keys of its owner. */
export interface ParticipantKey {
  readonly owner: KeyOwner;
  readonly name: KeySetName;
  readonly kid: string;
  /** As it is published. */
  readonly jwk: PublicJwk;
  /** In milliseconds since the epoch. */
  readonly addedAt: number;
  /** Undefined while it is active. An inactive key stays published among the inactive ones. */
  readonly deactivatedAt: number | undefined;
}

/** Where public keys of participants are kept for ever. Methods reject while the database is away. */
export interface ParticipantKeyStore {
  /** False, and nothing changes, when the owner has a key of that `kid` already. */
  add(key: ParticipantKey): Promise<boolean>;
  /** True when it is inactive from now on by this call. */
  deactivate(owner: KeyOwner, kid: string, at: number): Promise<boolean>;
  /** All keys of an owner, in order of addition. Those of an organisation do not include those of its software. */
  list(owner: KeyOwner): Promise<readonly ParticipantKey[]>;
}
