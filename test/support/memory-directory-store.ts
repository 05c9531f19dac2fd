import {
  type DirectoryRecord,
  type DirectoryStore,
  MAX_TOKENS_PER_CLIENT,
  type PageQuery,
  type RecordChange,
  type RecordFilter,
  type RecordKey,
  type StoredToken,
  type WriteOutcome,
} from '../../src/directory/api/directory-store.ts';

/** A directory store without a database, which keeps every promise of the port. */
export function createMemoryDirectoryStore(): DirectoryStore {
  const tokens = new Map<string, StoredToken>();
  let records = new Map<string, DirectoryRecord>();
  let generation = 0;

  return {
    async read(key) {
      return records.get(nameOf(key));
    },
    async list(filter) {
      return matching(records, filter);
    },
    async page(query) {
      const found = sorted(matching(records, query), query);
      return { records: found.slice(query.offset, query.offset + query.limit), total: found.length };
    },
    async write(changes, needs = []) {
      for (const need of needs) {
        const known = records.get(nameOf(need));
        if (!known) return 'missing';
        if (need.revision !== undefined && need.revision !== known.revision) return 'changed-meanwhile';
      }
      const next = new Map(records);
      for (const change of changes) {
        const outcome = apply(next, change);
        if (outcome !== 'written') return outcome;
      }
      records = next;
      generation += 1;
      return 'written';
    },
    async generation() {
      return generation;
    },
    async addToken(token) {
      tokens.set(token.hash, token);
      for (const { hash, expiresAt } of tokens.values()) if (expiresAt <= token.issuedAt) tokens.delete(hash);
      const own = [...tokens.values()].filter(({ clientId }) => clientId === token.clientId);
      for (const { hash } of own.slice(0, -MAX_TOKENS_PER_CLIENT)) tokens.delete(hash);
    },
    async findToken(hash) {
      return tokens.get(hash);
    },
  };
}

function nameOf({ kind, parents, id }: RecordKey): string {
  return JSON.stringify([kind, parents, id]);
}

function apply(records: Map<string, DirectoryRecord>, change: RecordChange): WriteOutcome {
  const name = nameOf('put' in change ? change.put : change.remove);
  const known = records.get(name);
  if ('put' in change && change.expected === 0 && known) return 'taken';
  if ((known?.revision ?? 0) !== change.expected) return 'changed-meanwhile';
  if ('remove' in change) {
    records.delete(name);
    return 'written';
  }
  const { put } = change;
  const others = [...records.values()].filter((record) => record !== known && record.kind === put.kind);
  if (put.unique !== undefined && others.some(({ unique }) => unique === put.unique)) return 'taken';
  // As a database keeps it: nothing that is changed later in the caller's object.
  const body = JSON.parse(JSON.stringify(put.body));
  records.set(name, {
    ...put,
    body,
    createdAt: known?.createdAt ?? put.createdAt,
    revision: change.expected + 1,
  });
  return 'written';
}

function matching(records: ReadonlyMap<string, DirectoryRecord>, filter: RecordFilter): DirectoryRecord[] {
  const { kinds, under = [], where = {}, like, ids } = filter;
  return [...records.values()].filter(
    ({ kind, parents, id, body }) =>
      kinds.includes(kind) &&
      under.every((parent, index) => parents[index] === parent) &&
      Object.entries(where).every(([member, value]) => textOf(body[member]) === value) &&
      (!ids || ids.includes(id)) &&
      (!like ||
        like.members.some((member) => textOf(body[member])?.toLowerCase().includes(like.text.toLowerCase()))),
  );
}

function sorted(records: DirectoryRecord[], { sort }: PageQuery): DirectoryRecord[] {
  return records.sort((a, b) => {
    for (const { member, descending } of sort) {
      const difference = Buffer.compare(
        Buffer.from(textOf(a.body[member]) ?? ''),
        Buffer.from(textOf(b.body[member]) ?? ''),
      );
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
