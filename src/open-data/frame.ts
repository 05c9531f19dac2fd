/**
 * What surrounds the records of a dataset, as JSON text with slots: for the links and meta of a page, for the records
 * of one group, and for lists of groups of which only those with records on the page are written.
 */
export type Frame = readonly FramePart[];

export type FramePart =
  | string
  | { readonly slot: 'links' | 'meta'; readonly place: number }
  | { readonly slot: 'records'; readonly first: number; readonly count: number }
  | { readonly slot: 'groups'; readonly groups: readonly FrameGroup[] };

/** One element of a list on the way to the records, and the range of records below it. */
export interface FrameGroup {
  readonly first: number;
  readonly count: number;
  readonly frame: Frame;
}

/** The records that go into a page: a range of all records, or a list of record numbers in ascending order. */
export type Selection = { readonly from: number; readonly to: number } | { readonly ids: Uint32Array };

/** How the slots of a frame are filled. */
export interface FrameFill {
  readonly slot: (slot: 'links' | 'meta', place: number) => string;
  /** Writes the bytes of the records numbered `from` to `to` (exclusive), with commas between them. */
  readonly records: (from: number, to: number) => Uint8Array;
}

/** Renders a frame with a selection of its records as the pieces of one JSON text. */
export function renderFrame(frame: Frame, selection: Selection, fill: FrameFill): (string | Uint8Array)[] {
  const pieces: (string | Uint8Array)[] = [];
  const empty = isEmpty(selection, 0, Number.MAX_SAFE_INTEGER);

  function write(parts: Frame): void {
    for (const part of parts) {
      if (typeof part === 'string') pieces.push(part);
      else if (part.slot === 'records') writeRecords(part.first, part.first + part.count);
      else if (part.slot === 'groups') writeGroups(part.groups);
      else pieces.push(fill.slot(part.slot, part.place));
    }
  }

  function writeGroups(groups: readonly FrameGroup[]): void {
    let separator = '[';
    for (const group of groups) {
      // An empty page keeps its groups, so that the answer still says who reports.
      if (!empty && isEmpty(selection, group.first, group.first + group.count)) continue;
      pieces.push(separator);
      write(group.frame);
      separator = ',';
    }
    pieces.push(separator === '[' ? '[]' : ']');
  }

  function writeRecords(first: number, end: number): void {
    pieces.push('[');
    if ('from' in selection) {
      const from = Math.max(selection.from, first);
      const to = Math.min(selection.to, end);
      if (from < to) pieces.push(fill.records(from, to));
    } else {
      let separator = '';
      for (const id of within(selection.ids, first, end)) {
        pieces.push(separator, fill.records(id, id + 1));
        separator = ',';
      }
    }
    pieces.push(']');
  }

  write(frame);
  return pieces;
}

function isEmpty(selection: Selection, first: number, end: number): boolean {
  if ('from' in selection) return Math.max(selection.from, first) >= Math.min(selection.to, end);
  return within(selection.ids, first, end).length === 0;
}

function within(ids: Uint32Array, first: number, end: number): Uint32Array {
  return ids.subarray(countBelow(ids, first), countBelow(ids, end));
}

/** How many of the ascending numbers are smaller; by halving, because it is asked for every group. */
function countBelow(ids: Uint32Array, limit: number): number {
  let from = 0;
  let to = ids.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ids[middle] as number) < limit) from = middle + 1;
    else to = middle;
  }
  return from;
}
