import type { Json } from '../connector.ts';
import { type ColumnValue, Decimal } from './column-value.ts';

/** How a column becomes a field of a contract; `as-is` when a mapping names none. */
export const CONVERSIONS = [
  'as-is',
  'text',
  'number',
  'integer',
  'money',
  'date',
  'dateTime',
  'dateTimeMillis',
  'boolean',
] as const;
export type Conversion = (typeof CONVERSIONS)[number];

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/;
const BOOLEANS = new Map([
  ['true', true],
  ['t', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['0', false],
]);

/**
 * Converts the value of a column that is not null. A value that cannot be converted stays as it is: the contract then
 * refuses that record, and says where, instead of getting something that the institution never said.
 */
export function convertColumn(value: ColumnValue, conversion: Conversion): Json {
  const plain = value instanceof Decimal ? value.text : value;
  if (conversion === 'as-is') return value instanceof Decimal ? toNumber(value.text) : value;
  if (typeof plain === 'object' && plain !== null) return plain;
  if (conversion === 'text') return String(plain);
  if (conversion === 'boolean') return BOOLEANS.get(String(plain).toLowerCase()) ?? plain;
  if (typeof plain !== 'string') return plain;
  switch (conversion) {
    case 'number':
    case 'integer':
      return toNumber(plain.trim());
    case 'money':
      return toMoney(plain.trim());
    default:
      return toInstant(plain.trim(), conversion);
  }
}

function toNumber(text: string): Json {
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : text;
}

/** At least two decimals and at most four; more would have to be rounded, which is not ours to do. */
function toMoney(text: string): string {
  const [, sign, whole, decimals = ''] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return text;
  const needed = decimals.replace(/0+$/, '');
  return needed.length > 4 ? text : `${sign}${whole.replace(/^0+(?=\d)/, '')}.${needed.padEnd(2, '0')}`;
}

function toInstant(text: string, conversion: 'date' | 'dateTime' | 'dateTimeMillis'): string {
  const [, day, time = '00:00:00', fraction = '', zone = 'Z'] = INSTANT.exec(text) ?? [];
  if (day === undefined) return text;
  const [utcDay, utcTime] = zone === 'Z' ? [day, time] : toUtc(day, time, zone);
  if (utcDay === undefined) return text;
  if (conversion === 'date') return utcDay;
  const millis = conversion === 'dateTime' ? '' : `.${fraction.slice(0, 3).padEnd(3, '0')}`;
  return `${utcDay}T${utcTime}${millis}Z`;
}

function toUtc(day: string, time: string, zone: string): [string | undefined, string | undefined] {
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const at = Date.parse(`${day}T${time}${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`);
  if (Number.isNaN(at)) return [undefined, undefined];
  const utc = new Date(at).toISOString();
  return [utc.slice(0, 10), utc.slice(11, 19)];
}
