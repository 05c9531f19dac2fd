const FORM = /^[0-9A-Z]{12}\d{2}$/;
const WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
const ZERO = '0'.charCodeAt(0);

/**
 * Whether a value is a CNPJ without punctuation, numeric or alphanumeric, with right check digits: modulo 11 over the
 * character codes less that of zero (Receita Federal, Instrução Normativa RFB 2.229/2024).
 */
export function isCnpj(value: unknown): boolean {
  if (typeof value !== 'string' || !FORM.test(value) || /^(.)\1*$/.test(value)) return false;
  const digits = [...value].map((character) => character.charCodeAt(0) - ZERO);
  return [12, 13].every((length) => digits[length] === checkDigit(digits.slice(0, length)));
}

function checkDigit(digits: readonly number[]): number {
  const weights = WEIGHTS.slice(-digits.length);
  const sum = digits.reduce((total, digit, index) => total + digit * (weights[index] as number), 0);
  const rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}
