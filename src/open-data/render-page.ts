import type { EnvelopePlace } from '../contract/envelope-places.ts';
import { formatDateTime } from '../contract/error-shape.ts';
import { type PageRequest, type PagingRule, pageLinks, totalPages } from '../contract/paging.ts';
import { renderFrame, type Selection } from './frame.ts';
import type { Snapshot } from './snapshot.ts';

/** All that decides the bytes of a page. */
export interface PageContent {
  readonly snapshot: Snapshot;
  readonly places: readonly EnvelopePlace[];
  readonly rule: PagingRule;
  readonly request: PageRequest;
  readonly selection: Selection;
  /** How many records match in all. */
  readonly total: number;
  /** Public URL of the request without paging parameters. */
  readonly url: string;
  /** For contracts whose meta must say when the answer was made, in milliseconds since the epoch. */
  readonly at: number;
}

/** Writes one page as JSON bytes: the frame, the selected records as they are stored, and links and meta as declared. */
export function renderPage(content: PageContent): Buffer {
  const { snapshot, places, rule, request, selection, total, url } = content;
  const links: Record<string, unknown> = { ...pageLinks(rule, request, total, url) };
  const meta: Record<string, unknown> = {
    totalRecords: total,
    totalPages: totalPages(total, request.size),
    requestDateTime: formatDateTime(content.at),
  };
  const pieces = renderFrame(snapshot.frame, selection, {
    slot: (slot, place) => {
      const declared = places[place]?.[slot];
      const values = slot === 'links' ? links : meta;
      const kept = Object.entries(values).filter(([name]) => isWanted(name, declared));
      return JSON.stringify(Object.fromEntries(kept));
    },
    records: (from, to) => recordBytes(snapshot, from, to),
  });
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

/** A moment makes a page different every second, so it is given only where the contract insists. */
function isWanted(
  name: string,
  declared: { members: ReadonlySet<string>; required: ReadonlySet<string> } | undefined,
): boolean {
  const set = name === 'requestDateTime' ? declared?.required : declared?.members;
  return set?.has(name) ?? false;
}

/** Neighbouring records are one stretch of bytes, commas included; only the last comma is left off. */
function recordBytes({ records, offsets }: Snapshot, from: number, to: number): Uint8Array {
  return records.subarray(offsets[from], (offsets[to] as number) - 1);
}
