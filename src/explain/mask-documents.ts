/**
 * The forms of documents of persons and companies: CPF (11 digits) and CNPJ (14 digits, from July 2026 on 12 digits or
 * capitals and 2 digits), bare or with their punctuation.
 */
const DOCUMENT = String.raw`(?:\d{11}|[0-9A-Z]{12}\d{2}|\d{3}\.\d{3}\.\d{3}-\d{2}|[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}\/[0-9A-Z]{4}-\d{2})`;
const IN_TEXT = new RegExp(`(?<![0-9A-Za-z])${DOCUMENT}(?![0-9A-Za-z])`, 'g');
/** The same where something stands on either side, as in JSON: looking back at every place would cost half as much again. */
const IN_JSON = new RegExp(`[^0-9A-Za-z]${DOCUMENT}[^0-9A-Za-z]`);

const MASK = '***';

/**
 * Takes documents out of a text. What guiche notes has none; ids in paths and headers are worded by receivers, though,
 * and a document that one of them puts there must not be kept.
 */
export function maskDocuments(text: string): string {
  return text.replace(IN_TEXT, MASK);
}

/** An object or array as JSON with every string in it masked; numbers stay as they are. */
export function toMaskedJson(value: object): string {
  const text = JSON.stringify(value);
  // Looking is cheap, and nearly always enough.
  if (!IN_JSON.test(text)) return text;
  return JSON.stringify(value, (_, member) => (typeof member === 'string' ? maskDocuments(member) : member));
}
