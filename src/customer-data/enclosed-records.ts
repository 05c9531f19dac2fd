import type { Json } from '../connectors/connector.ts';

type JsonRecord = { readonly [member: string]: Json };

/** A record and its place among all records of the content, counted from 0. */
export interface PlacedRecord {
  readonly at: number;
  readonly record: Json;
}

/**
 * Takes the records out of the content of an answer.
 *
 * @param path from the content to the records, `*` standing for every element of an array on the way
 * @returns undefined when the content does not have the form that the path tells
 */
export function takeRecords(content: Json, path: readonly string[]): readonly Json[] | undefined {
  const [segment, ...rest] = path;
  if (segment === undefined) return isList(content) ? content : undefined;
  if (segment === '*') {
    if (!isList(content)) return undefined;
    const inner = content.map((element) => takeRecords(element, rest));
    return inner.every((records) => records !== undefined) ? inner.flat() : undefined;
  }
  if (!isRecord(content)) return undefined;
  const member = content[segment];
  // A company without contracts may leave the member out.
  return member === undefined ? [] : takeRecords(member, rest);
}

/**
 * Puts some of the records back where they were taken from, in their order. Elements of arrays on the way are left out
 * when nothing of theirs is put back, so that a page names no company without records.
 */
export function putRecords(content: Json, path: readonly string[], page: readonly PlacedRecord[]): Json {
  if (path.length === 0) return page.map(({ record }) => record);
  const kept = new Map(page.map(({ at, record }) => [at, record]));
  let counted = 0;
  let put = 0;

  function rebuild(node: Json, depth: number): Json {
    const segment = path[depth];
    if (segment === undefined) return (node as readonly Json[]).flatMap(() => takeKept(counted++));
    if (segment === '*')
      return (node as readonly Json[]).flatMap((element) => {
        const before = put;
        const rebuilt = rebuild(element, depth + 1);
        return put > before ? [rebuilt] : [];
      });
    const record = node as JsonRecord;
    const member = record[segment];
    return member === undefined ? node : { ...record, [segment]: rebuild(member, depth + 1) };
  }

  function takeKept(at: number): Json[] {
    const record = kept.get(at);
    if (record === undefined) return [];
    put += 1;
    return [record];
  }

  return rebuild(content, 0);
}

/** The content without any record; undefined where the contract wraps them in something that only data could tell. */
export function emptyContent(path: readonly string[]): Json | undefined {
  return path.length === 0 || path[0] === '*' ? [] : undefined;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether the value is an object with members. */
export function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
