const NEWLINE = 0x0a;

/** Line and column, both from 1, of a byte offset in UTF-8 text; the column counts characters. */
export function positionAt(bytes: Buffer, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, lineStart);
    if (newline === -1 || newline >= offset) break;
    line += 1;
    lineStart = newline + 1;
  }
  return { line, column: [...bytes.toString('utf8', lineStart, offset)].length + 1 };
}
