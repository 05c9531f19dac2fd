import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type {
  DirectoryRecord,
  DirectoryStore,
  PageQuery,
  RecordBody,
  RecordChange,
  RecordDraft,
  RecordKey,
  RecordNeed,
} from './directory-store.ts';
import type { RecordKind, Reference } from './record-kind.ts';

/** Why a record cannot be made, changed or removed; `detail` is in Portuguese and repeats no value. */
export interface RecordFault {
  readonly reason: 'missing' | 'taken' | 'unfit' | 'reserved' | 'busy';
  readonly detail: string;
}

export type Kept =
  | { readonly isKept: true; readonly record: DirectoryRecord }
  | { readonly isKept: false; readonly fault: RecordFault };

/** Who asks for a change: some members only super users may set. */
export interface Author {
  readonly isSuperUser: boolean;
}

/** The directory's records under its rules: parents, references, unique members, statuses and what follows from them. */
export interface DirectoryRecords {
  kind(name: string): RecordKind;
  /** `parents` are ids, outermost first; so in the other methods. A made id may be given by trusted callers. */
  create(
    kind: string,
    parents: readonly string[],
    request: RecordBody,
    author: Author,
    id?: string,
  ): Promise<Kept>;
  read(kind: string, parents: readonly string[], id: string): Promise<DirectoryRecord | undefined>;
  /** All records below the parents, in order of creation; undefined when a parent is missing. */
  list(
    kind: string,
    parents: readonly string[],
    where?: Readonly<Record<string, string>>,
  ): Promise<readonly DirectoryRecord[] | undefined>;
  page(
    kind: string,
    parents: readonly string[],
    query: Omit<PageQuery, 'kinds' | 'under'>,
  ): Promise<{ readonly records: readonly DirectoryRecord[]; readonly total: number } | undefined>;
  update(
    kind: string,
    parents: readonly string[],
    id: string,
    request: RecordBody,
    author: Author,
  ): Promise<Kept>;
  /** Sets members without asking the rules of the request; for what the directory itself decides. */
  amend(kind: string, parents: readonly string[], id: string, members: RecordBody): Promise<Kept>;
  remove(kind: string, parents: readonly string[], id: string): Promise<Kept>;
  /** Bodies as they are shown: with the records of their own that belong in them. */
  show(kind: string, records: readonly DirectoryRecord[]): Promise<RecordBody[]>;
}

export interface DirectoryRecordsSettings {
  readonly kinds: readonly RecordKind[];
  readonly store: DirectoryStore;
  readonly clock: Pick<Clock, 'now'>;
}

/** More records than these no list has, so that no caller can fill the database with one. */
const MAX_RECORDS_PER_LIST = 5000;
/** How often a change is tried anew when another node was faster. */
const ATTEMPTS = 4;

