import type { Area } from './access.ts';
import type { RecordBody } from './directory-store.ts';

/** A rule that a record of another kind must be there, and in use. */
export interface Reference {
  readonly kind: string;
  /** Where the other record stands: how many of the record's own parents it shares, then ids from members. */
  readonly sharedParents?: number;
  readonly under?: readonly string[];
  /** Member that holds the other record's id; without it, any record that agrees will do. */
  readonly id?: string;
  /** Members of the other record that must equal members of this one, by name of the other's. */
  readonly agrees?: Readonly<Record<string, string>>;
  /** Members that are copied from the other record, by name of this one's. */
  readonly copies?: Readonly<Record<string, string>>;
}

/** One kind of record of the directory: everything that tells it from the others. */
export interface RecordKind {
  readonly name: string;
  /** Path template of the list. */
  readonly collection: string;
  /** Path template of one record; the list's and the id where this does not say. */
  readonly item?: string;
  readonly area: Area;
  /** Path parameter that holds the id. */
  readonly idParameter: string;
  /** Member that holds the id. */
  readonly idMember: string;
  /** Where ids come from: made here, from the request, or counted from 1. E-mails are ids whatever their case. */
  readonly idFrom: 'made' | 'request' | 'e-mail' | 'count';
  /** Kinds that the path leads through, outermost first, each with its path parameter. */
  readonly parents: readonly { readonly kind: string; readonly parameter: string }[];
  /** Whether the contract answers the list in pages or as an array. */
  readonly list: 'page' | 'array';
  /** Path parameters of the item besides ids, by the member that they must equal; e-mails whatever their case. */
  readonly matches?: Readonly<Record<string, string>>;
  /** Members that hold ids of parents, by the parent's place. */
  readonly parentMembers?: Readonly<Record<string, number>>;
  /** Members that a new record has when the request does not say. */
  readonly defaults?: RecordBody;
  /** Member that holds the moment of creation. */
  readonly createdMember?: string;
  /** Values that `Status` may have. */
  readonly statuses?: readonly string[];
  /** What a removal makes of `Status`; without it the record goes, with all that belongs to it. */
  readonly removedStatus?: string;
  /** True when a record that was removed does not come back. */
  readonly isFinal?: boolean;
  /** Members that together no other record below the same parents may have, or no other at all. */
  readonly unique?: { readonly members: readonly string[]; readonly everywhere?: boolean };
  readonly references?: readonly Reference[];
  /** How an update treats members that its request does not have; `replace` keeps only those named in `kept`. */
  readonly update: 'replace' | 'merge';
  readonly kept?: readonly string[];
  /** Members that only super users may change. */
  readonly reserved?: readonly string[];
  /** Members that never change. */
  readonly fixed?: readonly string[];
  /** Records of their own that are shown within this one, by the member that shows them. */
  readonly shows?: Readonly<Record<string, string>>;
  /** A member of the request that becomes a record of its own below this one. */
  readonly companion?: { readonly member: string; readonly kind: string };
  /** Records below the same outermost parent that lose their status with this one, when they agree in these members. */
  readonly cascade?: { readonly kind: string; readonly members: readonly string[] };
  /** Fills members that follow from others. Its result is what is kept. */
  readonly complete?: (body: RecordBody) => RecordBody;
  /** Says in Portuguese what is wrong with a record that its contract admits; undefined when nothing is. */
  readonly fault?: (body: RecordBody) => string | undefined;
}
