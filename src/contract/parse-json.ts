/** What a text of JSON holds, or in one Portuguese sentence, which repeats nothing of the text, why it is refused. */
export type ParsedJson = { readonly value: unknown } | { readonly fault: string };

/** Nesting beyond this is refused; the deepest request schema of a published contract has 8 levels. */
const MAX_DEPTH = 32;

const FAULTS = {
  notUtf8: 'O corpo da requisição não está codificado em UTF-8.',
  notJson: 'O corpo da requisição não é um documento JSON válido.',
  tooDeep: `O corpo da requisição tem mais de ${MAX_DEPTH} níveis de aninhamento.`,
  repeated: 'O corpo da requisição tem um membro repetido no mesmo objeto.',
  proto: 'O corpo da requisição tem um membro com nome reservado.',
  unreadable: 'O corpo da requisição tem um texto com caracteres inválidos.',
  tooLarge: 'O corpo da requisição tem um número fora do intervalo suportado.',
} as const;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Reads a JSON text (RFC 8259) that somebody else wrote, as strictly as I-JSON (RFC 7493) asks: UTF-8 without a byte
 * order mark, no member name twice in an object, no unpaired surrogate, no number that a double cannot hold. Refused
 * too: more than 32 levels, a member named `__proto__`, and the character U+0000, which PostgreSQL keeps in no text.
 *
 * The caller bounds the size. What is accepted is exactly what `JSON.parse` makes of it.
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  // Before parsing: a parser asked for 30,000 levels would first build them.
  const { members, depth } = measure(bytes);
  if (depth > MAX_DEPTH) return { fault: FAULTS.tooDeep };
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { fault: FAULTS.notUtf8 };
  }
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: FAULTS.notJson };
  }
  const found: Found = { members: 0, fault: undefined };
  inspect(value, found);
  if (found.fault !== undefined) return { fault: FAULTS[found.fault] };
  // The value keeps the last of two members with one name; the text still has the colons of both.
  return found.members === members ? { value } : { fault: FAULTS.repeated };
}

/** Counts members (by their colons) and levels in one pass over the bytes. Exact for every valid text. */
function measure(bytes: Uint8Array): { members: number; depth: number } {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = closeOf(bytes, at);
    else if (byte === COLON) members += 1;
    // Clearing one bit makes brackets of braces: 0x7b and 0x5b open, 0x7d and 0x5d close.
    else if ((byte & 0xdf) === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if ((byte & 0xdf) === 0x5d) depth -= 1;
  }
  return { members, depth: deepest };
}

/** Where the text that opens at `opened` closes, or the end of the bytes. */
function closeOf(bytes: Uint8Array, opened: number): number {
  let at = opened + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

interface Found {
  members: number;
  fault: keyof typeof FAULTS | undefined;
}

function inspect(value: unknown, found: Found): void {
  if (typeof value === 'string') {
    if (!isReadable(value)) found.fault = 'unreadable';
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) found.fault = 'tooLarge';
  } else if (Array.isArray(value)) {
    for (const item of value) inspect(item, found);
  } else if (typeof value === 'object' && value !== null) {
    inspectMembers(value, found);
  }
}

function inspectMembers(object: object, found: Found): void {
  for (const name of Object.keys(object)) {
    found.members += 1;
    if (name === '__proto__') found.fault = 'proto';
    else if (!isReadable(name)) found.fault = 'unreadable';
    inspect((object as Record<string, unknown>)[name], found);
  }
}

function isReadable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
