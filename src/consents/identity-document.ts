import type { IdentityDocument } from './consent.ts';

const CPF = /^\d{11}$/;
/** Since July 2026 the first twelve characters may be letters (Receita Federal, IN RFB 2.229/2024). */
const CNPJ = /^[0-9A-Z]{12}\d{2}$/;
const HIGHEST_WEIGHT = 9;

/** True for a natural person's document: `rel` says CPF and its two check digits are right. */
export function isNaturalDocument({ identification, rel }: IdentityDocument): boolean {
  return rel === 'CPF' && isCpf(identification);
}

/** True for a company's document: `rel` says CNPJ and its two check digits are right. */
export function isCompanyDocument({ identification, rel }: IdentityDocument): boolean {
  return rel === 'CNPJ' && isCnpj(identification);
}

/** Eleven digits, not all the same, whose last two follow from the others, modulo 11. */
export function isCpf(text: string): boolean {
  return CPF.test(text) && !isUniform(text) && hasCheckDigits(text, Number.POSITIVE_INFINITY);
}

/** Twelve digits or capital letters, not all the same, and two check digits, modulo 11 with weights from 2 to 9. */
export function isCnpj(text: string): boolean {
  return CNPJ.test(text) && !isUniform(text) && hasCheckDigits(text, HIGHEST_WEIGHT);
}

function hasCheckDigits(text: string, highestWeight: number): boolean {
  const root = text.slice(0, -2);
  const first = checkDigit(root, highestWeight);
  return text === `${root}${first}${checkDigit(`${root}${first}`, highestWeight)}`;
}

/** Weights rise from 2 at the right end and begin again after the highest one. */
function checkDigit(text: string, highestWeight: number): number {
  let sum = 0;
  let weight = 2;
  for (let index = text.length - 1; index >= 0; index -= 1) {
    sum += (text.charCodeAt(index) - 48) * weight;
    weight = weight === highestWeight ? 2 : weight + 1;
  }
  const remainder = sum % 11;
  return remainder < 2 ? 0 : 11 - remainder;
}

/** Repetitions of one digit satisfy the arithmetic and belong to nobody. */
function isUniform(text: string): boolean {
  return text === text.charAt(0).repeat(text.length);
}
