import type { Artifact, ArtifactStore } from '../../src/authorization/artifact-store.ts';
import type { SigningKeyStore, StoredSigningKey } from '../../src/authorization/signing-key-store.ts';

/** Models that give access on the strength of a grant, and end with it. */
const GRANTED = new Set(['AccessToken', 'RefreshToken', 'AuthorizationCode']);

interface Kept {
  readonly model: string;
  readonly artifact: Artifact;
  /** Milliseconds since the epoch. */
  readonly endsAt: number | undefined;
}

/** An artifact store without a database, which keeps every promise of the port but to outlive the process. */
export interface MemoryArtifactStore extends ArtifactStore {
  /** How many artifacts of a model are there. */
  count(model: string): number;
  /** Awaited before each remembering is judged: a test decides here who comes first. */
  beforeRemember: () => Promise<void> | void;
}

/** `now` in milliseconds since the epoch. */
export function createMemoryArtifactStore(now: () => number = Date.now): MemoryArtifactStore {
  const kept = new Map<string, Kept>();
  const remembered = new Map<string, number>();
  const keyOf = (model: string, id: string) => JSON.stringify([model, id]);
  const isAlive = ({ endsAt }: Kept) => endsAt === undefined || endsAt > now();

  function deleteWhere(test: (each: Kept) => boolean): void {
    for (const [key, each] of kept) if (test(each)) kept.delete(key);
  }

  const store: MemoryArtifactStore = {
    beforeRemember: () => {},
    count: (model) => [...kept.values()].filter((each) => each.model === model && isAlive(each)).length,

    async upsert(model, id, artifact, expiresIn) {
      const endsAt = expiresIn === undefined ? undefined : now() + expiresIn * 1000;
      const before = kept.get(keyOf(model, id))?.artifact.consumed;
      const copy = structuredClone(artifact);
      kept.set(keyOf(model, id), {
        model,
        artifact: before === undefined ? copy : { ...copy, consumed: before },
        endsAt,
      });
    },
    async find(model, id) {
      const found = kept.get(keyOf(model, id));
      return found && isAlive(found) ? structuredClone(found.artifact) : undefined;
    },
    present: (model, id) => ({ last: undefined, current: store.find(model, id) }),
    async findByUid(model, uid) {
      const found = [...kept.values()].find((each) => each.model === model && each.artifact.uid === uid);
      return found && isAlive(found) ? structuredClone(found.artifact) : undefined;
    },
    async consume(model, id) {
      const found = kept.get(keyOf(model, id));
      if (!found || !isAlive(found) || found.artifact.consumed !== undefined) return false;
      found.artifact.consumed = Math.floor(now() / 1000);
      return true;
    },
    async destroy(model, id) {
      kept.delete(keyOf(model, id));
    },
    async revokeByGrant(grantId) {
      deleteWhere(({ model, artifact }) => GRANTED.has(model) && artifact.grantId === grantId);
    },
    async revokeByClient(clientId) {
      deleteWhere(({ model, artifact }) => model !== 'Client' && artifact.clientId === clientId);
    },
    async remember(key, expiresAt) {
      await store.beforeRemember();
      if ((remembered.get(key) ?? 0) > now()) return false;
      remembered.set(key, expiresAt);
      return true;
    },
    async sweep(before, limit) {
      const ended = [...kept].filter(([, { endsAt }]) => endsAt !== undefined && endsAt <= before);
      for (const [key] of ended.slice(0, limit)) kept.delete(key);
      return Math.min(ended.length, limit);
    },
  };
  return store;
}

/** A store of signing keys without a database. */
export function createMemorySigningKeyStore(): SigningKeyStore {
  const kept = new Map<string, readonly StoredSigningKey[]>();
  const list = (issuer: string) => kept.get(issuer) ?? [];
  return {
    list: async (issuer) => list(issuer),
    async add(issuer, key) {
      if (!list(issuer).some(({ signsFrom }) => signsFrom >= key.signsFrom))
        kept.set(issuer, [...list(issuer), structuredClone(key)]);
      return list(issuer);
    },
    async sweep(before) {
      for (const [issuer, keys] of kept)
        kept.set(
          issuer,
          keys.filter(({ endsAt }) => endsAt >= before),
        );
    },
  };
}
