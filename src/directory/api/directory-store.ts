/** A member of a record, or what is made of several. */
export type RecordBody = Readonly<Record<string, unknown>>;

/** Where a record stands: its kind, the ids of the records that it belongs to, outermost first, and its own. */
export interface RecordKey {
  readonly kind: string;
  readonly parents: readonly string[];
  readonly id: string;
}

/** One record of the directory. */
export interface DirectoryRecord extends RecordKey {
  /** Members by the names of the directory's contract, without those of records of their own. */
  readonly body: RecordBody;
  /** What no other record of its kind may have as well; undefined where nothing is asked to be unique. */
  readonly unique: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** 1 when created, and one more at each change. */
  readonly revision: number;
}

/** A record as it is to be; the store counts its revisions. */
export type RecordDraft = Omit<DirectoryRecord, 'revision'>;

/** One part of a write. `expected` is the revision that the change was made of, 0 for a record that is new. */
export type RecordChange =
  | { readonly put: RecordDraft; readonly expected: number }
  | { readonly remove: RecordKey; readonly expected: number };

/** A record that a write relies on. */
export type RecordNeed = RecordKey & { readonly revision?: number };

/**
 * How a write ended; only `written` has changed anything. `taken`: another record has the key or the unique value;
 * `changed-meanwhile`: a record no longer has the revision expected; `missing`: a record that the write needs is gone.
 */
export type WriteOutcome = 'written' | 'taken' | 'changed-meanwhile' | 'missing';

/** Which records a list holds. */
export interface RecordFilter {
  readonly kinds: readonly string[];
  /** Ids that the record's parents begin with; all records of the kinds without it. */
  readonly under?: readonly string[];
  /** Members that have exactly these values. */
  readonly where?: Readonly<Record<string, string>>;
  /** Text that one of these members has somewhere in it, whatever the case. */
  readonly like?: { readonly members: readonly string[]; readonly text: string };
  /** Ids that the record may have; any without it. */
  readonly ids?: readonly string[];
}

/** One page of a list. */
export interface PageQuery extends RecordFilter {
  /** Members to sort by, as text by code point; what they leave equal stands in order of creation. */
  readonly sort: readonly { readonly member: string; readonly descending: boolean }[];
  readonly offset: number;
  readonly limit: number;
}

/** An access token as it is kept: never the token itself. */
export interface StoredToken {
  /** SHA-256 of the token, base64url. */
  readonly hash: string;
  readonly clientId: string;
  /** `x5t#S256` of the certificate that the token is bound to. */
  readonly thumbprint: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Where the sandbox directory keeps its records and tokens, shared by all nodes. Every method rejects while it is away. */
export interface DirectoryStore {
  read(key: RecordKey): Promise<DirectoryRecord | undefined>;
  /** Records in order of creation and then of parents and id, read at one instant. */
  list(filter: RecordFilter): Promise<readonly DirectoryRecord[]>;
  /** One page and the number of records on all pages, read at one instant. */
  page(query: PageQuery): Promise<{ readonly records: readonly DirectoryRecord[]; readonly total: number }>;
  /**
   * Makes all changes or none, one write after the other.
   *
   * @param needs records that must be there when the changes are made, and in that revision where one is given
   */
  write(changes: readonly RecordChange[], needs?: readonly RecordNeed[]): Promise<WriteOutcome>;
  /** A number that every write makes larger. */
  generation(): Promise<number>;
  /** Keeps a token; forgets those that had ended when it was issued, and the oldest of a client that has more than 100. */
  addToken(token: StoredToken): Promise<void>;
  findToken(hash: string): Promise<StoredToken | undefined>;
}

/** More tokens than these no client has at once. */
export const MAX_TOKENS_PER_CLIENT = 100;
