import { isDeepStrictEqual } from 'node:util';
import { type EnvelopePlace, envelopeMember } from '../contract/envelope-places.ts';
import type { Frame, FrameGroup, FramePart } from './frame.ts';

/** A counted array of a part, by the numbers its records were given when they were read. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** Stands in a skeleton where a counted array stood. */
class Hole {
  runs: Run[];
  constructor(runs: Run[]) {
    this.runs = runs;
  }
}

type Members = Record<string, unknown>;

/** One part of a dataset without its records: an answer, and the runs of its counted arrays in text order. */
export interface Part {
  readonly skeleton: unknown;
  readonly runs: readonly Run[];
}

/**
 * Joins the parts of a dataset into one tree. What surrounds the records must be the same in every part, except in
 * lists of groups: a group that a later part repeats goes on there, others are added.
 *
 * @returns the tree, or the JSON path of the member in which a part differs, with the part's number
 */
export function joinParts(
  parts: readonly Part[],
  path: readonly string[],
): { tree: unknown } | { part: number; at: string[] } {
  const [first, ...others] = parts.map((part) => plantHoles(part, path));
  for (const [index, other] of others.entries()) {
    const difference = merge(first, other, path, []);
    if (difference) return { part: index + 1, at: difference };
  }
  return { tree: first };
}

function plantHoles({ skeleton, runs }: Part, path: readonly string[]): unknown {
  let next = 0;
  function plant(value: unknown, depth: number): unknown {
    const segment = path[depth];
    if (segment === undefined) {
      if (!Array.isArray(value)) return value;
      next += 1;
      return new Hole([runs[next - 1] ?? { first: 0, count: 0 }]);
    }
    if (segment === '*') return Array.isArray(value) ? value.map((item) => plant(item, depth + 1)) : value;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        name === segment ? plant(member, depth + 1) : member,
      ]),
    );
  }
  return plant(skeleton, 0);
}

function merge(base: unknown, other: unknown, path: readonly string[], at: string[]): string[] | undefined {
  const segment = path[at.length];
  if (base instanceof Hole && other instanceof Hole) {
    base.runs.push(...other.runs);
    return undefined;
  }
  if (segment === '*' && Array.isArray(base) && Array.isArray(other)) {
    for (const group of other) {
      const isContinued = base.some((known) => merge(known, group, path, [...at, '*']) === undefined);
      if (!isContinued) base.push(group);
    }
    return undefined;
  }
  if (segment === undefined || !isMembers(base) || !isMembers(other))
    return isDeepStrictEqual(base, other) ? undefined : at;
  const difference = differingMember(base, other, segment);
  if (difference !== undefined) return [...at, difference];
  if (!Object.hasOwn(other, segment)) return undefined;
  if (Object.hasOwn(base, segment)) return merge(base[segment], other[segment], path, [...at, segment]);
  base[segment] = other[segment];
  return undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Hole);
}

function differingMember(base: Members, other: Members, except: string): string | undefined {
  const names = new Set([...Object.keys(base), ...Object.keys(other)]);
  names.delete(except);
  for (const name of names) {
    if (!envelopeMember(name) && !isDeepStrictEqual(base[name], other[name])) return name;
  }
  return undefined;
}

/**
 * Turns a joined tree into a frame, and tells in which order its records stand in it.
 *
 * @param places where links and meta go; whatever the files held there is replaced
 */
export function buildFrame(
  tree: unknown,
  path: readonly string[],
  places: readonly EnvelopePlace[],
): { frame: Frame; order: Run[]; total: number } {
  const order: Run[] = [];
  let total = 0;

  function build(value: unknown, depth: number): FramePart[] {
    if (value instanceof Hole) {
      const first = total;
      order.push(...value.runs);
      for (const run of value.runs) total += run.count;
      return [{ slot: 'records', first, count: total - first }];
    }
    const segment = path[depth];
    if (segment === '*' && Array.isArray(value))
      return [{ slot: 'groups', groups: value.map((item) => group(item, depth + 1)) }];
    return isMembers(value) ? object(value, depth) : [JSON.stringify(value)];
  }

  function group(value: unknown, depth: number): FrameGroup {
    const first = total;
    const frame = compact(build(value, depth));
    return { first, count: total - first, frame };
  }

  function object(value: Members, depth: number): FramePart[] {
    const number = places.findIndex(
      (candidate) =>
        candidate.path.length === depth && candidate.path.every((segment, index) => segment === path[index]),
    );
    const place = places[number];
    const made = new Set([place?.links?.name, place?.meta?.name]);
    const parts: FramePart[] = [];
    const begin = () => parts.push(parts.length === 0 ? '{' : ',');
    for (const [name, member] of Object.entries(value)) {
      if (made.has(name)) continue;
      begin();
      parts.push(`${JSON.stringify(name)}:`);
      parts.push(...(name === path[depth] ? build(member, depth + 1) : [JSON.stringify(member)]));
    }
    for (const slot of ['links', 'meta'] as const) {
      const made = place?.[slot];
      if (!made) continue;
      begin();
      parts.push(`${JSON.stringify(made.name)}:`, { slot, place: number });
    }
    if (parts.length === 0) parts.push('{');
    parts.push('}');
    return parts;
  }

  const frame = compact(build(tree, 0));
  return { frame, order, total };
}

/** Joins neighbouring texts, so that writing a page touches few pieces. */
function compact(parts: readonly FramePart[]): Frame {
  const joined: FramePart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}
