/** What the authorization server keeps: tokens, codes, grants, clients, sessions. Members are as its library has them. */
export type Artifact = Record<string, unknown>;

/** A token that a call comes with. */
export interface PresentedToken {
  /** What it was when it was last looked for, if that is remembered. It may have ended since: a hint, never an answer. */
  readonly last: Artifact | undefined;
  /** What it is now. */
  readonly current: Promise<Artifact | undefined>;
}

/**
 * Where the authorization server of one issuer keeps its artifacts. Ids of bearer artifacts are kept as hashes only.
 * Methods reject while the database is away. A model is the library's name of a kind of artifact, such as `AccessToken`.
 */
export interface ArtifactStore {
  /** `expiresIn` is in seconds; undefined for artifacts without an end. */
  upsert(model: string, id: string, artifact: Artifact, expiresIn: number | undefined): Promise<void>;
  find(model: string, id: string): Promise<Artifact | undefined>;
  /** Finds a token that a call comes with, as `find` does, and tells what is remembered of it meanwhile. */
  present(model: string, id: string): PresentedToken;
  findByUid(model: string, uid: string): Promise<Artifact | undefined>;
  /** Marks a single-use artifact as used. False when it has been used already: one caller wins. */
  consume(model: string, id: string): Promise<boolean>;
  destroy(model: string, id: string): Promise<void>;
  revokeByGrant(grantId: string): Promise<void>;
  /** Ends everything of a client: its grants, tokens, codes, and authorised consents. */
  revokeByClient(clientId: string): Promise<void>;
  /** Remembers an assertion's `jti` until it expires. False when it has been seen: the assertion is replayed. */
  remember(key: string, expiresAt: number): Promise<boolean>;
  /** Deletes artifacts that ended before `now`, at most so many. */
  sweep(now: number, limit: number): Promise<number>;
}
