import { visit } from 'jsonc-parser';

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/**
 * Byte offset of the value at a path in a JSON text, or of the key where the fault is the key itself. Where the path
 * does not exist, the nearest value around it.
 *
 * @param text valid JSON; it may be large, so it is walked and no tree is built
 */
export function offsetOf(text: string, path: readonly (string | number)[], what: 'value' | 'key'): number {
  let value = skipSpace(text, 0);
  let key = value;
  for (const segment of path) {
    const found = findChild(text, value, segment);
    if (!found) return byteOffset(text, value);
    ({ key, value } = found);
  }
  return byteOffset(text, what === 'key' ? key : value);
}

function byteOffset(text: string, offset: number): number {
  return Buffer.byteLength(text.slice(0, offset));
}

/** Where a member or an element of the value at `opened` starts, with its key. */
function findChild(
  text: string,
  opened: number,
  segment: string | number,
): { key: number; value: number } | undefined {
  const isObject = text[opened] === '{';
  if (!isObject && text[opened] !== '[') return undefined;
  let at = skipSpace(text, opened + 1);
  for (let index = 0; text[at] !== '}' && text[at] !== ']' && at < text.length; index += 1) {
    const key = at;
    let name: string | number = index;
    if (isObject) {
      const end = skipValue(text, key);
      name = JSON.parse(text.slice(key, end));
      at = skipSpace(text, skipSpace(text, end) + 1);
    }
    if (name === segment || (isObject && name === String(segment))) return { key, value: at };
    at = skipSpace(text, skipValue(text, at));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return undefined;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at += 1;
  return at;
}

/** The offset behind the value that starts at `from`. */
function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const character = text[at] as string;
    if (character === '"') at = closeOf(text, at);
    else if (depth === 0 && !'{['.includes(character)) return endOfScalar(text, at);
    else {
      if ('{['.includes(character)) depth += 1;
      else if ('}]'.includes(character)) depth -= 1;
      at += 1;
    }
  } while (depth > 0 && at < text.length);
  return at;
}

function closeOf(text: string, opened: number): number {
  let at = opened + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !' \t\r\n,]}'.includes(text[at] as string)) at += 1;
  return at;
}

/** What the scanner calls its findings, in words. */
const SYNTAX: Record<number, string> = {
  1: 'this is not a JSON value',
  2: 'this number is not written as JSON writes numbers',
  3: 'expected a field name in double quotes',
  4: 'expected a value',
  5: 'expected a colon',
  6: 'expected a comma',
  7: 'expected the end of the object',
  8: 'expected the end of the list',
  9: 'expected the end of the text',
  10: 'comments are not JSON',
  11: 'a comment is never closed',
  12: 'the text is never closed with a double quote',
  13: 'a number is not finished',
  14: 'a \\u escape is not four hexadecimal digits',
  15: 'this escape is not one of JSON',
  16: 'a line break or another control character must be escaped inside a text',
};

/** The first place where a text stops being JSON, as a byte offset with what is wrong; undefined when it is JSON. */
export function findSyntaxFault(text: string): { offset: number; message: string } | undefined {
  let fault: { offset: number; message: string } | undefined;
  visit(
    text,
    {
      onError: (code, offset) => {
        fault ??= {
          offset: Buffer.byteLength(text.slice(0, offset)),
          message: SYNTAX[code] ?? 'this is not valid JSON',
        };
      },
    },
    STRICT,
  );
  return fault;
}

/** The first key that an object of the text has twice: its path and the byte offset of its second place. */
export function findDuplicateKey(text: string): { path: (string | number)[]; offset: number } | undefined {
  const open: Set<string>[] = [];
  let duplicate: { path: (string | number)[]; offset: number } | undefined;
  visit(text, {
    onObjectBegin: () => {
      open.push(new Set());
    },
    onObjectEnd: () => {
      open.pop();
    },
    onObjectProperty: (name, offset, _length, _line, _character, pathSupplier) => {
      const names = open.at(-1);
      if (names?.has(name))
        duplicate ??= { path: [...pathSupplier(), name], offset: Buffer.byteLength(text.slice(0, offset)) };
      names?.add(name);
    },
  });
  return duplicate;
}