/** Creates the use-cases over a store. */
export function createDirectoryRecords({ kinds, store, clock }: DirectoryRecordsSettings): DirectoryRecords {
  const kindsByName = new Map(kinds.map((kind) => [kind.name, kind]));

  function kindOf(name: string): RecordKind {
    const kind = kindsByName.get(name);
    if (!kind) throw new Error(`the directory has no records of kind ${name}`);
    return kind;
  }

  /** Keys of the records that a path leads through. */
  function parentKeys(kind: RecordKind, parents: readonly string[]): RecordKey[] {
    return kind.parents.map((parent, index) => ({
      kind: parent.kind,
      parents: kindOf(parent.kind).parents.length === 0 ? [] : parents.slice(0, index),
      id: parents[index] as string,
    }));
  }

  async function hasParents(kind: RecordKind, parents: readonly string[]): Promise<boolean> {
    const found = await Promise.all(parentKeys(kind, parents).map((key) => store.read(key)));
    return found.every((record) => record !== undefined);
  }

  async function create(
    name: string,
    parents: readonly string[],
    request: RecordBody,
    author: Author,
    givenId?: string,
  ): Promise<Kept> {
    const kind = kindOf(name);
    if (!(await hasParents(kind, parents))) return missing();
    const { total } = await store.page({ kinds: [name], under: parents, sort: [], offset: 0, limit: 1 });
    if (total >= MAX_RECORDS_PER_LIST)
      return refuse('unfit', 'a lista atingiu seu número máximo de registros');
    return retry(async () => {
      const id = givenId ?? (await newId(kind, request));
      const filled = { ...kind.defaults, ...present(request), ...fromPath(kind, parents, id, clock.now()) };
      const { body, companions } = separate(kind, { kind: name, parents, id }, filled);
      return keep(kind, { kind: name, parents, id }, body, undefined, author, companions);
    });
  }

  async function newId(kind: RecordKind, request: RecordBody): Promise<string> {
    if (kind.idFrom === 'made') return randomUUID();
    if (kind.idFrom === 'count') {
      const { total } = await store.page({ kinds: [kind.name], sort: [], offset: 0, limit: 1 });
      return String(total + 1);
    }
    return canonicalId(kind, String(request[kind.idMember]));
  }

  /** Checks a body against everything but its contract and writes it, with all that depends on it. */
  async function keep(
    kind: RecordKind,
    key: RecordKey,
    wanted: RecordBody,
    known: DirectoryRecord | undefined,
    author: Author,
    companions: readonly RecordDraft[] = [],
  ): Promise<Kept | undefined> {
    const completed = kind.complete?.(wanted) ?? wanted;
    const detail =
      statusFault(kind, completed) ?? kind.fault?.(completed) ?? changeFault(kind, completed, known);
    if (detail !== undefined) return refuse('unfit', detail);
    if (
      !author.isSuperUser &&
      known &&
      kind.reserved?.some((member) => differ(completed, known.body, member))
    )
      return refuse('reserved', 'somente um superusuário pode alterar o cadastro desta forma');

    const resolved = isEnded(completed)
      ? { copies: {}, needs: [] }
      : await resolveReferences(kind, key, completed);
    if (!resolved) return refuse('unfit', 'o registro se refere a outro que não existe ou não está ativo');
    const body = { ...completed, ...resolved.copies };
    const draft = draftOf(kind, key, body, known?.createdAt);
    const changes: RecordChange[] = [
      { put: draft, expected: known?.revision ?? 0 },
      ...companions.map((put) => ({ put, expected: 0 })),
      ...(isEnded(body) ? await cascadeOf(kind, key, body) : []),
    ];
    const outcome = await store.write(changes, [...parentKeys(kind, key.parents), ...resolved.needs]);
    if (outcome === 'written')
      return { isKept: true, record: { ...draft, revision: (known?.revision ?? 0) + 1 } };
    if (outcome === 'missing') return missing();
    // Of counted ids another node may have had the same; then the next one is tried.
    const isIdTaken = outcome === 'taken' && kind.idFrom === 'count' && !known && (await store.read(key));
    if (outcome === 'taken' && !isIdTaken) return refuse('taken', 'já existe um registro igual');
    return undefined;
  }

  function draftOf(kind: RecordKind, key: RecordKey, body: RecordBody, createdAt?: number): RecordDraft {
    const { kind: name, parents, id } = key;
    const now = clock.now();
    const unique = kind.unique && uniqueValue(kind.unique, parents, body);
    return { kind: name, parents, id, body, unique, createdAt: createdAt ?? now, updatedAt: now };
  }

  /** Takes the member that becomes a record of its own out of a body. */
  function separate(kind: RecordKind, key: RecordKey, body: RecordBody) {
    const { companion } = kind;
    if (!companion || body[companion.member] === undefined) return { body, companions: [] };
    const { [companion.member]: value, ...rest } = body;
    const child = kindOf(companion.kind);
    const parents = [...key.parents, key.id];
    const id = randomUUID();
    const childBody = { [companion.member]: value, ...fromPath(child, parents, id, clock.now()) };
    return { body: rest, companions: [draftOf(child, { kind: child.name, parents, id }, childBody)] };
  }

  /** What the referred records give, and the revisions in which they gave it; undefined when one is not there. */
  async function resolveReferences(kind: RecordKind, key: RecordKey, body: RecordBody) {
    const needs: RecordNeed[] = [];
    const copies: Record<string, unknown> = {};
    for (const reference of kind.references ?? []) {
      const target = await findTarget(reference, key, body);
      if (!target) return undefined;
      needs.push({ kind: target.kind, parents: target.parents, id: target.id, revision: target.revision });
      for (const [member, source] of Object.entries(reference.copies ?? {}))
        copies[member] = target.body[source];
    }
    return { needs, copies };
  }

  async function findTarget(reference: Reference, key: RecordKey, body: RecordBody) {
    const { sharedParents = 0, under = [], agrees = {} } = reference;
    const found = await store.list({
      kinds: [reference.kind],
      under: [...key.parents.slice(0, sharedParents), ...under.map((member) => String(body[member]))],
      where: Object.fromEntries(Object.entries(agrees).map(([theirs, ours]) => [theirs, String(body[ours])])),
      ...(reference.id !== undefined && { ids: [String(body[reference.id])] }),
    });
    return found.find((record) => !isEnded(record.body));
  }

  async function cascadeOf(kind: RecordKind, key: RecordKey, body: RecordBody): Promise<RecordChange[]> {
    if (!kind.cascade) return [];
    const { members } = kind.cascade;
    const where = Object.fromEntries(members.map((member) => [member, String(body[member])]));
    const below = await store.list({ kinds: [kind.cascade.kind], under: key.parents.slice(0, 1), where });
    return below
      .filter((record) => !isEnded(record.body))
      .map((record) => ({ put: ended(kindOf(record.kind), record), expected: record.revision }));
  }

  function ended(kind: RecordKind, record: DirectoryRecord): RecordDraft {
    return { ...record, body: { ...record.body, Status: kind.removedStatus }, updatedAt: clock.now() };
  }

  async function update(
    name: string,
    parents: readonly string[],
    id: string,
    request: RecordBody,
    author: Author,
  ): Promise<Kept> {
    const kind = kindOf(name);
    return retry(async () => {
      const known = await read(name, parents, id);
      if (!known) return missing();
      if (kind.isFinal && isEnded(known.body)) return refuse('unfit', 'o registro foi encerrado');
      const body = changed(kind, known, present(request), clock.now());
      const separated = separate(kind, known, body);
      const companions = await newOnes(kind, separated.companions);
      return keep(kind, known, separated.body, known, author, companions);
    });
  }

  /** Companions that are not there already. */
  async function newOnes(
    kind: RecordKind,
    companions: readonly RecordDraft[],
  ): Promise<readonly RecordDraft[]> {
    const [wanted] = companions;
    const member = kind.companion?.member;
    if (!wanted || member === undefined) return [];
    const where = { [member]: String(wanted.body[member]) };
    const same = await store.list({ kinds: [wanted.kind], under: wanted.parents, where });
    return same.length === 0 ? companions : [];
  }

  async function amend(
    name: string,
    parents: readonly string[],
    id: string,
    members: RecordBody,
  ): Promise<Kept> {
    const kind = kindOf(name);
    return retry(async () => {
      const known = await read(name, parents, id);
      if (!known) return missing();
      const draft = draftOf(kind, known, { ...known.body, ...members }, known.createdAt);
      const outcome = await store.write([{ put: draft, expected: known.revision }]);
      if (outcome === 'taken') return refuse('taken', 'já existe um registro igual');
      return outcome === 'written'
        ? { isKept: true, record: { ...draft, revision: known.revision + 1 } }
        : undefined;
    });
  }

  async function remove(name: string, parents: readonly string[], id: string): Promise<Kept> {
    const kind = kindOf(name);
    return retry(async () => {
      const known = await read(name, parents, id);
      if (!known) return missing();
      const outcome = await store.write(await removal(kind, known));
      if (outcome !== 'written') return undefined;
      if (kind.removedStatus === undefined) await removeLatecomers(known);
      return { isKept: true, record: known };
    });
  }

  /** What came below a record between finding all that is and removing it; after that nothing comes any more. */
  async function removeLatecomers(removed: DirectoryRecord): Promise<void> {
    const late = await allBelow(removed);
    if (late.length > 0)
      await store.write(late.map((record) => ({ remove: record, expected: record.revision })));
  }

  function allBelow({ parents, id }: DirectoryRecord): Promise<readonly DirectoryRecord[]> {
    return store.list({ kinds: kinds.map(({ name }) => name), under: [...parents, id] });
  }

  async function removal(kind: RecordKind, known: DirectoryRecord): Promise<RecordChange[]> {
    if (kind.removedStatus !== undefined)
      return [
        { put: ended(kind, known), expected: known.revision },
        ...(await cascadeOf(kind, known, known.body)),
      ];
    return [known, ...(await allBelow(known))].map((record) => ({
      remove: record,
      expected: record.revision,
    }));
  }

  async function read(name: string, parents: readonly string[], id: string) {
    return store.read({ kind: name, parents, id: canonicalId(kindOf(name), id) });
  }

  async function show(name: string, records: readonly DirectoryRecord[]): Promise<RecordBody[]> {
    const { shows } = kindOf(name);
    if (!shows || records.length === 0) return records.map(({ body }) => body);
    const inner = Object.values(shows).flatMap((child) => [
      child,
      ...Object.values(kindOf(child).shows ?? {}),
    ]);
    const found = await store.list({ kinds: [...new Set(inner)], under: commonParents(records) });
    return records.map((record) => nest(kindOf, record, found));
  }

  return {
    kind: kindOf,
    create,
    read,
    async list(name, parents, where = {}) {
      const kind = kindOf(name);
      if (parents.length > 0 && !(await hasParents(kind, parents))) return undefined;
      return store.list({ kinds: [name], under: parents, where });
    },
    async page(name, parents, query) {
      if (parents.length > 0 && !(await hasParents(kindOf(name), parents))) return undefined;
      return store.page({ ...query, kinds: [name], under: parents });
    },
    update,
    amend,
    remove,
    show,
  };
}

