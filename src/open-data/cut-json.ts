/** Where a JSON text stops making sense: a byte offset and what was expected there. */
export interface JsonFault {
  readonly offset: number;
  readonly message: string;
  /** The value on the way to the counted arrays, or the record, in which it lies. */
  readonly path: readonly (string | number)[];
  readonly tooDeep?: boolean;
}

/** A JSON text cut along the way to its counted arrays. */
export interface CutJson {
  /** The text with every counted array emptied. */
  readonly skeleton: string;
  /** Byte offset in the original of a byte offset in the skeleton. */
  readonly originalOffset: (skeletonOffset: number) => number;
  /** Object members in the skeleton, by the text: more than the parsed value has means a key stands twice. */
  readonly members: number;
}

/** What is told about the counted arrays while the text is cut, in the order of the text. */
export interface CutListener {
  /** A counted array begins; `path` is its own path, array indexes included. */
  array(path: readonly (string | number)[]): void;
  /** One element: its bytes and how many object members its text has. */
  record(start: number, end: number, members: number): void;
  /** A member of the object that is the root. */
  rootMember?(name: string): void;
}

/** Nesting beyond this is refused; the deepest published contract has 14 levels. */
const MAX_DEPTH = 128;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

class CutFault extends Error {
  readonly offset: number;
  readonly tooDeep: boolean;
  constructor(offset: number, message: string, tooDeep = false) {
    super(message);
    this.offset = offset;
    this.tooDeep = tooDeep;
  }
}

/**
 * Cuts a JSON text in one pass over its bytes, without building values: the records of the counted arrays are told to
 * the listener as byte ranges, and what surrounds them is returned. A file of any size is read this way with no more
 * memory than its bytes.
 *
 * Only structure is checked here. Each piece is JSON text that the caller parses, which finds the faults inside it.
 *
 * @param path the way to the counted arrays, `*` standing for every element
 */
