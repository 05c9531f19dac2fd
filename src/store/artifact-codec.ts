import { createHmac, createSecretKey, hash } from 'node:crypto';
import type { Artifact } from '../authorization/artifact-store.ts';
import type { Sealer } from '../kernel/sealer.ts';
import { decrypt, encrypt } from './authenticated-encryption.ts';
import type { Tables } from './tables.ts';

/** Models that give access on the strength of a grant, and end with it. */
const GRANTED = new Set(['AccessToken', 'RefreshToken', 'AuthorizationCode']);

type ArtifactRow = Tables['artifacts'];
export type StoredArtifact = Pick<ArtifactRow, 'key' | 'payload' | 'expires_at' | 'consumed_at'>;

/** What is encrypted of an artifact. */
interface Payload {
  /** Members that repeat the artifact's id, which is kept as a hash only. */
  readonly idMembers: readonly string[];
  readonly artifact: Artifact;
}

/** Makes rows of artifacts, and artifacts of rows. */
export interface ArtifactCodec {
  /** Where an artifact is kept. */
  keyOf(model: string, id: string): Buffer;
  uidOf(model: string, uid: string): Buffer;
  /** `expiresAt` is in milliseconds since the epoch. */
  toRow(model: string, id: string, artifact: Artifact, expiresAt: number | null): ArtifactRow;
  /** The id is that by which it was found; undefined for artifacts that were found by their uid. Throws when the row has been altered. */
  toArtifact(row: StoredArtifact, id: string | undefined): Artifact;
}

/**
 * Creates the codec of one issuer. Each artifact is encrypted with a key of its own, derived from its place, so that no
 * key is worn out however many tokens are issued.
 */
export function createArtifactCodec(issuer: string, sealer: Sealer): ArtifactCodec {
  const root = createSecretKey(sealer.derive('artifacts'));
  const keyFor = (key: Buffer) => createSecretKey(createHmac('sha256', root).update(key).digest());
  const placeOf = (...parts: string[]) => hash('sha256', JSON.stringify([issuer, ...parts]), 'buffer');
  const keyOf = (model: string, id: string) => placeOf(model, 'id', id);
  const uidOf = (model: string, uid: string) => placeOf(model, 'uid', uid);

  return {
    keyOf,
    uidOf,

    toRow(model, id, artifact, expiresAt) {
      const key = keyOf(model, id);
      const payload = Buffer.from(JSON.stringify(withoutId(artifact, id)));
      return {
        key,
        issuer,
        model,
        uid: typeof artifact.uid === 'string' ? uidOf(model, artifact.uid) : null,
        grant_id: model === 'Grant' ? id : GRANTED.has(model) ? textOrNull(artifact.grantId) : null,
        client_id: model === 'Client' ? id : textOrNull(artifact.clientId),
        payload: encrypt(keyFor(key), payload, 'artifact'),
        expires_at: expiresAt,
        consumed_at: typeof artifact.consumed === 'number' ? artifact.consumed * 1000 : null,
      };
    },

    toArtifact({ key, payload, expires_at, consumed_at }, id) {
      const content = decrypt(keyFor(key), payload, 'artifact').toString();
      const { idMembers, artifact } = JSON.parse(content) as Payload;
      return {
        ...artifact,
        ...Object.fromEntries(idMembers.map((member) => [member, id])),
        // A consent whose end moves takes these along, without anything being encrypted anew.
        ...('exp' in artifact && expires_at !== null && { exp: Math.floor(expires_at / 1000) }),
        ...(consumed_at !== null && { consumed: Math.floor(consumed_at / 1000) }),
      };
    },
  };
}

/** Artifacts that can be found by a uid of their own must tell their id themselves; it is encrypted with the rest. */
function withoutId(artifact: Artifact, id: string): Payload {
  if (typeof artifact.uid === 'string' && artifact.uid !== id) return { idMembers: [], artifact };
  const isId = ([, value]: [string, unknown]) => value === id;
  const entries = Object.entries(artifact);
  return {
    idMembers: entries.filter(isId).map(([name]) => name),
    artifact: Object.fromEntries(entries.filter((entry) => !isId(entry))),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
