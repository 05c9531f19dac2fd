import { findNodeAtLocation, type Node, parseTree, visit } from 'jsonc-parser';

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/**
 * Byte offset of the value at a path in a JSON text, or of the key where the fault is the key itself. Where the path
 * does not exist, the nearest object around it.
 */
export function offsetOf(text: string, path: readonly (string | number)[], what: 'value' | 'key'): number {
  const root = parseTree(text, [], STRICT);
  for (let length = path.length; root && length >= 0; length -= 1) {
    const node: Node | undefined = findNodeAtLocation(root, path.slice(0, length));
    if (!node) continue;
    const place =
      what === 'key' && length === path.length && node.parent?.type === 'property' ? node.parent : node;
    return Buffer.byteLength(text.slice(0, place.offset));
  }
  return 0;
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
