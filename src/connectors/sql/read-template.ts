import { isMap, isScalar, isSeq } from 'yaml';
import type { Json } from '../connector.ts';
import { CONVERSIONS, type Conversion } from './convert-column.ts';
import type { MappingDocument, Place } from './mapping-document.ts';
import type { Template } from './record-template.ts';

const COLUMN = /^\$([A-Za-z_][A-Za-z0-9_]*)\s*(?:\|\s*(\S+))?$/;
const COLUMN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const GROUP_BY = '$by';
const MOST_LEVELS = 30;

/**
 * Reads the template of an answer: maps and lists of literals and of columns (`$amount | money`), and lists of groups,
 * whose only element has `$by`. Reports what is wrong, and returns what could be read.
 */
export function readTemplate(document: MappingDocument, place: Place): Template {
  return read(document, place, 0);
}

function read(document: MappingDocument, place: Place, depth: number): Template {
  const nothing: Template = { kind: 'literal', value: null };
  if (depth > MOST_LEVELS) {
    document.report(place, `nested deeper than ${MOST_LEVELS} levels`);
    return nothing;
  }
  const target = document.resolve(place);
  if (isMap(target)) return readMap(document, place, depth);
  if (isSeq(target)) return readList(document, place, depth);
  if (isScalar(target)) return readLeaf(document, place, target.value);
  document.report(place, 'expected a map, a list, a column or a literal');
  return nothing;
}

function readMap(document: MappingDocument, place: Place, depth: number): Template {
  const members = document.members(place) ?? new Map<string, Place>();
  const grouping = members.get(GROUP_BY);
  if (grouping) document.report(grouping, `${GROUP_BY} stands in the only element of a list`);
  return { kind: 'map', members: readMembers(document, members, depth) };
}

function readMembers(
  document: MappingDocument,
  members: ReadonlyMap<string, Place>,
  depth: number,
): (readonly [string, Template])[] {
  return [...members]
    .filter(([name]) => name !== GROUP_BY)
    .map(([name, member]) => [name, read(document, member, depth + 1)]);
}

function readList(document: MappingDocument, place: Place, depth: number): Template {
  const elements = document.elements(place) ?? [];
  const [first] = elements;
  const groups = first && isGroup(document, first) ? document.members(first) : undefined;
  if (!groups || elements.length > 1)
    return {
      kind: 'list',
      elements: elements.map((element) => read(document, element, depth + 1)),
    };
  const element = groups.get('$value');
  return {
    kind: 'groups',
    by: readColumns(document, groups.get(GROUP_BY) as Place),
    element: element
      ? read(document, element, depth + 1)
      : { kind: 'map', members: readMembers(document, groups, depth) },
  };
}

function isGroup(document: MappingDocument, place: Place): boolean {
  const node = document.resolve(place);
  return isMap(node) && node.has(GROUP_BY);
}

/** One column, or a list of them. */
function readColumns(document: MappingDocument, place: Place): string[] {
  const places = isSeq(document.resolve(place)) ? (document.elements(place) ?? []) : [place];
  if (places.length === 0) document.report(place, 'expected at least one column');
  return places.flatMap((column) => {
    const name = document.text(column)?.replace(/^\$/, '');
    if (name === undefined) return [];
    if (COLUMN_NAME.test(name)) return [name];
    document.report(column, 'expected the name of a column');
    return [];
  });
}

function readLeaf(document: MappingDocument, place: Place, value: unknown): Template {
  if (typeof value !== 'string') return { kind: 'literal', value: value as Json };
  if (value.startsWith('$$')) return { kind: 'literal', value: value.slice(1) };
  if (!value.startsWith('$')) return { kind: 'literal', value };
  const [, column, conversion = 'as-is'] = COLUMN.exec(value) ?? [];
  if (column === undefined) {
    document.report(place, 'expected a column such as "$amount | money"; a text that begins with $ needs $$');
    return { kind: 'literal', value: null };
  }
  if (!CONVERSIONS.includes(conversion as Conversion))
    document.report(place, `no conversion is called "${conversion}"; there are ${CONVERSIONS.join(', ')}`);
  return { kind: 'column', column, conversion: conversion as Conversion };
}