/** A body with the records of its own that the contract shows within it, taken from all that was found. */
export function nest(
  kindOf: (name: string) => RecordKind,
  record: DirectoryRecord,
  found: readonly DirectoryRecord[],
): RecordBody {
  const body: Record<string, unknown> = { ...record.body };
  const path = [...record.parents, record.id];
  for (const [member, child] of Object.entries(kindOf(record.kind).shows ?? {}))
    body[member] = found
      .filter(({ kind, parents }) => kind === child && isSamePath(parents, path))
      .map((inner) => nest(kindOf, inner, found));
  // What a family of endpoints is made of no document of the directory tells: one that has any counts as complete.
  if (Array.isArray(body.ApiDiscoveryEndpoints)) body.FamilyComplete = body.ApiDiscoveryEndpoints.length > 0;
  return body;
}

/** E-mails are the same whatever their case, so that nobody is there twice. */
export function canonicalId({ idFrom }: Pick<RecordKind, 'idFrom'>, id: string): string {
  return idFrom === 'e-mail' ? id.toLowerCase() : id;
}

async function retry(attempt: () => Promise<Kept | undefined>): Promise<Kept> {
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const kept = await attempt();
    if (kept) return kept;
  }
  return refuse('busy', 'o registro está sendo alterado; tente novamente');
}

