import { isObject } from './contract-document.ts';
import type { ContractLibrary, Site } from './contract-library.ts';
import { follow, properties } from './follow.ts';

/** Which members an operation's contract gives its error bodies. */
export interface ErrorShape {
  /** `list` and `single` hold objects under `errors`; `texts` holds plain strings. */
  readonly style: 'list' | 'single' | 'texts';
  readonly errorMembers: ReadonlyMap<string, ErrorMember>;
  readonly metaMembers: ReadonlySet<string>;
  readonly metaRequired: boolean;
}

export interface ErrorMember {
  readonly maxLength: number | undefined;
  readonly required: boolean;
  readonly enum: readonly unknown[] | undefined;
}

/** One error as guiche words it, before a contract decides which of its members it knows. */
export interface ErrorContent {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** Moment of the answer, in milliseconds since the epoch. */
  readonly at: number;
}

/** The shape for requests that no contract answers, with every member that the regulators' error bodies have. */
export const GENERAL_ERROR_SHAPE: ErrorShape = Object.freeze({
  style: 'list',
  errorMembers: new Map(
    (['code', 'title', 'detail', 'requestDateTime'] as const).map((name) => [
      name,
      { maxLength: undefined, required: true, enum: undefined },
    ]),
  ),
  metaMembers: new Set(['totalRecords', 'totalPages']),
  metaRequired: false,
});

/** Reads the shape of error bodies from the schema of one; undefined when it has no `errors` member. */
export function readErrorShape(library: ContractLibrary, body: Site): ErrorShape | undefined {
  const declared = properties(library, body);
  const errors = declared.get('errors');
  if (!errors) return undefined;
  const isList = errors.node.type === 'array' || 'items' in errors.node;
  const item = isList ? follow(library, { ...errors, node: errors.node.items }) : errors;
  const members = item ? properties(library, item) : new Map<string, Site>();
  const style = isList ? (members.size === 0 && item?.node.type !== 'object' ? 'texts' : 'list') : 'single';
  const itemRequired = item && Array.isArray(item.node.required) ? item.node.required : [];
  const root = follow(library, body)?.node;
  const meta = declared.get('meta');
  return {
    style,
    errorMembers:
      members.size === 0
        ? GENERAL_ERROR_SHAPE.errorMembers
        : new Map(
            [...members].map(([name, member]) => [name, describe(member, itemRequired.includes(name))]),
          ),
    metaMembers: new Set(meta ? properties(library, meta).keys() : []),
    metaRequired: Array.isArray(root?.required) && root.required.includes('meta'),
  };
}

function describe(site: Site, required: boolean): ErrorMember {
  const node = isObject(site.node) ? site.node : {};
  return {
    maxLength: typeof node.maxLength === 'number' ? node.maxLength : undefined,
    enum: Array.isArray(node.enum) ? node.enum : undefined,
    required,
  };
}

/** Words one error in a contract's shape: members it does not declare are left out, texts are cut to its lengths. */
export function renderErrorBody(shape: ErrorShape, content: ErrorContent): unknown {
  const requestDateTime = formatDateTime(content.at);
  if (shape.style === 'texts') return { errors: [`${content.title}: ${content.detail}`] };

  const values: Record<string, string> = {
    code: content.code,
    title: content.title,
    detail: content.detail,
    requestDateTime,
  };
  const error: Record<string, unknown> = {};
  for (const [name, member] of shape.errorMembers) {
    const value = member.enum && !member.enum.includes(values[name]) ? member.enum[0] : values[name];
    if (value === undefined && !member.required) continue;
    const filled = value ?? content.title;
    error[name] = typeof filled === 'string' ? filled.slice(0, member.maxLength) : filled;
  }
  const body: Record<string, unknown> = { errors: shape.style === 'single' ? error : [error] };
  const meta = renderMeta(shape.metaMembers, requestDateTime);
  if (shape.metaRequired || Object.keys(meta).length > 0) body.meta = meta;
  return body;
}

function renderMeta(members: ReadonlySet<string>, requestDateTime: string): Record<string, unknown> {
  const known: Record<string, unknown> = { totalRecords: 1, totalPages: 1, requestDateTime };
  return Object.fromEntries(Object.entries(known).filter(([name]) => members.has(name)));
}

/** A moment as both ecosystems write it: seconds precision, UTC, at most 20 characters. */
export function formatDateTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
