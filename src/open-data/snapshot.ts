import type { Frame } from './frame.ts';
import type { RecordMatch } from './record-match.ts';

/**
 * A dataset as it is served, immutable: records as JSON bytes, one after another with commas between them, and the
 * frame around them. Nothing in it is an object per record, so a large dataset costs little more than its bytes.
 */
export interface Snapshot {
  readonly frame: Frame;
  readonly records: Uint8Array;
  /** Where each record starts in `records`, and one entry more: where the next one would. */
  readonly offsets: Uint32Array | Float64Array;
  readonly total: number;
  /** By record number, equal ones being one object; absent where the operation has no filters. */
  readonly matches: readonly (RecordMatch | undefined)[] | undefined;
  /** The newest modification time of its files, in milliseconds since the epoch. */
  readonly lastModified: number;
  /** False for a single record, which is one document and no list. */
  readonly isList: boolean;
}
