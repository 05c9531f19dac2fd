import type { Answer, Call } from '../../contract/call.ts';
import type { DirectoryRecords, Kept } from './directory-records.ts';
import type { DirectoryRecord, RecordBody } from './directory-store.ts';
import { composePage, readAskedPage, WHOLE_LIST } from './page-records.ts';
import { isSuperUser, type Principal } from './principals.ts';
import type { RecordKind } from './record-kind.ts';
import { answerFault, answerJson, answerMissing, type Route, type Routes, requestOf } from './route.ts';

/** Gives bodies of a kind another form than that of its records. */
export type Present = (records: readonly DirectoryRecord[]) => Promise<readonly RecordBody[]>;

export interface RecordRoutesSettings {
  readonly records: DirectoryRecords;
  readonly kinds: readonly RecordKind[];
  /** By name of the kind; the others are shown as they are kept. */
  readonly present: Readonly<Record<string, Present>>;
}

/** The routes that are alike for every kind: list, create, read, update and remove. */
export function createRecordRoutes({ records, kinds, present }: RecordRoutesSettings): Routes {
  const routes = new Map<string, Route>();
  for (const kind of kinds) {
    const { area, collection, item = `${collection}/{${kind.idParameter}}` } = kind;
    routes.set(`GET ${collection}`, { area, verb: 'read', serve: (call) => list(kind, call) });
    routes.set(`POST ${collection}`, { area, verb: 'create', serve: (call, by) => create(kind, call, by) });
    routes.set(`GET ${item}`, { area, verb: 'read', serve: (call) => read(kind, call) });
    routes.set(`PUT ${item}`, { area, verb: 'update', serve: (call, by) => update(kind, call, by) });
    routes.set(`DELETE ${item}`, { area, verb: 'remove', serve: (call) => remove(kind, call) });
  }
  return routes;

  async function show(kind: RecordKind, found: readonly DirectoryRecord[]): Promise<readonly RecordBody[]> {
    return present[kind.name]?.(found) ?? records.show(kind.name, found);
  }

  async function list(kind: RecordKind, call: Call): Promise<Answer> {
    const asked = readAskedPage(call, kind.list === 'page' ? undefined : WHOLE_LIST);
    if ('kind' in asked) return asked;
    const { type } = call.query;
    const where: Record<string, string> = type === undefined || type === '' ? {} : { Type: type };
    const found = await records.page(kind.name, parentsOf(kind, call), { ...asked, where });
    if (!found) return answerMissing();
    const content = await show(kind, found.records);
    return answerJson(call, kind.list === 'page' ? composePage(content, found.total, asked) : content);
  }

  async function create(kind: RecordKind, call: Call, by: Principal): Promise<Answer> {
    const author = { isSuperUser: isSuperUser(by) };
    const kept = await records.create(kind.name, parentsOf(kind, call), requestOf(call), author);
    return answerKept(kind, call, kept, 201);
  }

  async function read(kind: RecordKind, call: Call): Promise<Answer> {
    const record = await find(kind, call);
    if (!record) return answerMissing();
    return answerJson(call, (await show(kind, [record]))[0]);
  }

  async function update(kind: RecordKind, call: Call, by: Principal): Promise<Answer> {
    const record = await find(kind, call);
    if (!record) return answerMissing();
    const author = { isSuperUser: isSuperUser(by) };
    const kept = await records.update(kind.name, record.parents, record.id, requestOf(call), author);
    return answerKept(kind, call, kept, 200);
  }

  async function remove(kind: RecordKind, call: Call): Promise<Answer> {
    const record = await find(kind, call);
    if (!record) return answerMissing();
    const kept = await records.remove(kind.name, record.parents, record.id);
    return kept.isKept ? { kind: 'empty' } : answerFault(call, kept.fault);
  }

  async function answerKept(kind: RecordKind, call: Call, kept: Kept, status: number): Promise<Answer> {
    if (!kept.isKept) return answerFault(call, kept.fault);
    return answerJson(call, (await show(kind, [kept.record]))[0], status);
  }

  /** The record at a path, if it is also what the rest of the path says. */
  async function find(kind: RecordKind, call: Call): Promise<DirectoryRecord | undefined> {
    const id = call.path[kind.idParameter] as string;
    const record = await records.read(kind.name, parentsOf(kind, call), id);
    const isMatch = Object.entries(kind.matches ?? {}).every(
      ([parameter, member]) =>
        call.path[parameter]?.toLowerCase() === String(record?.body[member]).toLowerCase(),
    );
    return isMatch ? record : undefined;
  }
}

/** The ids of a path above the record's own. */
export function parentsOf({ parents }: RecordKind, { path }: Call): string[] {
  return parents.map(({ parameter }) => path[parameter] as string);
}