function refuse(reason: RecordFault['reason'], detail: string): Kept {
  return { isKept: false, fault: { reason, detail } };
}

function missing(): Kept {
  return refuse('missing', 'o registro não existe');
}

/** Members with a value: where a request may say null, the answer has no member. */
function present(request: RecordBody): RecordBody {
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** Members that the path and the moment decide, whatever the request says. */
function fromPath(kind: RecordKind, parents: readonly string[], id: string, now: number): RecordBody {
  const body: Record<string, unknown> = { [kind.idMember]: kind.idFrom === 'count' ? Number(id) : id };
  for (const [member, place] of Object.entries(kind.parentMembers ?? {})) body[member] = parents[place];
  if (kind.createdMember !== undefined) body[kind.createdMember] = new Date(now).toISOString();
  return body;
}

function changed(kind: RecordKind, known: DirectoryRecord, request: RecordBody, now: number): RecordBody {
  const own = fromPath(kind, known.parents, known.id, now);
  if (kind.createdMember !== undefined) delete (own as Record<string, unknown>)[kind.createdMember];
  if (kind.update === 'merge') return { ...known.body, ...request, ...own };
  const names = [...(kind.kept ?? []), ...(kind.createdMember ? [kind.createdMember] : []), 'Status'];
  const kept = Object.fromEntries(
    names.filter((name) => name in known.body).map((name) => [name, known.body[name]]),
  );
  return { ...kept, ...request, ...own };
}

function statusFault({ statuses }: RecordKind, { Status }: RecordBody): string | undefined {
  if (!statuses || statuses.includes(String(Status))) return undefined;
  return `Status deve ser um destes: ${statuses.join(', ')}`;
}

function changeFault(
  kind: RecordKind,
  body: RecordBody,
  known: DirectoryRecord | undefined,
): string | undefined {
  const member = known && kind.fixed?.find((name) => differ(body, known.body, name));
  return member === undefined ? undefined : `${member} não pode ser alterado`;
}

function differ(one: RecordBody, other: RecordBody, member: string): boolean {
  return JSON.stringify(one[member]) !== JSON.stringify(other[member]);
}

/** Whether a record is no longer in use. */
function isEnded({ Status }: RecordBody): boolean {
  return Status === 'Inactive' || Status === 'Withdrawn';
}

function uniqueValue(
  { members, everywhere }: NonNullable<RecordKind['unique']>,
  parents: readonly string[],
  body: RecordBody,
): string {
  const values = members.map((member) => String(body[member]).toLowerCase());
  return JSON.stringify([everywhere ? [] : parents, values]);
}

function isSamePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}

/** The ids that the paths of all records begin with. */
function commonParents(records: readonly DirectoryRecord[]): string[] {
  const [first, ...others] = records.map(({ parents, id }) => [...parents, id]);
  if (!first) return [];
  const length = first.findIndex((id, index) => others.some((path) => path[index] !== id));
  return first.slice(0, length === -1 ? first.length : length);
}
