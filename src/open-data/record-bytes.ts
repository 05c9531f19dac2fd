/** The records of a dataset as they accumulate: JSON texts with commas between them. */
export interface RecordBytes {
  append(json: string): void;
  readonly count: number;
  /** Puts the records in another order, given as runs of record numbers. */
  finish(order: readonly { readonly first: number; readonly count: number }[]): {
    records: Uint8Array;
    offsets: Float64Array;
  };
}

/** A UTF-16 code unit takes at most three bytes of UTF-8. */
const MOST_BYTES_PER_UNIT = 3;

/**
 * Collects records in one growing buffer.
 *
 * @param expectedBytes the size of the files they come from, which their compact form seldom exceeds
 */
export function createRecordBytes(expectedBytes: number): RecordBytes {
  let buffer = Buffer.from(new ArrayBuffer(Math.max(expectedBytes, 1024)));
  let offsets = new Float64Array(1024);
  let used = 0;
  let count = 0;

  function reserve(bytes: number): void {
    if (used + bytes <= buffer.length) return;
    const larger = Buffer.from(new ArrayBuffer(Math.max(Math.ceil(buffer.length * 1.5), used + bytes)));
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  }

  function append(json: string): void {
    const most = json.length * MOST_BYTES_PER_UNIT + 1;
    if (used + most > buffer.length) reserve(Buffer.byteLength(json) + 1);
    if (count + 2 > offsets.length) {
      const larger = new Float64Array(offsets.length * 2);
      larger.set(offsets);
      offsets = larger;
    }
    offsets[count] = used;
    used += buffer.write(json, used, 'utf8');
    buffer[used] = 0x2c;
    used += 1;
    count += 1;
    offsets[count] = used;
  }

  function finish(order: readonly { first: number; count: number }[]) {
    const inOrder = order.every((run, index) => run.first === (index === 0 ? 0 : end(order[index - 1])));
    if (inOrder) return { records: buffer.subarray(0, used), offsets: offsets.slice(0, count + 1) };
    const sorted = createRecordBytes(used);
    for (const run of order) {
      for (let record = run.first; record < end(run); record += 1) {
        sorted.append(buffer.toString('utf8', offsets[record], (offsets[record + 1] as number) - 1));
      }
    }
    return sorted.finish([{ first: 0, count: sorted.count }]);
  }

  return {
    append,
    finish,
    get count() {
      return count;
    },
  };
}

function end(run: { first: number; count: number } | undefined): number {
  return run ? run.first + run.count : 0;
}