export function cutJson(
  bytes: Uint8Array,
  path: readonly string[],
  listener: CutListener,
): CutJson | JsonFault {
  const end = bytes.length;
  const kept: { from: number; to: number; skeletonFrom: number }[] = [];
  const pieces: string[] = [];
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const place: (string | number)[] = [];
  let at = 0;
  let copied = 0;
  let skeletonLength = 0;
  let members = 0;

  function skipSpace(): void {
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      at += 1;
    }
  }

  /** The offset behind the closing quote of the text that starts at `opened`. */
  function closeOf(opened: number): number {
    for (let offset = opened + 1; offset < end; offset += 1) {
      const byte = bytes[offset];
      if (byte === QUOTE) return offset + 1;
      if (byte === BACKSLASH) offset += 1;
      // A forgotten quote would turn everything after it inside out; it is noticed where the line ends.
      else if (byte === NEWLINE) break;
    }
    throw new CutFault(opened, 'the text that starts here is not closed with a double quote on its line');
  }

  function skipValue(): void {
    const opened = at;
    // Locals, not the shared cursor: this loop sees every byte of the file.
    let offset = at;
    let depth = 0;
    let colons = 0;
    while (offset < end) {
      const byte = bytes[offset] as number;
      if (byte === QUOTE) {
        offset = closeOf(offset);
        if (depth === 0) break;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1;
        if (depth > MAX_DEPTH)
          throw new CutFault(offset, `values are nested deeper than ${MAX_DEPTH} levels`, true);
        offset += 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === 0) break;
        depth -= 1;
        offset += 1;
        if (depth === 0) break;
      } else {
        if (depth === 0 && endsScalar(byte)) break;
        if (byte === COLON) colons += 1;
        offset += 1;
      }
    }
    if (depth > 0)
      throw new CutFault(opened, 'the value that starts here is never closed: the file ends inside it');
    if (offset === opened) throw new CutFault(offset, 'expected a value');
    at = offset;
    members += colons;
  }

  /** A scalar goes on until space or punctuation. */
  function endsScalar(byte: number): boolean {
    return byte <= 0x20 || byte === COMMA || byte === COLON;
  }

  function expect(byte: number, message: string): void {
    if (bytes[at] !== byte) throw new CutFault(at, at >= end ? `the file ends here; ${message}` : message);
    at += 1;
  }

  function copyUpTo(offset: number): void {
    if (offset <= copied) return;
    kept.push({ from: copied, to: offset, skeletonFrom: skeletonLength });
    pieces.push(decoder.decode(bytes.subarray(copied, offset)));
    skeletonLength += offset - copied;
  }

  function countedArray(): void {
    copyUpTo(at);
    listener.array([...place]);
    eachElement((index) => {
      const before = members;
      const start = at;
      place.push(index);
      skipValue();
      place.pop();
      const inside = members - before;
      members = before;
      listener.record(start, at, inside);
    });
    copied = at;
    pieces.push('[]');
    skeletonLength += 2;
  }

  function eachElement(element: (index: number) => void): void {
    at += 1;
    skipSpace();
    if (bytes[at] === CLOSE_BRACKET) {
      at += 1;
      return;
    }
    for (let index = 0; ; index += 1) {
      skipSpace();
      element(index);
      skipSpace();
      if (bytes[at] === CLOSE_BRACKET) {
        at += 1;
        return;
      }
      expect(COMMA, 'expected a comma or the end of the list');
    }
  }

  function eachMember(member: (name: string) => void): void {
    at += 1;
    skipSpace();
    if (bytes[at] === CLOSE_BRACE) {
      at += 1;
      return;
    }
    for (;;) {
      skipSpace();
      if (bytes[at] !== QUOTE) throw new CutFault(at, 'expected a field name in double quotes');
      const start = at;
      at = closeOf(start);
      const name = readName(start, at);
      skipSpace();
      expect(COLON, `expected a colon after the field name "${name}"`);
      members += 1;
      if (place.length === 0) listener.rootMember?.(name);
      skipSpace();
      member(name);
      skipSpace();
      if (bytes[at] === CLOSE_BRACE) {
        at += 1;
        return;
      }
      expect(COMMA, 'expected a comma or the end of the object');
    }
  }

  function readName(from: number, to: number): string {
    try {
      return JSON.parse(decoder.decode(bytes.subarray(from, to)));
    } catch {
      throw new CutFault(from, 'the field name is not valid JSON text');
    }
  }

  function descend(depth: number): void {
    const segment = path[depth];
    const byte = bytes[at];
    if (segment === undefined) {
      if (byte === OPEN_BRACKET) countedArray();
      else skipValue();
    } else if (segment === '*' && byte === OPEN_BRACKET) {
      eachElement((index) => step(index, depth + 1));
    } else if (segment !== '*' && byte === OPEN_BRACE) {
      eachMember((name) => (name === segment ? step(name, depth + 1) : skipValue()));
    } else {
      skipValue();
    }
  }

  function step(segment: string | number, depth: number): void {
    place.push(segment);
    descend(depth);
    place.pop();
  }

  try {
    skipSpace();
    if (at >= end) throw new CutFault(at, 'the file holds no value');
    descend(0);
    skipSpace();
    if (at < end) throw new CutFault(at, 'expected the end of the file after its value');
    copyUpTo(end);
  } catch (error) {
    if (!(error instanceof CutFault)) throw error;
    const { offset, message, tooDeep } = error;
    return { offset, message, path: place, tooDeep };
  }
  return { skeleton: pieces.join(''), members, originalOffset: (offset) => originalOf(kept, offset) };
}

function originalOf(
  kept: readonly { from: number; to: number; skeletonFrom: number }[],
  offset: number,
): number {
  const piece = kept.findLast(({ skeletonFrom }) => skeletonFrom <= offset);
  return piece ? Math.min(piece.from + (offset - piece.skeletonFrom), piece.to) : offset;
}

const FOUND = Symbol('found');

/** Tells whether a JSON text is an object with a member of that name. */
export function hasRootMember(bytes: Uint8Array, name: string): boolean {
  const ignore = () => {};
  const rootMember = (member: string) => {
    // Thrown, because the rest of the file need not be read.
    if (member === name) throw FOUND;
  };
  try {
    cutJson(bytes, [name], { array: ignore, record: ignore, rootMember });
    return false;
  } catch (thrown) {
    if (thrown !== FOUND) throw thrown;
    return true;
  }
}
