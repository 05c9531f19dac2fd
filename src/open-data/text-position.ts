const NEWLINE = 0x0a;

/** Line and column, both from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A position is kept every so many bytes, so that a file with many faults is read once and not once for each. */
const STRIDE = 1 << 16;
const START: TextPosition = { line: 1, column: 1 };
const marks = new WeakMap<Uint8Array, TextPosition[]>();

/**
 * Line and column of a byte offset in UTF-8 text; the column counts characters. The bytes must not change between
 * two calls.
 */
export function positionAt(bytes: Uint8Array, offset: number): TextPosition {
  const known = marks.get(bytes) ?? [START];
  marks.set(bytes, known);
  const stride = Math.floor(Math.min(offset, bytes.length) / STRIDE);
  for (let last = known.length - 1; last < stride; last += 1) {
    known.push(advance(bytes, known[last] as TextPosition, last * STRIDE, (last + 1) * STRIDE));
  }
  return advance(bytes, known[stride] as TextPosition, stride * STRIDE, offset);
}

function advance(bytes: Uint8Array, from: TextPosition, start: number, end: number): TextPosition {
  let { line, column } = from;
  for (let offset = start; offset < end; offset += 1) {
    const byte = bytes[offset] as number;
    if (byte === NEWLINE) {
      line += 1;
      column = 1;
    } else if ((byte & 0xc0) !== 0x80) {
      column += 1;
    }
  }
  return { line, column };
}
